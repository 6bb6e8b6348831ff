/**
 * An emulated Ably on a port of this machine.
 *
 * @see core.ts, which decides everything · README.md
 */
import type { WebSocket } from 'ws';
import { listen, type Listening, type ListenOptions } from '../listen.ts';
import type { AblyControls } from './controls.ts';
import { createAblyCore, type AblyCore } from './core.ts';
import type { AblyOptions } from './options.ts';

export interface AblyServerOptions extends AblyOptions, ListenOptions {}

export interface AblyServer extends AblyControls, Listening {}

/**
 * Starts it; answers when it listens.
 *
 * @throws {Error} of `node:http`, such as EADDRINUSE; for keys that cannot be
 */
export async function startAbly(options: AblyServerOptions): Promise<AblyServer> {
  const core = createAblyCore(options);
  const service = {
    http: core.http,
    close: core.close,
    seat: (socket: WebSocket, target: string) => seat(core, socket, target),
  };
  return { ...core.controls, ...(await listen(service, options)) };
}

function seat(core: AblyCore, socket: WebSocket, target: string): void {
  const inlet = core.open(
    {
      send: (data) => socket.send(data),
      ping: () => socket.ping(),
      close(code) {
        if (code === 1006) socket.terminate();
        else socket.close(code);
      },
    },
    target,
  );
  socket.on('message', (data: Buffer, isBinary) =>
    inlet.receive(isBinary ? data : data.toString()),
  );
  socket.on('close', () => inlet.closed());
}
