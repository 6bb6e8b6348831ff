/** What the service's words mean: it has `Code: text` at a join, and sentences later. @see docs/adapters/supabase.md#errors */
import type { Drop } from '@anywire/core';
import { RealtimeError, type ErrorCode } from '@anywire/core/errors';

type Meaning = readonly [words: RegExp, code: ErrorCode, retry: Drop['retry']];

/** The first row that fits counts; the last one fits all. */
const meanings: readonly Meaning[] = [
  [/token has expired/i, 'token_expired', 'fresh-token'],
  [/MalformedJWT|JwtSignatureError|InvalidJWT/, 'auth_failed', 'fresh-token'],
  [/Unauthorized|do not have permissions|PrivateOnly/, 'forbidden', 'never'],
  [/Too many channels/, 'limit_exceeded', 'backoff'],
  [/Too many|rate limit/i, 'rate_limited', 'backoff'],
  [/TopicNameRequired|UnableToReplay|mismatch/, 'invalid', 'never'],
  [/(?:)/, 'server_error', 'backoff'],
];

export function toDrop(words: string): Drop {
  const [, code, retry] = meanings.find(([known]) => known.test(words)) as Meaning;
  return { error: new RealtimeError(code, words), retry };
}
