/**
 * Ids of a client's earlier pages: what waited when a page was reloaded is published by the next one, by the same ids, so
 * that it is known where it had arrived.
 *
 * The nonce in them must belong to the same client id. An anonymous client has none to show, and the `resume` secret of its
 * earlier page is gone.
 *
 * @see docs/protocol.md#publish · nonce-binding.test.ts
 */
import { RealtimeError } from '@anywire/core/errors';
import { nonceOf } from '@anywire/protocol';
import { background } from './background.ts';
import type { Connection } from './connection.ts';
import { chain, type MaybePromise } from './flow.ts';
import type { Hub } from './hub.ts';

/** Pages that one connection may speak for: each binds a nonce, and a server keeps bindings for a day. */
const maxEarlier = 32;

/** @throws {RealtimeError} forbidden */
export function claimEarlier(hub: Hub, connection: Connection, id: string): MaybePromise<void> {
  const nonce = nonceOf(id);
  const { client, earlierNonces: known } = connection;
  const refuse = (): never => {
    throw new RealtimeError('forbidden', 'this id has the nonce of another client');
  };
  if (known?.has(nonce)) return undefined;
  if (client?.clientId === undefined || (known?.size ?? 0) >= maxEarlier) return refuse();
  return chain(hub.parts.engine.claim(nonce, [`c:${client.clientId}`]), (isOurs) => {
    if (!isOurs) return refuse();
    const nonces = (connection.earlierNonces ??= new Set());
    // Two publishes may have asked at once, or the connection has ended meanwhile.
    if (nonces.has(nonce) || connection.state === 'closed') return release(hub, nonce);
    if (nonces.size < maxEarlier) return void nonces.add(nonce);
    // As many had asked at once as an engine that answers later let them.
    release(hub, nonce);
    return refuse();
  });
}

/** The connection uses them no more. */
export function releaseEarlier(hub: Hub, { earlierNonces }: Connection): void {
  for (const nonce of earlierNonces ?? []) release(hub, nonce);
}

function release({ parts: { engine, log } }: Hub, nonce: string): void {
  background(log, 'release', () => engine.release(nonce));
}
