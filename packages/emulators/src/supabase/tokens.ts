/** Tokens of the project: HS256, with a role and an end. @see SOURCE.md#supabase-tokens */
import { createHmac, timingSafeEqual } from 'node:crypto';

export interface Claims {
  readonly role: string;
  /** Seconds since 1970. */
  readonly exp: number;
  readonly sub?: string;
  readonly [name: string]: unknown;
}

/** As the service words it: `Code: text`. */
export class Refused extends Error {
  readonly code: string;
  constructor(code: string, text: string) {
    super(text);
    this.code = code;
  }

  get reason(): string {
    return `${this.code}: ${this.message}`;
  }
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const signature = (signed: string, secret: string): Buffer =>
  createHmac('sha256', secret).update(signed).digest();

/** A token that the project would make. */
export function signToken(claims: object, secret: string): string {
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${signature(signed, secret).toString('base64url')}`;
}

function decoded(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** @throws {Refused} MalformedJWT, JwtSignatureError, InvalidJWTToken */
export function verifyToken(token: string, secret: string, now: number): Claims {
  const [head = '', body = '', signed = '', ...rest] = token.split('.');
  const header = decoded(head);
  const claims = decoded(body);
  if (!header || !claims || signed === '' || rest.length > 0)
    throw new Refused('MalformedJWT', 'The token provided is not a valid JWT');
  const given = Buffer.from(signed, 'base64url');
  const wanted = signature(`${head}.${body}`, secret);
  const isOurs = given.length === wanted.length && timingSafeEqual(given, wanted);
  if (header['alg'] !== 'HS256' || !isOurs)
    throw new Refused('JwtSignatureError', 'Failed to validate JWT signature');
  const { role, exp } = claims;
  if (typeof role !== 'string' || typeof exp !== 'number')
    throw new Refused('InvalidJWTToken', 'Fields `role` and `exp` are required in JWT');
  const late = Math.floor(now / 1_000) - exp;
  if (late >= 0) throw new Refused('InvalidJWTToken', `Token has expired ${late} seconds ago`);
  return claims as Claims;
}
