/** Messages over HTTP: published, read, changed. @see SOURCE.md#ably-rest */
import { channelSerial, logOf, positionOf, takeChannel, type Channel } from './channel.ts';
import { listOf, rendered, taken, type Format } from './codec.ts';
import { AblyError, asAblyError, errorInfo } from './errors.ts';
import type { Call, Result } from './http.ts';
import { ordered, pageOf } from './paging.ts';
import { messageActions, type WireMessage } from './protocol.ts';
import { mutate, publish, type Published } from './publish.ts';

const shown = (messages: readonly WireMessage[], format: Format): readonly WireMessage[] =>
  messages.map((message) => rendered(message, format));

/** @throws {AblyError} */
function publishTo(call: Call, name: string, given: unknown): Published & { channel: string } {
  const grant = call.allowed(name, 'publish');
  const channel = takeChannel(grant.app, name);
  const messages = listOf(given as WireMessage).map((message) => taken(message));
  const [first] = messages;
  const { connectionKey } = Object(first) as { connectionKey?: string };
  const { clientId } = grant;
  const behalf = connectionKey === undefined ? {} : behalfOf(call, connectionKey);
  return { channel: name, ...publish(call.world, channel, messages, { clientId, ...behalf }) };
}

/** Somebody who shows the key of a live connection publishes as it. @throws {AblyError} 40006 */
function behalfOf({ world }: Call, key: string): { connectionId: string; clientId?: string } {
  const found = [...world.connections.values()].find((connection) => connection.key === key);
  if (!found) throw new AblyError(40006, 'invalid connection id');
  const { id: connectionId, grant } = found;
  return { connectionId, ...(grant.clientId !== undefined && { clientId: grant.clientId }) };
}

export function publishOver(call: Call): Result {
  const [name = ''] = call.names;
  const { channel, id, serials } = publishTo(call, name, call.body());
  return { status: 201, body: { channel, messageId: id, serials } };
}

/** Each of `{ channels, messages }` on its own: some may be refused. */
export function publishBatch(call: Call): Result {
  const given = listOf(call.body() as { channels: unknown; messages: unknown });
  const all = given.map(({ channels, messages }) => {
    const results = [channels].flat().map((name) => {
      try {
        const { channel, id, serials } = publishTo(call, String(name), messages);
        return { channel, messageId: id, serials };
      } catch (thrown) {
        return { channel: String(name), error: errorInfo(asAblyError(thrown)) };
      }
    });
    const failureCount = results.filter((result) => 'error' in result).length;
    return { successCount: results.length - failureCount, failureCount, results };
  });
  return { status: 201, body: Array.isArray(call.body()) ? all : all[0] };
}

export function history(call: Call): Result {
  const { world, query, format, names } = call;
  const [name = ''] = names;
  const channel = takeChannel(call.allowed(name, 'history').app, name);
  const until = untilOf(channel, query.get('from_serial'));
  const all = logOf(world, channel)
    .filter(({ position }) => position <= until)
    .flatMap(({ messages }) => messages)
    .filter(({ action }) => action === messageActions.create)
    .map(({ serial = '', ...first }) => ({
      at: serial,
      item: channel.versions.get(serial)?.at(-1) ?? { ...first, serial },
    }));
  const { items, links } = pageOf(
    'messages',
    query,
    ordered(query, all, ({ timestamp = 0 }) => timestamp),
  );
  return { body: shown(items, format), links };
}

/** @throws {AblyError} 40000 */
function untilOf(channel: Channel, serial: string | null): number {
  if (serial === null) return Infinity;
  const position = positionOf(channel, serial);
  if (position === undefined)
    throw new AblyError(
      40000,
      `from_serial is no position of this channel, such as ${channelSerial(channel, 0)}`,
    );
  return position;
}

/** @throws {AblyError} 40400 */
function versionsOf(call: Call): readonly WireMessage[] {
  const [name = '', serial = ''] = call.names;
  const channel = takeChannel(call.allowed(name, 'history').app, name);
  const message = logOf(call.world, channel)
    .flatMap(({ messages }) => messages)
    .find((one) => one.serial === serial);
  const versions = channel.versions.get(serial) ?? (message ? [message] : []);
  if (versions.length === 0) throw new AblyError(40400, `there is no message ${serial}`);
  return versions;
}

export const readMessage = (call: Call): Result => ({
  body: shown(versionsOf(call).slice(-1), call.format)[0],
});

export function readVersions(call: Call): Result {
  const all = versionsOf(call).map((item) => ({ at: String(item.id), item }));
  const { items, links } = pageOf('versions', call.query, all);
  return { body: shown(items, call.format), links };
}

const changes = new Map([
  [1, 'update'],
  [2, 'delete'],
  [5, 'append'],
] as const);

export function changeMessage(call: Call): Result {
  const [name = '', serial = ''] = call.names;
  const given = taken(call.body() as WireMessage & { operation?: object; version?: object });
  const change = changes.get((given.action ?? 1) as 1);
  if (!change) throw new AblyError(40000, 'action is 1 (update), 2 (delete) or 5 (append)');
  const operation = change === 'delete' ? 'message-delete-any' : 'message-update-any';
  const grant = call.allowed(name, operation);
  const channel = takeChannel(grant.app, name);
  const { clientId } = grant;
  const more = given.version ?? given.operation;
  const versionSerial = mutate(
    call.world,
    channel,
    serial,
    change,
    { ...given, ...(more && { operation: more }) },
    { clientId },
  );
  return { body: { versionSerial } };
}
