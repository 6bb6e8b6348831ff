/**
 * The hands of an attacker: sockets that do what no client of ours does. It works in turns until it is told to stop, and says
 * what it saw. Its address is in `X-Forwarded-For`, for a server that trusts 127.0.0.1 as a proxy.
 */
import { connect as connectTcp, type Socket } from 'node:net';
import { WebSocket } from 'ws';

/** Where the attack goes, and who hears what the attacker saw: 'close 4004', 'error rate_limited', 'http 429', 'reset'. */
export interface Target {
  readonly port: number;
  saw?(what: string): void;
}

export interface OpenOptions {
  /** @default of a user of its own, whose name begins with 'eve' */
  readonly token?: string;
  /** False: sends no `connect`. */
  readonly connects?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Attacker {
  readonly signal: AbortSignal;
  readonly isOver: boolean;
  saw(what: string): void;
  /** A WebSocket that is open, and has sent its `connect`; undefined: it was refused. */
  open(options?: OpenOptions): Promise<WebSocket | undefined>;
  /** A bare socket; what comes on it is an HTTP answer. */
  tcp(text: string): Promise<Socket>;
  /** Sends frames as fast as they go, until the connection or the attack ends. */
  flood(socket: WebSocket, send: (n: number) => void): Promise<void>;
  /** Until the connection or the attack ends. */
  ended(socket: WebSocket | Socket): Promise<void>;
}

/** One round of an attack; it begins again until the attack ends. */
export type Turn = (attacker: Attacker, address: string) => Promise<unknown>;

const pause = async (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms));
const most = 65_536;
let made = 0;

/** Attacks until `signal` fires; nothing is left open then. */
export async function attackInTurns(
  turn: Turn,
  { port, saw = () => {} }: Target,
  signal: AbortSignal,
): Promise<void> {
  const open = new Set<WebSocket | Socket>();
  const address = `6.6.${++made >> 8}.${made & 255}`;
  // Of its own: the limits of a user are not those of the attack before.
  const eve = `eve ${made}`;
  const ended: Attacker['ended'] = (socket) =>
    new Promise((resolve) => {
      if (signal.aborted || !open.has(socket)) return resolve();
      socket.once('close', () => resolve());
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  const attacker: Attacker = {
    signal,
    get isOver() {
      return signal.aborted;
    },
    saw,
    ended,
    open: ({ token = eve, connects = true, headers } = {}) =>
      new Promise((resolve) => {
        const socket = new WebSocket(`ws://127.0.0.1:${port}/anywire`, ['anywire.v1'], {
          perMessageDeflate: false,
          headers: { 'X-Forwarded-For': address, ...headers },
        });
        open.add(socket);
        socket.on('error', () => {});
        socket.once('unexpected-response', (request, response) => {
          saw(`http ${response.statusCode}`);
          request.destroy();
          open.delete(socket);
          resolve(undefined);
        });
        socket.once('close', (code) => {
          open.delete(socket);
          saw(`close ${code}`);
          resolve(undefined);
        });
        socket.on('message', (data: Buffer) => {
          for (const [, code] of data.toString().matchAll(/"t":"error"[^\n]*?"code":"(\w+)"/g))
            saw(`error ${code}`);
          if (data.includes('"t":"detached"')) saw('detached');
        });
        socket.once('open', () => {
          const nonce = `attacker-${++made}`;
          const connect = { t: 'connect', r: 0, nonce, instance: 'x', token };
          if (connects) socket.send(JSON.stringify(connect));
          resolve(Object.assign(socket, { nonce }));
        });
      }),
    tcp: (text) =>
      new Promise((resolve) => {
        const options = { port, host: '127.0.0.1', allowHalfOpen: true };
        const socket = connectTcp(options, () => {
          socket.write(text);
          resolve(socket);
        });
        open.add(socket);
        // Of a server that has let go of it.
        socket.on('error', () => saw('reset'));
        socket.on('data', (data) => {
          const status = /^HTTP\/1.1 (\d+)/.exec(data.toString())?.[1];
          if (status) saw(`http ${status}`);
        });
        socket.once('close', () => {
          open.delete(socket);
          saw('ended');
          resolve(socket);
        });
      }),
    async flood(socket, send) {
      for (let n = 0; socket.readyState === socket.OPEN && !signal.aborted;) {
        // What is written at once is written by this process, while its server waits.
        for (let sent = 0; sent < 200 && socket.bufferedAmount <= most; sent++) send(n++);
        await new Promise(setImmediate);
        while (socket.bufferedAmount > most && socket.readyState === socket.OPEN && !signal.aborted)
          await pause(2);
      }
    },
  };
  while (!signal.aborted) {
    await turn(attacker, address);
    // Refusals come at once; an attacker that never waits would attack this process, which is also the server's.
    if (!signal.aborted) await pause(5);
  }
  const closing = [...open].map(
    async (socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
  );
  for (const socket of open)
    if (socket instanceof WebSocket) socket.terminate();
    else socket.destroy();
  await Promise.all(closing);
}
