/** The emulator of Supabase, a fault proxy for each client, and clients of it. */
import { createRealtime, type Realtime, type RealtimeOptions } from '@anywire/core';
import {
  signToken,
  startSupabase,
  type SupabaseServer,
  type SupabaseServerOptions,
} from '@anywire/emulators/supabase';
import { startFaultProxy, type FaultProxy } from '@anywire/testkit/proxy';
import { onTestFinished } from 'vitest';
import { forgetVendorTimers } from '../../../tests/support/vendor-timers.ts';
import { supabase, type OwnOptions } from '../src/index.ts';

forgetVendorTimers();

const jwtSecret = 'secret';
export const key = 'sb_publishable_key';

/** Seconds may have parts: a token ends with the second that it names. */
export function credentials(clientId: string, livesMs = 3_600_000) {
  const expiresAt = Date.now() + livesMs;
  const claims = { role: 'authenticated', sub: clientId, exp: Math.ceil(expiresAt / 1_000) };
  return { token: signToken(claims, jwtSecret), clientId, expiresAt };
}

export interface Scene {
  readonly service: SupabaseServer;
  /** Behind a proxy of its own. */
  client(
    name: string,
    options?: Partial<RealtimeOptions>,
    adapter?: Partial<OwnOptions>,
  ): Promise<{ readonly realtime: Realtime; readonly proxy: FaultProxy }>;
}

export async function startScene(more: Partial<SupabaseServerOptions> = {}): Promise<Scene> {
  const service = await startSupabase({
    ...{ jwtSecret, keys: { [key]: 'anon' }, ...more },
    times: { joinBackoffMs: 0, connectBackoffMs: 0, ...more.times },
    limits: { messagesPerSecond: 1_000_000, ...more.limits },
  });
  onTestFinished(() => service.close());
  return {
    service,
    async client(name, options, adapter) {
      const proxy = await startFaultProxy({ target: { port: service.port } });
      const url = `http://127.0.0.1:${proxy.port}`;
      const realtime = createRealtime({
        adapter: supabase({
          ...{ url, key, messagesPerSecond: 100_000, ...adapter },
          options: { timeout: 800, heartbeatIntervalMs: 500, ...adapter?.options },
        }),
        auth: () => credentials(name),
        ...{ reconnectMinMs: 20, reconnectMaxMs: 100, log: () => {} },
        ...options,
      });
      onTestFinished(async () => {
        await realtime.close();
        await proxy.close();
      });
      return { realtime, proxy };
    },
  };
}
