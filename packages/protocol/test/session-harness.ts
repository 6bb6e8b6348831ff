/**
 * A session over a pipe that the test holds in its hands: what was written, what the host heard, in order.
 */
import { setImmediate } from 'node:timers/promises';
import {
  createSession,
  type AttachRequest,
  type ClientSession,
  type Data,
  type Host,
  type HostError,
  type PipeEvents,
} from '@anywire/protocol/client';
import type { BinaryCodec, ServerFrame } from '@anywire/protocol';

/** Stands for core's RealtimeError. */
export class TestError extends Error implements HostError {
  readonly code: string;
  readonly retryable: boolean;
  readonly vendorCode: number | undefined;

  constructor(
    code: string,
    message: string,
    options: { cause?: unknown; vendorCode?: number } = {},
  ) {
    super(message, options);
    this.code = code;
    this.retryable = code !== 'forbidden' && code !== 'auth_denied';
    this.vendorCode = options.vendorCode;
  }
}

export interface Harness {
  readonly session: ClientSession<TestError>;
  /** What the host heard: `[method, ...arguments]`. */
  readonly heard: unknown[][];
  /** Transport messages written since the last call, where they are text. */
  written(): string[];
  /** Their lengths. */
  lengths(): number[];
  /** Frames written since the last call. */
  sent(): unknown[];
  /** Frames in one transport message. */
  receive(...frames: ServerFrame[]): void;
  readonly events: PipeEvents;
  /** How often the host heard that the other end lives. */
  alive(): number;
  /** How the session closed the pipe. */
  readonly closed: { code: number; reason: string }[];
  /** The host's answer to `authorize`. */
  readonly credentials: {
    resolve(credentials: { token?: string }): void;
    reject(error: TestError): void;
  };
  /** Opens the pipe and connects. */
  connect(): Promise<void>;
}

export const connected: ServerFrame = {
  t: 'connected',
  r: 0,
  connection: 'conn-ann',
  client: 'ann',
  resume: 'resume-ann',
  heartbeatMs: 25_000,
  limits: { payloadBytes: 65_536 },
};

/** Lets all that is ready run. */
export const settle = (): Promise<void> => setImmediate();

export interface HarnessOptions {
  readonly resume?: unknown;
  /** @default 'secret-of-ann-1' */
  readonly secret?: string | undefined;
  readonly nonce?: string;
  /** What the pipe opens with. @default JSON */
  readonly codec?: BinaryCodec | undefined;
  /** Runs while the pipe is being opened. */
  readonly openPipe?: () => never;
}

export function createHarness(options: HarnessOptions = {}): Harness {
  const { codec } = options;
  const heard: unknown[][] = [];
  const closed: { code: number; reason: string }[] = [];
  let messages: Data[] = [];
  let signsOfLife = 0;
  let events!: PipeEvents;
  let credentials!: Harness['credentials'];
  const authorized = new Promise<{ token?: string }>((resolve, reject) => {
    credentials = { resolve, reject };
  });
  const hear =
    (name: string) =>
    (...args: unknown[]): void =>
      void heard.push([name, ...args]);
  const host: Host<TestError> = {
    opened: hear('opened'),
    dropped: hear('dropped'),
    attached: hear('attached'),
    replayed: hear('replayed'),
    detached: hear('detached'),
    received: hear('received'),
    presence: hear('presence'),
    report: hear('report'),
    alive: () => void (signsOfLife += 1),
    authorize: () => authorized,
    nonce: options.nonce ?? 'nonce-ann',
    secret: 'secret' in options ? (options.secret as string) : 'secret-of-ann-1',
    instanceId: 'tab-1',
    clock: { now: () => 1_000_000 },
  };
  const session = createSession(
    host,
    (given) => {
      events = given;
      options.openPipe?.();
      return {
        send: (message) => void messages.push(message),
        close(code, reason) {
          closed.push({ code, reason });
          given.closed({ code, reason });
        },
      };
    },
    {
      error: (code, message, more) => new TestError(code, message, more),
      resume: options.resume,
      base64: {
        toBase64: (bytes) => Buffer.from(bytes).toString('base64'),
        fromBase64: (text) => new Uint8Array(Buffer.from(text, 'base64')),
      },
    },
  );
  const harness: Harness = {
    session,
    heard,
    closed,
    credentials,
    alive: () => signsOfLife,
    events,
    written: () => messages.splice(0) as string[],
    lengths: () => messages.splice(0).map(({ length }) => length),
    sent: () => messages.splice(0).flatMap((message) => framesIn(message, codec)),
    receive: (...frames) =>
      events.received(
        codec
          ? codec.join(frames.map((frame) => codec.encode(frame)))
          : frames.map((frame) => JSON.stringify(frame)).join('\n'),
      ),
    async connect() {
      events.opened(codec);
      credentials.resolve({ token: 'token-of-ann' });
      await settle();
      harness.receive(connected);
      messages = [];
      heard.splice(0);
    },
  };
  return harness;
}

function framesIn(message: Data, codec: BinaryCodec | undefined): unknown[] {
  if (typeof message === 'string')
    return message.split('\n').map((line) => JSON.parse(line) as unknown);
  const frames: unknown[] = [];
  for (let at = 0; codec && at < message.length;) {
    const { frame, end } = codec.decode(message, at);
    frames.push(frame);
    at = end;
  }
  return frames;
}

// --- what most tests start from ---

export const never = new AbortController().signal;
export const plain: AttachRequest = { presence: 'none', echo: true, signal: never };

export async function ready(codec?: BinaryCodec): Promise<Harness> {
  const harness = createHarness({ codec });
  await harness.connect();
  return harness;
}

export async function attached(
  cursor = 'e1:4:nonce-bob:3',
  backlog = false,
  codec?: BinaryCodec,
): Promise<Harness> {
  const harness = await ready(codec);
  const done = harness.session.attach('room', plain);
  harness.receive({ t: 'attached', r: 1, c: 'room', continuity: 'initial', cursor, backlog });
  await done;
  harness.sent();
  harness.heard.splice(0);
  return harness;
}

export const message = (s: number) => ({
  ...{
    t: 'message' as const,
    c: 'room',
    s,
    i: `nonce-bob:${s}`,
    e: 'said',
    u: 'bob',
    k: 'conn-bob',
  },
  ...{ ts: 1_700_000_000_000 + s, d: { n: s } },
});
export const outbound = (counter: number, volatile = false) => ({
  ...{ id: `nonce-ann:${counter}`, event: 'said', volatile },
  ...{ data: { n: counter }, json: `{"n":${counter}}` },
});
