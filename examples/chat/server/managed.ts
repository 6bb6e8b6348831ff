/**
 * What the chat's server owes its page where a managed service carries the messages: it signs, publishes and keeps them. The rules are
 * those of its own server.
 *
 * The service's secret is in the environment: PUSHER_APP_ID and PUSHER_SECRET; the key and the address are in CHAT_BACKENDS, where the
 * page sees them, too.
 *
 * @see ../page/backends.ts · docs/backend.md
 */
import { createBackend, type Backend } from '@anywire/backend';
import { pusher } from '@anywire/backend/pusher';
import type { Engine, Hooks } from '@anywire/server';
import { channels } from '../channels.ts';
import type { Config } from '../page/backend.ts';
import { authorize, checkMessage } from './rules.ts';

export const managedPath = '/realtime';

/**
 * @param store - Opened where the service is configured to keep messages.
 * @throws {Error} in words that can be shown
 */
export function openManaged(
  { backends }: Config,
  env: NodeJS.ProcessEnv,
  authenticate: NonNullable<Hooks['authenticate']>,
  store: () => Engine,
): Backend | undefined {
  const chosen = backends.find(({ name }) => name === 'pusher');
  if (!chosen) return undefined;
  const { PUSHER_APP_ID: appId = '', PUSHER_SECRET: secret = '' } = env;
  const { hostname: host, port, protocol, searchParams } = new URL(chosen.url);
  const key = searchParams.get('key') ?? '';
  const cluster = searchParams.get('cluster');
  if (!appId || !secret || !key)
    throw new Error('CHAT_BACKENDS: pusher=…/?key=… needs PUSHER_APP_ID and PUSHER_SECRET, too');
  const useTLS = /^(https|wss):$/u.test(protocol);
  const address = cluster === null ? { host, useTLS, ...(port && { port }) } : { cluster };
  return createBackend({
    provider: pusher({ appId, key, secret, ...address }),
    ...{ channels, path: managedPath, authenticate, authorize, onPublish: checkMessage },
    ...(searchParams.get('store') !== 'no' && { store: store() }),
  });
}
