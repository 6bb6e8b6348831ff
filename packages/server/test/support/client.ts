/**
 * A client that does only what a test says: it sends frames, keeps what comes, and waits for a frame by its type.
 *
 * It knows the protocol by its types alone, so that server and client cannot share a mistake of the codec.
 */
import type {
  AttachedFrame,
  AttachFrame,
  ClientFrame,
  ConnectedFrame,
  ConnectFrame,
  MessageFrame,
  PublishFrame,
  ServerFrame,
  BinaryCodec,
} from '@anywire/protocol';

/** The near end of a pipe. */
export interface Pipe {
  write(message: string | Uint8Array): void;
  /** Ends it politely, or breaks it. */
  end(): void;
  cut(): void;
}

type FrameOf<Type extends ServerFrame['t']> = Extract<ServerFrame, { t: Type }>;
type Body<Frame> = Frame extends { r: number } ? Omit<Frame, 'r'> : never;

interface Waiter {
  matches(frame: ServerFrame): boolean;
  resolve(frame: ServerFrame): void;
  reject(error: Error): void;
}

let made = 0;

export class TestClient {
  readonly nonce: string;
  /** Everything that came, in order. */
  readonly all: ServerFrame[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  /** False: a client that is alive and does not say so. */
  answersPings = true;
  private readonly pipe: Pipe;
  private untaken: ServerFrame[] = [];
  private waiters: Waiter[] = [];
  private ended: string | undefined = undefined;
  private resolveClosed!: (end: { code: number; reason: string }) => void;
  private r = 0;
  private counter = 0;

  readonly codec: BinaryCodec | undefined;

  constructor(pipe: Pipe, nonce = `nonce-${String(++made).padStart(4, '0')}`, codec?: BinaryCodec) {
    this.pipe = pipe;
    this.nonce = nonce;
    this.codec = codec;
    this.closed = new Promise((resolve) => (this.resolveClosed = resolve));
  }

  // --- for the pipe ---

  received(message: string | Uint8Array): void {
    for (const frame of this.framesIn(message)) {
      this.all.push(frame);
      if (frame.t === 'ping' && this.answersPings) this.send({ t: 'pong' });
      const at = this.waiters.findIndex((waiter) => waiter.matches(frame));
      if (at < 0) this.untaken.push(frame);
      else this.waiters.splice(at, 1)[0]?.resolve(frame);
    }
  }

  wasClosed(code: number, reason: string): void {
    this.ended = `closed with ${code} ${reason}`;
    for (const waiter of this.waiters) waiter.reject(new Error(this.ended));
    this.waiters = [];
    this.resolveClosed({ code, reason });
  }

  // --- for tests ---

  /** A frame, or text or bytes as they are. */
  send(frame: ClientFrame | string | Uint8Array): void {
    if (typeof frame === 'string' || frame instanceof Uint8Array) this.pipe.write(frame);
    else if (this.codec) this.pipe.write(this.codec.encode(frame));
    else this.pipe.write(JSON.stringify(frame));
  }

  /** Sends a request, and waits for its answer (also an error). */
  request(body: Body<ClientFrame>): Promise<ServerFrame> {
    const r = ++this.r;
    // The payload stays last, as the protocol asks.
    const { t, ...rest } = body;
    this.send({ t, r, ...rest } as ClientFrame);
    return this.take((frame) => 'r' in frame && frame.r === r);
  }

  /** The first frame of `type` that was not taken yet, or that is to come. */
  next<Type extends ServerFrame['t']>(type: Type): Promise<FrameOf<Type>> {
    return this.take((frame) => frame.t === type) as Promise<FrameOf<Type>>;
  }

  async connect(extra: Partial<ConnectFrame> = {}): Promise<ConnectedFrame> {
    const { nonce } = this;
    const answer = await this.request({ t: 'connect', nonce, instance: 'tab-1', ...extra });
    return expectType(answer, 'connected');
  }

  async attach(c: string, extra: Partial<AttachFrame> = {}): Promise<AttachedFrame> {
    return expectType(await this.request({ t: 'attach', c, ...extra }), 'attached');
  }

  publish(c: string, d: unknown, extra: Partial<PublishFrame> = {}): Promise<ServerFrame> {
    const i = `${this.nonce}:${this.counter++}`;
    const r = ++this.r;
    const bytes = !this.codec && d instanceof Uint8Array;
    const data = bytes ? { b: 1 as const, d: Buffer.from(d).toString('base64') } : { d };
    this.send({ t: 'publish', r, c, i, e: 'message', ...extra, ...data });
    return this.take((frame) => 'r' in frame && frame.r === r);
  }

  /** The data of all messages that came in a channel. */
  data(c?: string): unknown[] {
    return this.messages(c).map(dataOf);
  }

  messages(c?: string): MessageFrame[] {
    return this.all.filter(
      (frame): frame is MessageFrame => frame.t === 'message' && (!c || frame.c === c),
    );
  }

  /** Resolves when a message with this data came. */
  async hears(data: unknown): Promise<void> {
    const wanted = JSON.stringify(data);
    const is = (frame: ServerFrame): boolean =>
      frame.t === 'message' && JSON.stringify(frame.d) === wanted;
    if (!this.all.some(is)) await this.take(is);
  }

  end(): void {
    this.pipe.end();
  }

  cut(): void {
    this.pipe.cut();
  }

  private *framesIn(message: string | Uint8Array): Iterable<ServerFrame> {
    if (typeof message === 'string') {
      for (const line of message.split('\n')) yield JSON.parse(line) as ServerFrame;
      return;
    }
    if (!this.codec) throw new Error('bytes came to a client of JSON');
    for (let at = 0; at < message.length;) {
      const { frame, end } = this.codec.decode(message, at);
      at = end;
      yield frame as unknown as ServerFrame;
    }
  }

  private take(matches: (frame: ServerFrame) => boolean): Promise<ServerFrame> {
    const at = this.untaken.findIndex(matches);
    const [found] = at < 0 ? [] : this.untaken.splice(at, 1);
    if (found) return Promise.resolve(found);
    if (this.ended !== undefined) return Promise.reject(new Error(this.ended));
    return new Promise((resolve, reject) => this.waiters.push({ matches, resolve, reject }));
  }
}

/** The data of a message, whichever way it holds bytes. */
export function dataOf({ b, d }: Pick<MessageFrame, 'b' | 'd'>): unknown {
  return b ? new Uint8Array(Buffer.from(d as string, 'base64')) : d;
}

function expectType<Type extends ServerFrame['t']>(frame: ServerFrame, type: Type): FrameOf<Type> {
  if (frame.t !== type) throw new Error(`expected ${type}, got ${JSON.stringify(frame)}`);
  return frame as FrameOf<Type>;
}
