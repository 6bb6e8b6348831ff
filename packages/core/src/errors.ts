/**
 * Every way the SDK can fail: one class, one row per code.
 *
 * The same codes travel in protocol frames; a test holds the two lists equal. What to do about each
 * one is in `fixes.ts`, an entry point of its own, so that the texts cost nothing in a bundle.
 *
 * @see docs/errors.md
 */

// prettier-ignore
/** The same call may succeed later. */
const passing = [
  'connection_failed', // could not be made, or broke
  'suspended',         // no connection for a long time
  'timeout',           // no answer in time; nothing was changed
  'outbox_full',       // too much waits to be sent
  'expired',           // it waited too long to be sent
  'auth_failed',       // no usable token: the callback failed, or the service refused it
  'token_expired',
  'rate_limited',
  'server_error',
  'storage_failed',    // the outbox could not be kept over a reload, or read
] as const;

// prettier-ignore
const lasting = [
  // the app's side
  'aborted',           // its AbortSignal fired
  'invalid',           // a name, an option or a payload that cannot be
  'unsupported',       // this backend cannot do it; nothing was sent
  'closed',            // `close()` was called
  'detached',          // the channel was detached while it waited
  'listener_failed',   // a listener threw
  'overflow',          // a message iterator was not read fast enough
  'interceptor_failed', // an interceptor threw
  'decryption_failed', // no key, the wrong one, or a message that was changed or moved
  'incomplete',        // pieces of a message did not come
  // the two ends
  'outcome_unknown',   // it was written and no answer came: it may have happened
  'protocol_error',    // the two ends do not understand each other
  // the service's answer
  'auth_denied',       // the app or the service says: not this user, ever
  'forbidden',         // this client may not do this on this channel
  'client_id_required', // presence needs to know who enters
  'payload_too_large',
  'limit_exceeded',    // channels, members, names: a fixed bound
  'history_expired',   // the cursor's epoch is gone
] as const;

/** A row of the catalogue. Branch on it, never on a message. */
export type ErrorCode = (typeof passing)[number] | (typeof lasting)[number];

/** All codes, for tests and docs. */
export const errorCodes: readonly ErrorCode[] = /* @__PURE__ */ ([] as ErrorCode[]).concat(
  passing,
  lasting,
);

/** The only error class that the SDK throws, rejects with or reports. */
export class RealtimeError extends Error {
  override readonly name = 'RealtimeError';
  /** Two copies of core may share a page, so `instanceof` is not enough. @see RealtimeError.is */
  readonly isRealtimeError = true;
  readonly code: ErrorCode;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** The vendor's own code, where there is one. */
  readonly vendorCode: number | string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; vendorCode?: number | string } = {},
  ) {
    super(`[anywire:${code}] ${message}`, options);
    this.code = code;
    this.retryable = (passing as readonly string[]).includes(code);
    this.vendorCode = options.vendorCode;
  }

  /** Whether `value` is a RealtimeError of any copy of core, and of `code` when one is given. */
  static is(value: unknown, code?: ErrorCode): value is RealtimeError {
    return (
      value instanceof Error &&
      'isRealtimeError' in value &&
      (code === undefined || (value as RealtimeError).code === code)
    );
  }

  /** `cause` itself when it is a RealtimeError, else one with `code` that carries it. */
  static from(cause: unknown, code: ErrorCode = 'server_error'): RealtimeError {
    if (RealtimeError.is(cause)) return cause;
    return new RealtimeError(code, cause instanceof Error ? cause.message : String(cause), {
      cause,
    });
  }
}
