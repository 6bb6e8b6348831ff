/** A server in virtual time, and clients on pipes in memory: what a WebSocket does, without one. */
import {
  createServer,
  type AnywireServer,
  type Frame,
  type ServerOptions,
  type Transport,
} from '../../src/index.ts';
import type { BinaryCodec } from '@anywire/protocol';
import { virtualClock, type VirtualClock } from '@anywire/testkit/clock';
import { TestClient } from './client.ts';

/** The server's end of a pipe. */
export class PipeTransport implements Transport {
  readonly codec: BinaryCodec | undefined;
  /** Frames of each write. */
  readonly writes: number[] = [];
  /** The client does not read: what is written stays. */
  isStalled = false;
  isPaused = false;
  bufferedBytes = 0;
  private drained: (() => void)[] = [];
  private held: Frame[] = [];
  private isOpen = true;
  client!: TestClient;
  /** The server ended it. */
  onClose: (code: number, reason: string) => void = () => {};

  constructor(codec: BinaryCodec | undefined) {
    this.codec = codec;
  }

  write(frames: Frame | readonly Frame[]): void {
    if (!this.isOpen) return;
    const list = 'wire' in frames ? [frames] : frames;
    this.writes.push(list.length);
    for (const frame of list) {
      this.bufferedBytes += frame.bytes;
      this.held.push(frame);
    }
    if (!this.isStalled) this.flush();
  }

  /** The client reads again. */
  unstall(): void {
    this.isStalled = false;
    this.flush();
  }

  private flush(): void {
    const frames = this.held;
    this.held = [];
    this.bufferedBytes = 0;
    for (const frame of frames)
      this.client.received(this.codec ? bodyOf(frame.as(this.codec).wire) : frame.text);
    const waiting = this.drained;
    this.drained = [];
    for (const fn of waiting) setImmediate(fn);
  }

  onceDrained(fn: () => void): void {
    if (this.isStalled) this.drained.push(fn);
    else setImmediate(fn);
  }

  close(code: number, reason: string): void {
    this.isOpen = false;
    this.onClose(code, reason);
  }

  destroy(): void {
    this.close(1006, '');
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }
}

/** A WebSocket frame without its header. */
function bodyOf(wire: Buffer): Uint8Array {
  const length = wire[1] as number;
  return new Uint8Array(wire.subarray(length < 126 ? 2 : length === 126 ? 4 : 10));
}

export interface TestServer {
  readonly server: AnywireServer;
  readonly clock: VirtualClock;
  readonly logs: string[];
  /** A client that has not sent anything. */
  join(nonce?: string, codec?: BinaryCodec): TestClient & { transport: PipeTransport };
  /** A client that is connected. */
  connected(
    token?: string,
    nonce?: string,
    codec?: BinaryCodec,
  ): Promise<TestClient & { transport: PipeTransport }>;
}

/** Tokens are client ids, unless `authenticate` says otherwise; no token is an anonymous client. */
export function testServer(options: ServerOptions = {}): TestServer {
  const clock = virtualClock();
  const logs: string[] = [];
  const server = createServer({
    clock,
    log: (level, text, details) => logs.push(`${level} ${text} ${JSON.stringify(details)}`),
    authenticate: ({ token }) => (token === undefined ? {} : { clientId: token }),
    ...options,
  });
  const join: TestServer['join'] = (nonce, codec) => {
    const transport = new PipeTransport(codec);
    const request = { url: '/anywire', headers: {}, remoteAddress: '127.0.0.1' };
    const events = server.accept(transport, request);
    const closed = (code: number, reason: string): void => {
      events.closed(code, reason);
      client.wasClosed(code, reason);
    };
    const pipe = {
      write: (message: string | Uint8Array) => events.received(message),
      end: () => closed(1000, ''),
      cut: () => closed(1006, ''),
    };
    const client = Object.assign(new TestClient(pipe, nonce, codec), { transport });
    transport.client = client;
    transport.onClose = closed;
    return client;
  };
  return {
    server,
    clock,
    logs,
    join,
    async connected(token, nonce, codec) {
      const client = join(nonce, codec);
      await client.connect(token === undefined ? {} : { token, instance: `tab-of-${token}` });
      return client;
    },
  };
}
