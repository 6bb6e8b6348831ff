/**
 * `GET /ably-token`: what the chat's server owes its page where Ably carries the messages: a token request, signed for one person, that
 * allows what server/rules.ts allows. Ably checks who sends; what a message says is not checked by anybody.
 *
 * The key's secret is in the environment, ABLY_SECRET; its name and the address are in CHAT_BACKENDS, where the page sees them, too.
 *
 * @see ../page/backends.ts · docs/adapters/ably.md
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import Ably from 'ably';
import type { Config } from '../page/backend.ts';
import type { Tokens } from './tokens.ts';

export const ablyTokenPath = '/ably-token';

type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** @throws {Error} in words that can be shown */
export function openAblyToken(
  { backends }: Config,
  env: NodeJS.ProcessEnv,
  tokens: Tokens,
): Answer | undefined {
  const chosen = backends.find(({ name }) => name === 'ably');
  if (!chosen) return undefined;
  const name = new URL(chosen.url).searchParams.get('key') ?? '';
  const { ABLY_SECRET: secret = '' } = env;
  if (!name || !secret)
    throw new Error('CHAT_BACKENDS: ably=…/?key=app.key needs ABLY_SECRET, too');
  const { auth } = new Ably.Rest({ key: `${name}:${secret}` });
  return async ({ headers }, response) => {
    try {
      const { id } = await tokens.verify((headers.authorization ?? '').replace(/^Bearer /u, ''));
      const capability = JSON.stringify(capabilityOf(id));
      const signed = await auth.createTokenRequest({ clientId: id, capability });
      response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
      response.end(JSON.stringify(signed));
    } catch {
      response.writeHead(401).end('The token is of no use.');
    }
  };
}

/** Rooms are open; `user:{id}` is read by its owner alone, and others may only write to it. */
const capabilityOf = (id: string): object => ({
  'room:*': ['subscribe', 'publish', 'presence', 'history'],
  'user:*': ['publish'],
  [`user:${id}`]: ['subscribe', 'publish', 'history'],
});
