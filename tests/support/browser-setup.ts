/** Servers for tests in a browser, which cannot start one: vitest runs this once around the project "browser". */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** `127.0.0.1:<port>` of a server that takes any token as a client id, from pages of any origin. */
    readonly serverHost: string;
    /** The same, behind a proxy that holds every answer back until it is complete. */
    readonly bufferedHost: string;
    /** A server that takes no pages of other origins. */
    readonly strictHost: string;
    /** An emulated Pusher. */
    readonly pusherPort: number;
    /** What a page cannot do to it by itself. @see remote-pusher.ts */
    readonly pusherRemote: string;
    /** An emulated Ably. */
    readonly ablyPort: number;
    /** @see remote-service.ts */
    readonly ablyRemote: string;
    /** An emulated Supabase. */
    readonly supabasePort: number;
    readonly supabaseRemote: string;
  }
}

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const script = fileURLToPath(new URL('browser-server.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=@anywire/source', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await Promise.race([
    once(createInterface(child.stdout), 'line'),
    once(child, 'exit').then(() => {
      throw new Error('the server for browser tests did not start');
    }),
  ])) as [string];
  const ports = JSON.parse(line) as Record<
    | 'open'
    | 'strict'
    | 'buffered'
    | 'pusher'
    | 'remote'
    | 'ably'
    | 'ablyRemote'
    | 'supabase'
    | 'supabaseRemote',
    number
  >;
  provide('serverHost', `127.0.0.1:${ports.open}`);
  provide('bufferedHost', `127.0.0.1:${ports.buffered}`);
  provide('strictHost', `127.0.0.1:${ports.strict}`);
  provide('pusherPort', ports.pusher);
  provide('pusherRemote', `http://127.0.0.1:${ports.remote}`);
  provide('ablyPort', ports.ably);
  provide('ablyRemote', `http://127.0.0.1:${ports.ablyRemote}`);
  provide('supabasePort', ports.supabase);
  provide('supabaseRemote', `http://127.0.0.1:${ports.supabaseRemote}`);
  return async () => {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  };
}
