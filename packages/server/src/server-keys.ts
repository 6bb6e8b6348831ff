/**
 * The keys that open the HTTP API. Several may be valid at a time, so that a key can be replaced without a pause: add the
 * new one, let every backend take it, remove the old one.
 *
 * @see http-api.ts · server-keys.test.ts
 */
import { RealtimeError } from '@anywire/core/errors';
import { timingSafeEqual } from 'node:crypto';
import { digestOf } from './digest.ts';
import { bearerIn, Refusal } from './http-request.ts';

/** Holds an `Authorization` header to the keys. @throws {Refusal} auth_failed (401), forbidden (403) */
export type KeyCheck = (authorization: string | undefined) => void;

const possibleKey = /^[\x21-\x7e]+$/;

/** Whether a header can carry `value` after `Bearer `: printable ASCII without a space. */
export function isServerKey(value: unknown): value is string {
  return typeof value === 'string' && possibleKey.test(value);
}

/** @throws {RealtimeError} invalid, for a key that no request could carry */
export function serverKeys(given: string | readonly string[] | undefined): KeyCheck {
  const keys = given === undefined ? [] : typeof given === 'string' ? [given] : given;
  // An empty key, from a variable that is not set, would look like an API that is open to its backends.
  if (!keys.every(isServerKey))
    throw new RealtimeError('invalid', 'a serverKey is printable ASCII without spaces, not empty');
  const digests = keys.map(digestOf);

  return (authorization) => {
    if (digests.length === 0)
      throw new Refusal(403, 'forbidden', 'this server was given no serverKey');
    const key = bearerIn(authorization);
    if (key === undefined)
      throw new Refusal(401, 'auth_failed', 'send the key as Authorization: Bearer', {
        'WWW-Authenticate': 'Bearer',
      });
    const sent = digestOf(key);
    // All are compared: the time does not show which one it was.
    const matching = digests.filter((digest) => timingSafeEqual(digest, sent));
    if (matching.length === 0)
      throw new Refusal(403, 'forbidden', 'this is not a key of this server');
  };
}
