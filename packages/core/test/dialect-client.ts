/**
 * What tests of the dialect session share: a client in virtual time, over a wire whose other end is the test.
 *
 * @see dialect-wire.ts for what a wire is · packages/testkit/src/clock.ts
 */
import { createRealtime, type Channel, type Realtime, type RealtimeError } from '@anywire/core';
import {
  defineDialect,
  type DialectEnd,
  type DialectSpec,
  type SocketEvent,
  type WireEvents,
  type WireHandshake,
} from '@anywire/core/dialect';
import { virtualClock, type VirtualClock } from '@anywire/testkit/clock';

export type TestSpec = Partial<DialectSpec<'socketio'>>;

/** One connection, seen from the server. */
export interface TestWire {
  readonly handshake: WireHandshake;
  /** Every frame that was said on it. */
  readonly heard: SocketEvent[];
  isClosed: boolean;
  /** The server says something. */
  say(...frame: SocketEvent): void;
  /** It breaks, or the server ends it. */
  end(end?: DialectEnd): void;
}

/** Answers one event, with what the server says in its acknowledgement; a promise that never settles: nothing. */
export type Serve = (args: readonly unknown[], wire: TestWire) => unknown;

export interface DialectClient {
  readonly realtime: Realtime;
  readonly room: Channel;
  readonly clock: VirtualClock;
  /** Every wire that was opened. */
  readonly wires: readonly TestWire[];
  /** The newest one. */
  readonly wire: TestWire;
  /** What `realtime.onError` heard. */
  readonly errors: RealtimeError[];
  /** Every connection state, from the first on. */
  readonly states: string[];
  /** The data of all that came to `room`, and `gap` where one was told. */
  readonly data: unknown[];
  /** The wire breaks, and 250 ms later there is a new one. */
  comeBack(): Promise<void>;
}

type Given = Omit<Parameters<typeof createRealtime>[0], 'adapter' | 'channels'>;

export interface DialectClientOptions extends Given {
  readonly dialect?: TestSpec;
  /** By the event's name. What is not here is heard, and never answered. */
  readonly serve?: Readonly<Record<string, Serve>>;
}

/** What the server says: a message is `['say', room, { event, data, … }]`, the rest is as the dialect answers it. */
export const plain: DialectSpec<'socketio'> = {
  name: 'plain',
  on: 'socketio',
  join: (room) => ['join', room],
  leave: (room) => ['leave', room],
  publish: ({ channel, event, data, id }) => ['publish', channel, { event, data, id }],
  echo: false,
  receive: ([event, first, second]) =>
    event === 'say'
      ? { channel: first as string, ...(second as { event: string; data: unknown }) }
      : event === 'told'
        ? (first as { ready: true })
        : undefined,
};

/** The first wait before a reconnect is 250 ms; a repair by history begins 250 ms after the attach. */
export function dialectClient({
  dialect,
  serve = {},
  ...options
}: DialectClientOptions = {}): DialectClient {
  const clock = virtualClock(1_000_000);
  const wires: TestWire[] = [];
  const errors: RealtimeError[] = [];
  const states: string[] = [];
  const data: unknown[] = [];
  const table = new Map(Object.entries(serve));
  const open = (events: WireEvents<'socketio'>, handshake: WireHandshake) => {
    const wire: TestWire = {
      handshake,
      heard: [],
      isClosed: false,
      say: (...frame) => events.received(frame),
      end: (end = { reason: 'cut' }) => events.closed(end),
    };
    wires.push(wire);
    queueMicrotask(() => !wire.isClosed && events.opened(`wire-${wires.length}`));
    return {
      send(frame: SocketEvent, wantsReply: boolean) {
        const [event, ...args] = frame;
        wire.heard.push(frame);
        const answer = table.get(event)?.(args, wire);
        if (!wantsReply) return undefined;
        return table.has(event) ? Promise.resolve(answer) : new Promise(() => {});
      },
      close: () => void (wire.isClosed = true),
      native: wire,
    };
  };
  const realtime = createRealtime({
    ...{ clock, random: () => 0.5, heartbeatMs: 0, log: () => {} },
    ...options,
    adapter: defineDialect({ ...plain, ...dialect }).adapter('socketio', open),
  });
  realtime.onError((error) => errors.push(error));
  realtime.connection.state.subscribe((state) => states.push(state));
  const room = realtime.channel('room');
  return {
    ...{ realtime, room, clock, wires, errors, states, data },
    get wire() {
      const last = wires.at(-1);
      if (!last) throw new Error('no wire was opened yet');
      return last;
    },
    async comeBack() {
      wires.at(-1)?.end();
      await clock.advance(250);
    },
  };
}

/** The same, with `room` attached, and all that it hears. */
export async function attachedClient(options?: DialectClientOptions): Promise<DialectClient> {
  const client = dialectClient(options);
  client.room.onAny((message) => client.data.push(message.data));
  client.room.onGap(() => client.data.push('gap'));
  await client.clock.settle();
  return client;
}

/** What `promise` comes to: `resolved`, or the error's code and text. */
export const outcome = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'resolved',
    (error: unknown) => (error as Error).message,
  );
