/**
 * Who a client of the memory hub is, and how a refusal ends its connection.
 */
import type { Credentials, Drop } from './contract.ts';
import { RealtimeError, type ErrorCode } from './errors.ts';

/** Who a connection is. */
export interface Identity {
  readonly clientId: string | undefined;
  /** Proven by a token, and not only claimed. */
  readonly verified: boolean;
  /** ms since 1970. */
  readonly expiresAt: number | undefined;
}

/** Says who a token is. Throws a {@link RealtimeError} for one that it refuses. */
export type Authenticate = (token: string | undefined) => {
  readonly clientId?: string;
  readonly expiresAt?: number;
};

/**
 * Who the credentials are for.
 *
 * @param known - who the connection is already; a refresh cannot change that
 * @throws {RealtimeError} auth_denied · what `authenticate` throws
 */
export function identify(
  authenticate: Authenticate | undefined,
  { token, clientId, expiresAt }: Credentials,
  known: Identity | undefined,
): Identity {
  const proven = authenticate?.(token);
  const who = proven ? proven.clientId : (clientId ?? known?.clientId);
  if (known && who !== known.clientId)
    throw new RealtimeError('auth_denied', 'the new token is for somebody else');
  return {
    clientId: who,
    verified: proven !== undefined,
    expiresAt: proven ? proven.expiresAt : expiresAt,
  };
}

/** How an error ends a connection: a refused token asks for a fresh one, a denied user stays away. */
export function dropFor(error: RealtimeError): Drop {
  if (error.code === 'auth_denied') return { error, retry: 'never' };
  return { error, retry: error.code === 'connection_failed' ? 'backoff' : 'fresh-token' };
}

/** @see dropFor */
export function dropOf(code: ErrorCode, text: string): Drop {
  return dropFor(new RealtimeError(code, text));
}
