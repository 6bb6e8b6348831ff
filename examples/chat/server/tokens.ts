/**
 * Who may call themselves what. There are no accounts: an id ends in the hash of a key that only its owner has,
 * so an id cannot be taken over, and the server need not remember anything across a restart.
 *
 * The secret that signs tokens is random unless CHAT_SECRET is set: after a restart old tokens are refused, and
 * pages fetch new ones by themselves.
 */
import { createHash, randomBytes } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { maxNameLength } from '../channels.ts';

/** Short, so that refreshing is part of the show. */
const expiresInMs = 10 * 60_000;

export interface Identity {
  readonly id: string;
  readonly name: string;
}

/** What `POST /token` answers. */
export interface Grant extends Identity {
  readonly key: string;
  readonly token: string;
  readonly expiresInMs: number;
}

/** A request that cannot be granted, in words for its sender. */
export class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface Tokens {
  /** `{ name }` makes a new id; `{ id, key, name }` comes back with one. @throws {Refused} */
  grant(request: unknown): Promise<Grant>;
  /** Who the token is for, and until when (ms since 1970). Rejects when it is not ours or too old. */
  verify(token: string): Promise<Identity & { readonly expiresAt: number }>;
}

export function createTokens(given: string | undefined): Tokens {
  const secret = given ? new TextEncoder().encode(given) : randomBytes(32);
  return {
    async grant(request) {
      const { id, key, name } = identify(request);
      const token = await new SignJWT({ name })
        .setProtectedHeader({ alg: 'HS256' })
        .setSubject(id)
        .setIssuedAt()
        .setExpirationTime(new Date(Date.now() + expiresInMs))
        .sign(secret);
      return { id, key, name, token, expiresInMs };
    },
    async verify(token) {
      const { payload } = await jwtVerify(token, secret, {
        algorithms: ['HS256'],
        requiredClaims: ['sub', 'exp', 'name'],
      });
      const { sub = '', exp = 0, name } = payload;
      return { id: sub, name: String(name), expiresAt: exp * 1_000 };
    },
  };
}

function identify(request: unknown): Identity & { readonly key: string } {
  const { id, key, name: raw } = (request ?? {}) as Record<string, unknown>;
  const name = typeof raw === 'string' ? raw.trim().replace(/\s+/gu, ' ') : '';
  if (name === '') throw new Refused(400, 'Please give a name.');
  if ([...name].length > maxNameLength)
    throw new Refused(400, `A name has at most ${maxNameLength} characters.`);
  if (id === undefined) {
    const fresh = randomBytes(16).toString('base64url');
    return { id: `${slug(name)}-${proof(fresh)}`, key: fresh, name };
  }
  const isOwn =
    typeof id === 'string' &&
    typeof key === 'string' &&
    /^[a-z0-9-]{1,37}$/.test(id) &&
    id.endsWith(`-${proof(key)}`);
  if (!isOwn) throw new Refused(403, 'This id belongs to somebody else.');
  return { id, key, name };
}

/** 64 bits: nobody finds another key for an id. */
function proof(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 16);
}

function slug(name: string): string {
  const ascii = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/gu, '-');
  return ascii.slice(0, 20).replace(/^-+|-+$/gu, '') || 'guest';
}
