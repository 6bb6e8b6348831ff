/**
 * The error codes that travel in `error` and `detached` frames: core's catalogue, held equal by a test in
 * `adapter-ws`, which sees both. A client maps a code that it does not know to `server_error`.
 *
 * @see docs/protocol.md#error-codes · packages/core/src/errors.ts
 */

/** All codes. */
// prettier-ignore
export const errorCodes = [
  'aborted', 'invalid', 'unsupported', 'closed', 'detached', 'listener_failed', 'overflow',
  'interceptor_failed', 'decryption_failed', 'incomplete',
  'connection_failed', 'suspended', 'timeout', 'outcome_unknown', 'outbox_full', 'expired', 'protocol_error',
  'auth_denied', 'auth_failed', 'token_expired', 'forbidden', 'client_id_required', 'payload_too_large',
  'limit_exceeded', 'rate_limited', 'history_expired', 'server_error', 'storage_failed',
] as const;

/** A code of an `error` or `detached` frame. */
export type ErrorCode = (typeof errorCodes)[number];
