/**
 * An emulated Pusher on a port of this machine.
 *
 * @see core.ts, which decides everything · README.md
 */
import type { WebSocket } from 'ws';
import { listen, type Listening, type ListenOptions } from '../listen.ts';
import type { PusherControls } from './controls.ts';
import { createPusherCore, type PusherCore } from './core.ts';
import type { PusherOptions } from './options.ts';

export interface PusherServerOptions extends PusherOptions, ListenOptions {}

export interface PusherServer extends PusherControls, Listening {}

/**
 * Starts it; answers when it listens.
 *
 * @throws {Error} of `node:http`, such as EADDRINUSE
 */
export async function startPusher(options: PusherServerOptions): Promise<PusherServer> {
  const core = createPusherCore(options);
  const service = {
    http: core.http,
    close: core.close,
    seat: (socket: WebSocket, target: string) => seat(core, socket, target),
  };
  return { ...core.controls, ...(await listen(service, options)) };
}

function seat(core: PusherCore, socket: WebSocket, target: string): void {
  const inlet = core.open(
    {
      send: (text) => socket.send(text),
      close(code, reason) {
        if (code === 1006) socket.terminate();
        else socket.close(code, reason);
      },
      get unsentBytes() {
        return socket.bufferedAmount;
      },
    },
    target,
  );
  socket.on('message', (data: Buffer, isBinary) => {
    if (!isBinary) inlet.receive(data.toString());
  });
  socket.on('close', () => inlet.closed());
}
