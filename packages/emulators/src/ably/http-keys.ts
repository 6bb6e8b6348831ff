/** Tokens, for whoever shows a key or something that was signed by one. @see SOURCE.md#ably-auth */
import { createHmac, randomBytes } from 'node:crypto';
import type { App, Key, World } from './app.ts';
import { isSame, keyOf } from './auth.ts';
import { canonical, intersect, parseCapability } from './capability.ts';
import { AblyError } from './errors.ts';
import type { Call, Result } from './http.ts';

/** As the vendor's libraries sign it. */
interface TokenRequest {
  readonly keyName?: string;
  readonly ttl?: number | string;
  readonly capability?: string;
  readonly clientId?: string;
  readonly timestamp?: number | string;
  readonly nonce?: string;
  readonly mac?: string;
}

const maxTtlMs = 86_400_000;

/** @throws {AblyError} 40101, 40104, 40105, 40003 */
export function requestToken(call: Call): Result {
  const { world } = call;
  const [keyName = ''] = call.names;
  const { app, key } = keyOf(world, keyName);
  const request = Object(call.body()) as TokenRequest;
  if (request.mac === undefined) call.grant();
  else checkSigned(world, app, key, request);
  const ttlMs = Number(request.ttl || world.times.tokenTtlMs);
  if (!(ttlMs > 0 && ttlMs <= maxTtlMs))
    throw new AblyError(40003, `ttl must be between 1 and ${maxTtlMs} ms`);
  const capability =
    request.capability === undefined || request.capability === ''
      ? key.capability
      : intersect(key.capability, parseCapability(request.capability));
  if (request.clientId === '') throw new AblyError(40012);
  const issuedMs = world.clock.now();
  const token = `${app.id}.${randomBytes(24).toString('base64url')}`;
  const clientId = request.clientId ?? undefined;
  const expiresMs = issuedMs + ttlMs;
  app.tokens.set(token, { token, key, clientId, capability, issuedMs, expiresMs });
  const body = {
    ...{ token, keyName: key.name, issued: issuedMs, expires: expiresMs },
    capability: canonical(capability),
    ...(clientId !== undefined && { clientId }),
  };
  return { status: 201, body };
}

/** @throws {AblyError} 40101, 40104, 40105 */
function checkSigned(world: World, app: App, key: Key, request: TokenRequest): void {
  const { keyName, ttl, capability, clientId, timestamp, nonce = '', mac = '' } = request;
  const text = [keyName, ttl, capability, clientId, timestamp, nonce]
    .map((part) => `${part ?? ''}\n`)
    .join('');
  const wanted = createHmac('sha256', key.secret).update(text).digest('base64');
  if (keyName !== key.name || !isSame(wanted, mac))
    throw new AblyError(40101, 'the mac of the token request is wrong');
  if (!(Math.abs(world.clock.now() - Number(timestamp)) <= world.times.timestampSkewMs))
    throw new AblyError(40104);
  if (nonce.length < 16 || app.nonces.has(nonce)) throw new AblyError(40105);
  app.nonces.add(nonce);
}

/** `{ targets: ['clientId:ann'] }` */
export function revokeTokens(call: Call): Result {
  const { app } = call.grant();
  const { targets = [] } = Object(call.body()) as { targets?: readonly string[] };
  const results = targets.map((target) => {
    const [, clientId] = /^clientId:(.*)$/s.exec(target) ?? [];
    for (const [token, issued] of app.tokens)
      if (issued.clientId === clientId && clientId !== undefined) app.tokens.delete(token);
    return { target, issuedBefore: call.world.clock.now(), appliesAt: call.world.clock.now() };
  });
  return {
    status: 201,
    body: { successCount: results.length, failureCount: 0, results },
  };
}
