/**
 * `GET /supabase-token`: what the chat's server owes its page where Supabase carries the messages: a token of the project for one person.
 * What a person may do the policies of the project say; who sends is as the page says it, for Supabase does not look.
 *
 * The secret that signs tokens is in the environment, SUPABASE_JWT_SECRET; key and address are in CHAT_BACKENDS, where the page sees them,
 * too.
 *
 * @see ../page/backends.ts · docs/adapters/supabase.md
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { SignJWT } from 'jose';
import type { Config } from '../page/backend.ts';
import type { Tokens } from './tokens.ts';

export const supabaseTokenPath = '/supabase-token';

type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** @throws {Error} in words that can be shown */
export function openSupabaseToken(
  { backends }: Config,
  env: NodeJS.ProcessEnv,
  tokens: Tokens,
): Answer | undefined {
  const chosen = backends.find(({ name }) => name === 'supabase');
  if (!chosen) return undefined;
  const { SUPABASE_JWT_SECRET: secret = '' } = env;
  if (!new URL(chosen.url).searchParams.get('key') || !secret)
    throw new Error(
      'CHAT_BACKENDS: supabase=…/?key=sb_publishable_… needs SUPABASE_JWT_SECRET, too',
    );
  return async ({ headers }, response) => {
    try {
      const given = (headers.authorization ?? '').replace(/^Bearer /u, '');
      const { id: clientId, expiresAt } = await tokens.verify(given);
      const token = await new SignJWT({ role: 'authenticated' })
        .setProtectedHeader({ alg: 'HS256' })
        .setSubject(clientId)
        .setExpirationTime(Math.floor(expiresAt / 1_000))
        .sign(new TextEncoder().encode(secret));
      response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
      response.end(JSON.stringify({ token, clientId, expiresAt }));
    } catch {
      response.writeHead(401).end('The token is of no use.');
    }
  };
}
