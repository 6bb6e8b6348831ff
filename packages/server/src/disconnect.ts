/**
 * `server.disconnect`: ends live connections of a user, and says whether they may come back.
 *
 * The close codes are those that every client knows already; what tells it what to do is their hundred.
 *
 * @see docs/protocol.md#close-codes · backend.ts · disconnect.test.ts
 */
import { RealtimeError } from '@anywire/core/errors';
import { isEventName, type CloseReason } from '@anywire/protocol';
import type { Connection } from './connection.ts';
import type { Hub } from './hub.ts';

/** Whose connections. */
export type DisconnectTarget = { readonly clientId: string } | { readonly connectionId: string };

export interface DisconnectOptions {
  /** Told to the client, and to `onDisconnect`: 1 to 128 characters. @default 'the app ended this connection' */
  readonly reason?: string;
  /**
   * What the client does next.
   *
   * - `fresh-token`: close 4200. It asks for a new token and comes back, if `authenticate` lets it.
   * - `now`: close 4100. It comes back at once, with the token that it has.
   * - `never`: close 4401. It stays away, and its members leave at once. A client that does not keep to the protocol
   *   comes back nevertheless: let `authenticate` refuse it.
   *
   * @default 'fresh-token'
   */
  readonly retry?: 'fresh-token' | 'now' | 'never';
}

const closeReasons: ReadonlyMap<unknown, CloseReason> = new Map([
  ['fresh-token', 'token_expired'],
  ['now', 'rebalance'],
  ['never', 'auth_denied'],
] as const);

/** How many connections it ended, in this process. @throws {RealtimeError} invalid */
export function disconnect(
  hub: Hub,
  target: DisconnectTarget,
  { reason = 'the app ended this connection', retry = 'fresh-token' }: DisconnectOptions,
): number {
  const isMeant = matcher(target);
  const close = closeReasons.get(retry);
  if (close === undefined)
    throw new RealtimeError('invalid', `"retry" is one of ${[...closeReasons.keys()].join(', ')}`);
  if (typeof reason !== 'string' || !isEventName(reason))
    throw new RealtimeError('invalid', '"reason" has 1 to 128 characters');
  // Collected first: ending one takes it off the wheel that is walked over.
  const meant = [...hub.connections].filter(isMeant);
  const how = retry === 'never' ? 'left' : 'broke';
  for (const connection of meant) hub.end(connection, close, reason, { how });
  return meant.length;
}

function matcher(target: DisconnectTarget): (connection: Connection) => boolean {
  const { clientId, connectionId } = target as { clientId?: unknown; connectionId?: unknown };
  // Both, or none, could mean everybody.
  if (typeof clientId === 'string' && connectionId === undefined)
    return ({ client }) => client?.clientId === clientId;
  if (typeof connectionId === 'string' && clientId === undefined)
    return ({ id }) => id === connectionId;
  throw new RealtimeError('invalid', 'say either "clientId" or "connectionId"');
}
