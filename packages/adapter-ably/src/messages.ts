/**
 * Messages as Ably carries them: name, data and client id are its own fields; what else we know travels in `extras.headers`.
 *
 * @see docs/adapters/ably.md#on-the-wire
 */
import type { Inbound, MemberInfo, Outbound } from '@anywire/core';
import type { AblyMemberLike, AblyMessageLike } from './ably-like.ts';

/** `aw`: the wire sequence, 0 for none: the mark that a message is ours. `awx`: what interceptors have added, as JSON. */
interface Headers {
  readonly aw?: number;
  readonly awx?: string;
}

/**
 * An id that Ably remembers: two publishes of it are one. Ours is `<nonce>:<counter>`; Ably's ends in the place in its publish.
 *
 * @see https://ably.com/docs/pub-sub/advanced#idempotency
 */
const remoteId = (id: string): string => `${id.replace(/:(\d+)$/, '.$1')}:0`;

/** What may be dropped is kept nowhere. @see https://ably.com/docs/messages#ephemeral */
export const toMessage = ({
  id,
  event: name,
  data,
  json,
  sequence,
  extras,
  volatile,
}: Outbound): object => ({
  ...{ id: remoteId(id), name },
  // As JSON that we have already: a number would be refused.
  ...(json === undefined ? { data } : { data: json, encoding: 'json' }),
  extras: {
    ...(volatile && { ephemeral: true }),
    headers: { aw: sequence ?? 0, ...(extras && { awx: JSON.stringify(extras) }) },
  },
});

/** What Ably calls a change, and we do. Summaries and meta messages are no messages of anybody. */
const actions = new Map<string, Inbound['action']>([
  ['message.create', 'create'],
  ['message.update', 'update'],
  ['message.append', 'update'],
  ['message.delete', 'delete'],
]);

/** Undefined: nobody's message. */
export function toInbound(native: AblyMessageLike): Inbound | undefined {
  const { id = '', name: event = '', data, clientId, connectionId, timestamp, serial } = native;
  const action = actions.get(native.action ?? 'message.create');
  if (!action) return undefined;
  const { aw, awx } = headersOf(native.extras);
  const [, nonce, counter] = /^(.+)\.(\d+):0$/.exec(id) ?? [];
  const version = native.version?.serial;
  return {
    event,
    action,
    data:
      data instanceof Uint8Array || data instanceof ArrayBuffer ? bytesOf(data) : (data ?? null),
    sender: {
      ...(clientId !== undefined && { clientId }),
      ...(connectionId !== undefined && { connectionId }),
      verified: true,
    },
    ...(aw !== undefined && nonce !== undefined && { id: `${nonce}:${counter}` }),
    ...(aw && { sequence: aw }),
    ...(awx !== undefined && { extras: parsed(awx) }),
    ...(serial !== undefined && { serial }),
    ...(timestamp !== undefined && { timestamp }),
    ...(version !== undefined && action !== 'create' && { version }),
    native,
  };
}

const headersOf = (extras: unknown): Headers =>
  Object((Object(extras) as { headers?: unknown }).headers) as Headers;

/** Anybody may write any header. */
function parsed(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** A plain one, that nobody else holds: Node gives a `Buffer`. */
const bytesOf = (data: Uint8Array | ArrayBuffer): Uint8Array => new Uint8Array(data).slice();

// --- members ---

/** Several tabs of one client are several members: the data say which one this is. */
export const toMemberData = (aw: string, d: unknown): object => ({
  aw,
  ...(d !== undefined && { d }),
});

export function toMember({ clientId, connectionId, data }: AblyMemberLike): MemberInfo {
  const { aw, d } = Object(data) as { aw?: unknown; d?: unknown };
  const isOurs = typeof aw === 'string';
  return {
    clientId,
    connectionId,
    instanceId: isOurs ? aw : connectionId,
    data: isOurs ? d : data,
  };
}
