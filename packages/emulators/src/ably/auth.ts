/**
 * Who somebody is, and what they may do: by a key, a token of the service, or a JWT.
 *
 * @see SOURCE.md#ably-auth
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { App, Key, World } from './app.ts';
import {
  allows,
  intersect,
  parseCapability,
  type Capability,
  type Operation,
} from './capability.ts';
import { AblyError } from './errors.ts';

export interface Grant {
  readonly app: App;
  readonly key: Key;
  /** `*`: any. */
  readonly clientId: string | undefined;
  readonly capability: Capability;
  /** ms since 1970. */
  readonly expiresMs: number | undefined;
}

export interface Credentials {
  /** `app.key:secret` */
  readonly key?: string | undefined;
  readonly token?: string | undefined;
  /** Whom a key says it is; a token says it itself. */
  readonly clientId?: string | undefined;
}

/** @throws {AblyError} 40101, 40102, 40140, 40142, 40144, 40400 */
export function authenticate(world: World, { key, token, clientId }: Credentials): Grant {
  if (key !== undefined) {
    const [name = '', secret = ''] = key.split(/:(.*)/s);
    const found = keyOf(world, name);
    if (!isSame(found.key.secret, secret)) throw new AblyError(40101);
    return { ...found, clientId, capability: found.key.capability, expiresMs: undefined };
  }
  if (token === undefined) throw new AblyError(40101, 'no authentication provided');
  const grant = /^[^.]+\.[^.]+\.[^.]+$/.test(token) ? byJwt(world, token) : byToken(world, token);
  if (grant.expiresMs !== undefined && grant.expiresMs <= world.clock.now())
    throw new AblyError(40142);
  if (clientId !== undefined && grant.clientId !== '*' && grant.clientId !== clientId)
    throw new AblyError(40102, `the token is not for the client id "${clientId}"`);
  return grant.clientId === '*' && clientId !== undefined ? { ...grant, clientId } : grant;
}

/** Whether that may be done there. */
export const may = (
  { faults }: World,
  { capability }: Grant,
  channel: string,
  operation: Operation,
): boolean => !faults.forbidden.has(channel) && allows(capability, channel, operation);

/** @throws {AblyError} 40400, 40101 */
export function keyOf({ apps }: World, name: string): { readonly app: App; readonly key: Key } {
  const [id = ''] = name.split('.');
  const app = apps.get(id);
  if (!app) throw new AblyError(40400, `No application found with id ${id}`);
  const key = app.keys.get(name);
  if (!key) throw new AblyError(40101, `No key found with name ${name}`);
  return { app, key };
}

function byToken({ apps }: World, token: string): Grant {
  const app = apps.get(token.split('.')[0] ?? '');
  const found = app?.tokens.get(token);
  if (!app || !found) throw new AblyError(40101, 'invalid accessToken in request');
  return { ...found, app };
}

interface Claims {
  readonly iat?: number;
  readonly exp?: number;
  readonly 'x-ably-capability'?: string;
  readonly 'x-ably-clientId'?: string;
}

function byJwt(world: World, token: string): Grant {
  const [head = '', body = '', signature = ''] = token.split('.');
  const { kid, alg } = decoded<{ kid?: string; alg?: string }>(head);
  if (typeof kid !== 'string' || alg !== 'HS256')
    throw new AblyError(40144, 'a JWT has the name of its key as kid, and HS256 as alg');
  const found = keyOf(world, kid);
  const wanted = createHmac('sha256', found.key.secret).update(`${head}.${body}`);
  if (!isSame(wanted.digest('base64url'), signature))
    throw new AblyError(40144, 'the signature of the JWT is wrong', 401);
  const claims = decoded<Claims>(body);
  const { capability } = found.key;
  const asked = claims['x-ably-capability'];
  return {
    ...found,
    clientId: claims['x-ably-clientId'],
    capability: asked === undefined ? capability : intersect(capability, parseCapability(asked)),
    expiresMs: claims.exp === undefined ? undefined : claims.exp * 1_000,
  };
}

function decoded<Value>(part: string): Value {
  try {
    return Object(JSON.parse(Buffer.from(part, 'base64url').toString())) as Value;
  } catch {
    throw new AblyError(40144);
  }
}

/** In the same time, however much of it is right. */
export function isSame(wanted: string, given: string): boolean {
  const [one, other] = [Buffer.from(wanted), Buffer.from(given)];
  return one.length === other.length && timingSafeEqual(one, other);
}
