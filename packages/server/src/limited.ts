/** A refusal that says when to come again. @see limiter.ts */
import { RealtimeError, type ErrorCode } from '@anywire/core/errors';

export type Limited = RealtimeError & { readonly retryAfterMs: number };

export function limited(code: ErrorCode, message: string, retryAfterMs: number): Limited {
  return Object.assign(new RealtimeError(code, message), { retryAfterMs });
}

/** When to come again, where an error says so; as the member of a frame. */
export function retryAfter(error: object): { retryAfterMs?: number } {
  if (!('retryAfterMs' in error)) return {};
  const { retryAfterMs } = error;
  const isWhole = typeof retryAfterMs === 'number' && retryAfterMs >= 0;
  return isWhole && Number.isSafeInteger(retryAfterMs) ? { retryAfterMs } : {};
}
