/** Tokens: a JWT, or a token request that the client changes for one. @see https://ably.com/docs/auth/token/jwt */
import { createHmac } from 'node:crypto';
import type { Rest, TokenRequest } from 'ably';
import type { AuthRequest } from '../provider.ts';
import { capabilityOf } from './capability.ts';

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Whole seconds: a part of one is given up, for no token may outlive what it stands for. */
const seconds = (ms: number): number => Math.floor(ms / 1_000);

/** Signed with the secret of the key, as Ably wants it. */
export function jwt(
  { name, secret }: { readonly name: string; readonly secret: string },
  { clientId, grants = [], issuedAt, expiresAt = issuedAt }: AuthRequest,
): string {
  const claims = {
    iat: seconds(issuedAt),
    exp: seconds(expiresAt),
    'x-ably-capability': JSON.stringify(capabilityOf(grants)),
    ...(clientId !== undefined && { 'x-ably-clientId': clientId }),
  };
  const signed = `${part({ typ: 'JWT', alg: 'HS256', kid: name })}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

/** By the vendor's library. Good for one use: Ably remembers its nonce. */
export const tokenRequest = (
  rest: Rest,
  { clientId, grants = [], issuedAt, expiresAt = issuedAt }: AuthRequest,
): Promise<TokenRequest> =>
  rest.auth.createTokenRequest({
    capability: JSON.stringify(capabilityOf(grants)),
    timestamp: issuedAt,
    ttl: Math.max(1, expiresAt - issuedAt),
    ...(clientId !== undefined && { clientId }),
  });
