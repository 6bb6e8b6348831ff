/**
 * An emulated Supabase Realtime on a port of this machine.
 *
 * @see core.ts, which decides everything · README.md
 */
import type { WebSocket } from 'ws';
import { listen, type Listening, type ListenOptions } from '../listen.ts';
import type { SupabaseControls } from './controls.ts';
import { createSupabaseCore, type SupabaseCore } from './core.ts';
import type { SupabaseOptions } from './options.ts';

export interface SupabaseServerOptions extends SupabaseOptions, ListenOptions {}

export interface SupabaseServer extends SupabaseControls, Listening {}

/** What the service takes in one frame. */
const maxBytes = 5_000_000;

/**
 * Starts it; answers when it listens. `url` is what `createClient` wants.
 *
 * @throws {Error} of `node:http`, such as EADDRINUSE
 */
export async function startSupabase(options: SupabaseServerOptions): Promise<SupabaseServer> {
  const core = createSupabaseCore(options);
  const service = {
    maxBytes,
    http: core.http,
    close: core.close,
    refuse: ({ target }: { readonly target: string }) => core.refuse(target),
    seat: (socket: WebSocket, target: string) => seat(core, socket, target),
  };
  return { ...core.controls, ...(await listen(service, options)) };
}

function seat(core: SupabaseCore, socket: WebSocket, target: string): void {
  const pipe = {
    send: (data: string | Uint8Array) => socket.send(data),
    close(code: number, reason?: string) {
      if (code === 1006) socket.terminate();
      else socket.close(code, reason);
    },
  };
  const inlet = core.open(pipe, target);
  socket.on('message', (data: Buffer, isBinary) =>
    inlet.receive(isBinary ? data : data.toString()),
  );
  socket.on('close', () => inlet.closed());
}
