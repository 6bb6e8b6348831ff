/** Ably's own errors: a code whose first three digits are the HTTP status, and what it says. @see SOURCE.md#ably-errors */
import type { WireError } from './protocol.ts';

const texts: ReadonlyMap<number, string> = new Map([
  [40000, 'bad request'],
  [40009, 'maximum message length exceeded'],
  [40010, 'invalid channel name'],
  [40012, 'invalid client id'],
  [40013, 'invalid message data or encoding'],
  [40020, 'batch error'],
  [40031, 'invalid publish request (invalid client-specified id)'],
  [40033, 'reattach required'],
  [40101, 'invalid credentials'],
  [40102, 'incompatible credentials'],
  [40103, 'invalid use of basic auth over non-TLS transport'],
  [40104, 'timestamp not current'],
  [40105, 'nonce value replayed'],
  [40140, 'token error'],
  [40141, 'token revoked'],
  [40142, 'token expired'],
  [40144, 'invalid JWT format'],
  [40160, 'operation not permitted with provided capability'],
  [40300, 'forbidden'],
  [40400, 'not found'],
  [40500, 'method not allowed'],
  [42910, 'rate limit exceeded; request rejected (nonfatal)'],
  [42911, 'max. per-connection publish rate limit exceeded'],
  [50000, 'internal error'],
  [80003, 'disconnected'],
  [80008, 'unable to recover connection: connection expired'],
  [80018, 'unable to recover connection: invalid key'],
  [90000, 'channel operation failed'],
  [90003, 'unable to recover channel: messages expired'],
  [91000, 'unable to enter presence channel (no clientId)'],
  [91003, 'maximum member limit exceeded'],
  [93002, 'message does not exist, or is not mutable in this namespace'],
]);

/** A no of the service. */
export class AblyError extends Error {
  readonly code: number;
  readonly statusCode: number;

  constructor(code: number, message?: string, statusCode: number = statusOf(code)) {
    super(message ?? texts.get(code) ?? 'error');
    this.code = code;
    this.statusCode = statusCode;
  }
}

/** Codes of connections and channels are no HTTP status. */
const statusOf = (code: number): number => {
  const status = Math.floor(code / 100);
  return status >= 400 && status < 600 ? status : 400;
};

/** As it travels. */
export const errorInfo = ({ code, statusCode, message }: AblyError): WireError => ({
  code,
  statusCode,
  message,
  href: `https://help.ably.io/error/${code}`,
});

/** What was thrown, as one of ours; anything else is a fault of the emulator. */
export const asAblyError = (error: unknown): AblyError =>
  error instanceof AblyError ? error : new AblyError(50000, (error as Error).message);
