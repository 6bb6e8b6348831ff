/** An emulated service for pages, and beside it what a page cannot do to it itself. `POST /do`: `[control, ...arguments]`. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startAbly } from '@anywire/emulators/ably';
import { startSupabase } from '@anywire/emulators/supabase';

/** A port that runs the controls of a service. */
async function remoteOf(service: object): Promise<number> {
  const remote = createServer((request, response) => {
    response.setHeader('access-control-allow-origin', '*');
    const chunks: string[] = [];
    request.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
    request.on('end', () => {
      const [name, ...given] = JSON.parse(chunks.join('')) as ['drop', ...unknown[]];
      const control = (service as Record<string, (...given: unknown[]) => unknown>)[name];
      response.end(JSON.stringify(control?.(...given) ?? null));
    });
  });
  await new Promise<void>((resolve) => remote.listen(0, '127.0.0.1', resolve));
  return (remote.address() as AddressInfo).port;
}

export async function startRemoteAbly(): Promise<{ readonly ably: number; ablyRemote: number }> {
  const service = await startAbly({ keys: ['app.key:secret'] });
  return { ably: service.port, ablyRemote: await remoteOf(service) };
}

export const remoteJwtSecret = 'a secret of the project';

export async function startRemoteSupabase(): Promise<{
  readonly supabase: number;
  readonly supabaseRemote: number;
}> {
  const service = await startSupabase({
    ...{ jwtSecret: remoteJwtSecret, keys: { sb_publishable_key: 'anon' } },
    times: { joinBackoffMs: 0, connectBackoffMs: 0 },
  });
  return { supabase: service.port, supabaseRemote: await remoteOf(service) };
}
