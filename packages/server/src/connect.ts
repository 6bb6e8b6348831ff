/**
 * `connect` and `token`: who a client is, and for how long.
 *
 * A message id begins with a nonce, so a nonce belongs to whoever connected with it first: to the client id, or for
 * anonymous clients to who knows the `resume` secret. An anonymous client that signs in keeps its nonce.
 *
 * @see docs/protocol.md#connect · nonces.ts
 */
import { RealtimeError } from '@anywire/core/errors';
import type { ConnectFrame, StatedLimits, TokenFrame } from '@anywire/protocol';
import { createHash, randomBytes } from 'node:crypto';
import { background } from './background.ts';
import type { Connection } from './connection.ts';
import { isPromise, wait, type Flow } from './flow.ts';
import { frameOf, senderText } from './frame.ts';
import type { Identity } from './hooks.ts';
import type { Hub } from './hub.ts';
import type { Transport } from './transport.ts';

/** What clients or {@link newSecret} make; anything else is not taken for one. */
const secret = /^[\w-]{16,64}$/;
const newSecret = (): string => randomBytes(18).toString('base64url');

/** Names the connection of a client that polls. */
const connectionOf = (resume: string): string =>
  createHash('sha256').update(`anywire connection ${resume}`).digest('base64url').slice(0, 12);

/** The first frame. Refusing it ends the connection. */
export function* connect(hub: Hub, connection: Connection, frame: ConnectFrame): Flow {
  const { gate, heartbeatMs, log } = hub.parts;
  const { nonce, instance } = frame;
  const { request } = connection;
  const token = frame.token ?? request?.token;
  connection.state = 'connecting';
  connection.request = undefined;
  const identity = yield* wait(gate.authenticate({ token, request }));

  const resume = secret.test(frame.resume ?? '') ? (frame.resume as string) : newSecret();
  const { clientId, claims } = identity;
  if (clientId !== undefined) hub.limiter.enter(connection, clientId);
  // The same in each exchange of a client, on each server process, and no way back to the secret.
  if (connection.isExchange) {
    connection.id = connectionOf(resume);
    hub.limiter.share(connection);
  }
  const owners = clientId === undefined ? [`r:${resume}`] : [`c:${clientId}`, `r:${resume}`];
  // A reader publishes nothing: its nonce need not be kept for a day.
  const isReader = connection.transport.kind === 'reader';
  if (!isReader && !(yield* claim(hub, connection, nonce, owners)))
    throw new RealtimeError('forbidden', 'this nonce belongs to another client');

  connection.state = 'open';
  connection.idPrefix = `${nonce}:`;
  connection.sender = senderText(connection.id, clientId);
  const client = { clientId, connectionId: connection.id, instanceId: instance, claims };
  connection.client = client;
  connection.send(
    frameOf({
      t: 'connected',
      r: frame.r,
      connection: connection.id,
      ...(clientId === undefined ? {} : { client: clientId }),
      resume,
      heartbeatMs,
      ...expire(hub, connection, identity),
      limits: stated(hub, connection.transport),
    }),
  );
  log('debug', 'connected', { connection: connection.id, client: clientId });
  hub.told.connected(connection, client);
}

/** What may be without a bound is left out then. */
function stated(
  { parts: { limits, presenceGraceMs } }: Hub,
  { payloadBytes = Infinity }: Transport,
): StatedLimits {
  const { members, historyItems } = limits;
  return {
    payloadBytes: Math.min(limits.payloadBytes, payloadBytes),
    ...(Number.isSafeInteger(presenceGraceMs) && { presenceGraceMs }),
    ...(Number.isSafeInteger(members) && { members }),
    ...(Number.isSafeInteger(historyItems) && { historyItems }),
  };
}

/** A connection that ends while its nonce is being claimed does not keep it. */
function* claim(
  hub: Hub,
  connection: Connection,
  nonce: string,
  owners: readonly string[],
): Flow<boolean> {
  const { engine, log } = hub.parts;
  const claimed = engine.claim(nonce, owners);
  if (isPromise(claimed)) {
    const release = (isOurs: boolean): unknown =>
      isOurs && connection.state === 'closed' && engine.release(nonce);
    background(log, 'release', () => claimed.then(release));
  }
  const isOurs = yield* wait(claimed);
  if (isOurs) connection.nonce = nonce;
  return isOurs;
}

/** New credentials. The connection stays as it is when they are refused, until the old ones expire. */
export function* renew(hub: Hub, connection: Connection, frame: TokenFrame): Flow {
  const { client } = connection;
  if (!client) return;
  const identity = yield* wait(
    hub.parts.gate.authenticate({ token: frame.token, request: undefined }),
  );
  if (identity.clientId !== client.clientId)
    throw new RealtimeError('forbidden', 'this token belongs to another client');
  connection.client = { ...client, claims: identity.claims };
  connection.send(frameOf({ t: 'ok', r: frame.r, ...expire(hub, connection, identity) }));
}

function expire(
  hub: Hub,
  connection: Connection,
  { expiresAt }: Identity,
): { expiresInMs?: number } {
  connection.expiresAt = expiresAt;
  hub.tokens.watch(connection);
  return expiresAt === undefined ? {} : { expiresInMs: expiresAt - hub.parts.clock.now() };
}
