/**
 * A real TCP proxy on the loopback that breaks connections the way networks do. For any adapter: put it
 * between the client and the server.
 *
 * It keeps no bytes of its own beyond what a delay holds back: a slow reader slows the writer, as TCP does.
 * Node only.
 *
 * @see proxy.test.ts · proxy-flow.ts for what happens to the bytes of one direction
 */
import net, { type AddressInfo } from 'node:net';
import { createFlow, type Flow, type FlowRules } from './proxy-flow.ts';

export interface FaultProxyOptions {
  /** Where connections go. `host` @default '127.0.0.1' */
  readonly target: { readonly host?: string; readonly port: number };
}

/** Faults hold for all connections, also later ones, until they are undone. */
export interface FaultProxy {
  readonly host: string;
  readonly port: number;
  /** How many clients are connected now. */
  readonly connections: number;
  /** Destroys all connections, with a reset; new ones are welcome. */
  cut(): void;
  /**
   * Sockets stay open and nothing moves, also for new connections.
   *
   * @param direction - `toClient` holds back answers alone: the server gets what the client sends. @default 'both'
   */
  halfOpen(direction?: 'both' | 'toClient'): void;
  /** New connections are reset. */
  refuse(): void;
  /** Destroys all connections once that many more bytes have passed, in both directions together. */
  dropAfter(bytes: number): void;
  /** Each chunk arrives that much later; 0 undoes it. */
  delay(ms: number): void;
  /** At most that many bytes a second in each direction of each connection; Infinity undoes it. */
  throttle(bytesPerSecond: number): void;
  /** Undoes every fault. Bytes that a half-open connection held back move on. */
  heal(): void;
  /** Resolves when the next client has connected. */
  connected(): Promise<void>;
  /** Cuts everything and stops listening. */
  close(): Promise<void>;
}

interface Pair {
  readonly client: net.Socket;
  readonly server: net.Socket;
  readonly flows: readonly Flow[];
}

/** Listens on a free port and forwards to `target`. */
export async function startFaultProxy({ target }: FaultProxyOptions): Promise<FaultProxy> {
  const pairs = new Set<Pair>();
  const waiting = new Set<() => void>();
  let door: 'open' | 'refuse' = 'open';
  let bytesLeft = Infinity;
  const rules: FlowRules = { delayMs: 0, bytesPerSecond: Infinity, stopped: 'none', passed };

  function passed(bytes: number): void {
    bytesLeft -= bytes;
    if (bytesLeft > 0) return;
    bytesLeft = Infinity;
    cut();
  }

  function cut(): void {
    for (const { client, server } of [...pairs])
      for (const socket of [client, server]) reset(socket);
  }

  const changed = (): void => {
    for (const { flows } of pairs) for (const flow of flows) flow.changed();
  };

  const listener = net.createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    if (door === 'refuse') return void client.resetAndDestroy();
    const server = net.connect({
      host: target.host ?? '127.0.0.1',
      port: target.port,
      noDelay: true,
      allowHalfOpen: true,
    });
    const flows = [
      createFlow('toServer', client, server, rules),
      createFlow('toClient', server, client, rules),
    ];
    const pair: Pair = { client, server, flows };
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      for (const flow of flows) flow.stop();
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) socket.on('error', end).on('close', end);
    for (const tell of waiting) tell();
    waiting.clear();
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));

  return {
    host: '127.0.0.1',
    port: (listener.address() as AddressInfo).port,
    get connections() {
      return pairs.size;
    },
    cut,
    halfOpen(direction = 'both') {
      rules.stopped = direction;
      changed();
    },
    refuse: () => void (door = 'refuse'),
    dropAfter: (bytes) => void (bytesLeft = bytes),
    delay: (ms) => void (rules.delayMs = ms),
    throttle(bytesPerSecond) {
      rules.bytesPerSecond = bytesPerSecond;
      changed();
    },
    heal() {
      door = 'open';
      bytesLeft = Infinity;
      Object.assign(rules, { delayMs: 0, bytesPerSecond: Infinity, stopped: 'none' });
      changed();
    },
    connected: () => new Promise((resolve) => waiting.add(resolve)),
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        cut();
      }),
  };
}

/** A socket whose writing side was ended cannot be reset: Node would report EINVAL, and keep its handle for ever. */
function reset(socket: net.Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
