import { expect, it } from 'vitest';
import { toDrop } from './refusals.ts';

it.each([
  [
    'Unauthorized: You do not have permissions to read from this Channel topic: x',
    'forbidden',
    'never',
  ],
  ['You do not have permissions to read from this Channel topic: x', 'forbidden', 'never'],
  ['PrivateOnly: This project only allows private channels', 'forbidden', 'never'],
  ['InvalidJWTToken: Token has expired 9 seconds ago', 'token_expired', 'fresh-token'],
  ['JwtSignatureError: Failed to validate JWT signature', 'auth_failed', 'fresh-token'],
  ['ChannelRateLimitReached: Too many channels', 'limit_exceeded', 'backoff'],
  ['ClientJoinRateLimitReached: Too many joins per second', 'rate_limited', 'backoff'],
  ['Client presence rate limit exceeded', 'rate_limited', 'backoff'],
  ['TopicNameRequired: You must provide a topic name', 'invalid', 'never'],
  ['Unknown Error on Channel', 'server_error', 'backoff'],
])('%s is %s: %s', (words, code, retry) => {
  expect(toDrop(words)).toMatchObject({ error: { code }, retry });
});
