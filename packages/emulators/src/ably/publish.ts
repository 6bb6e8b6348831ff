/**
 * From a publish to its serials: who it is from, whether it fits, whether it was here before.
 *
 * @see SOURCE.md#ably-messages
 */
import { randomId, type World } from './app.ts';
import { append, namespaceOf, type Channel } from './channel.ts';
import { AblyError } from './errors.ts';
import { messageActions, type WireMessage } from './protocol.ts';

export interface Publisher {
  /** Undefined: over HTTP. */
  readonly connectionId?: string | undefined;
  /** Undefined: anybody; `*`: any. */
  readonly clientId?: string | undefined;
  /** What ids begin with that nobody has given. */
  readonly idBase?: string;
}

export interface Published {
  readonly serials: readonly string[];
  readonly id: string;
}

/** @throws {AblyError} 40009, 40012, 40013, 40031 */
export function publish(
  world: World,
  channel: Channel,
  given: readonly WireMessage[],
  from: Publisher,
): Published {
  checkSize(world, given);
  const base = baseOf(given) ?? from.idBase ?? randomId(12);
  const messages = given.map((message, at) => ({
    ...plain(message),
    ...senderOf(message, from),
    id: message.id ?? `${base}:${at}`,
    timestamp: world.clock.now(),
    action: messageActions.create,
  }));
  forgetOld(world, channel);
  const id = messages[0]?.id ?? base;
  const known = channel.published.get(id);
  if (known) return { serials: known.serials, id };
  const serial = world.nextSerial();
  const whole = messages.map((message, at) => {
    const own = `${serial}:${String(at).padStart(3, '0')}`;
    return { ...message, serial: own, version: { serial: own, timestamp: message.timestamp } };
  });
  const serials = whole.map((message) => message.serial);
  channel.published.set(id, { atMs: world.clock.now(), serials });
  append(world, channel, whole, from.connectionId);
  return { serials, id };
}

/** What a sender may say of a message. */
function plain({ name, data, encoding, extras }: WireMessage): WireMessage {
  const isSendable =
    data === undefined || data === null || typeof data === 'string' || data instanceof Uint8Array;
  if (!isSendable) throw new AblyError(40013);
  return {
    ...(name != null && { name }),
    ...(data != null && { data }),
    ...(encoding != null && { encoding }),
    ...(extras != null && { extras }),
  };
}

/** @throws {AblyError} 40012 */
function senderOf({ clientId }: WireMessage, from: Publisher): WireMessage {
  const connection = from.connectionId === undefined ? {} : { connectionId: from.connectionId };
  if (clientId != null && from.clientId !== undefined && !['*', clientId].includes(from.clientId))
    throw new AblyError(40012, `mismatched clientId: "${clientId}" is not "${from.clientId}"`);
  const shown = clientId ?? (from.clientId === '*' ? undefined : from.clientId);
  if (shown === '*' || shown === '') throw new AblyError(40012);
  return { ...connection, ...(shown !== undefined && { clientId: shown }) };
}

/**
 * What their ids have in common: one message may have any id, several have `base:0`, `base:1` and so on, or none.
 *
 * @throws {AblyError} 40031
 */
function baseOf(messages: readonly WireMessage[]): string | undefined {
  const ids = messages.map(({ id }) => id).filter((id) => id != null);
  if (ids.length === 0) return undefined;
  const [first = ''] = ids;
  if (messages.length === 1) return first;
  const base = first.replace(/:0$/, '');
  const isWhole = ids.length === messages.length && ids.every((id, at) => id === `${base}:${at}`);
  if (!isWhole) throw new AblyError(40031);
  return base;
}

const lengthOf = (value: unknown): number => {
  if (value === undefined || value === null) return 0;
  if (value instanceof Uint8Array) return value.length;
  return Buffer.byteLength(typeof value === 'string' ? value : JSON.stringify(value));
};

/** @throws {AblyError} 40009 */
function checkSize({ limits }: World, messages: readonly WireMessage[]): void {
  let bytes = 0;
  for (const { name, clientId, extras, data } of messages)
    for (const part of [name, clientId, extras, data]) bytes += lengthOf(part);
  if (bytes > limits.messageBytes)
    throw new AblyError(
      40009,
      `maximum message length exceeded (${limits.messageBytes} bytes; these have ${bytes})`,
    );
}

function forgetOld({ clock, times }: World, { published }: Channel): void {
  for (const [id, { atMs }] of published) {
    if (atMs >= clock.now() - times.idempotencyMs) return;
    published.delete(id);
  }
}

/**
 * Changes a message that was published: an update, a deletion, or an append.
 *
 * @throws {AblyError} 93002, where there is none, or none may be changed
 */
export function mutate(
  world: World,
  channel: Channel,
  serial: string,
  action: 'update' | 'delete' | 'append',
  change: WireMessage & { readonly operation?: object },
  from: Publisher,
): string {
  if (!namespaceOf(channel)?.mutableMessages) throw new AblyError(93002);
  const found = channel.log
    .flatMap(({ messages }) => messages)
    .filter((one) => one.serial === serial);
  const before = found.at(-1);
  if (!before) throw new AblyError(93002);
  const versions = channel.versions.get(serial) ?? [before];
  const version = `${world.nextSerial()}:000`;
  const clientId = from.clientId === '*' ? undefined : from.clientId;
  const data =
    action === 'append'
      ? `${String(before.data)}${String(change.data)}`
      : (change.data ?? before.data);
  const after: WireMessage = {
    ...before,
    ...plain({ ...before, ...change, data }),
    id: `${version}:0`,
    timestamp: before.timestamp ?? 0,
    action: messageActions[action === 'append' ? 'update' : action],
    version: {
      ...{ serial: version, timestamp: world.clock.now() },
      ...(clientId !== undefined && { clientId }),
      ...change.operation,
    },
  };
  channel.versions.set(serial, [...versions, after]);
  append(world, channel, [after], from.connectionId);
  return version;
}
