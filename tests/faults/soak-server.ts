/**
 * The server of the soak, a process of its own, so that its memory is its own too. Its parent asks by IPC.
 *
 *     node --expose-gc --conditions=@anywire/source tests/faults/soak-server.ts
 */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createServer, memory, type Clock } from '@anywire/server';

/** What the server holds, once the garbage is gone. */
export interface Holding {
  readonly connections: number;
  readonly channels: number;
  /** Channels of the engine, also those that nobody uses. */
  readonly stored: number;
  /** Heap and buffers. */
  readonly bytes: number;
  /** What keeps the process alive, sorted. */
  readonly handles: readonly string[];
}

/**
 * `cut` breaks that share of all connections; `forget` lets an hour pass; `weigh` is answered with a {@link Holding}.
 */
export type Ask =
  { readonly ask: 'cut'; readonly share: number } | { readonly ask: 'forget' | 'weigh' };

/** How long the slowest client may be away without missing anything. */
const rememberMs = 60_000;
let forgottenMs = 0;

/** Looks for what is too old each second. Only that waits so long otherwise. */
const clock: Clock = {
  now: () => Date.now() + forgottenMs,
  schedule(fn, delayMs) {
    const timer = setTimeout(fn, Math.min(delayMs, 1_000));
    return () => clearTimeout(timer);
  },
};
const engine = memory({ windowMs: rememberMs });
const server = createServer({
  engine,
  clock,
  history: { size: 1_000, ttlMs: rememberMs },
  limits: { addressRate: Infinity }, // all of them come from here
  presenceGraceMs: 500,
});
const http = createHttpServer();
const sockets = new Set<Socket>();
http.on('connection', (socket: Socket) => {
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
});
server.attach(http);
http.listen(0, '127.0.0.1', () => process.send?.((http.address() as AddressInfo).port));

process.on('message', (message: Ask) => {
  if (message.ask === 'cut') cut(message.share);
  else if (message.ask === 'forget') forgottenMs += 3_600_000;
  else process.send?.(weigh());
});
process.on('disconnect', () => process.exit(0));

/** By a reset; one that is closing already would never say that it is closed. @see node's `uv_tcp_close_reset` */
function cut(share: number): void {
  for (const socket of sockets)
    if (!socket.writableEnded && Math.random() < share) socket.resetAndDestroy();
}

function weigh(): Holding {
  for (let round = 0; round < 3; round += 1) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return {
    ...server.stats(),
    stored: engine.size,
    bytes: heapUsed + external,
    handles: process.getActiveResourcesInfo().toSorted(),
  };
}
