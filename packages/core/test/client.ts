/**
 * What most tests of core share: a client on the fake adapter in virtual time, and promises whose fate can be looked
 * at without waiting for it.
 *
 * @see packages/testkit/src/fake.ts · packages/testkit/src/clock.ts
 */
import {
  createRealtime,
  RealtimeError,
  type Channel,
  type ErrorCode,
  type Hint,
  type Inbound,
  type Realtime,
  type RealtimeOptions,
} from '@anywire/core';
import { virtualClock, type VirtualClock } from '@anywire/testkit/clock';
import { fakeAdapter, type FakeAdapter, type FakeOptions } from '@anywire/testkit/fake';

/** A client, and everything around it that a test moves or looks at. */
export interface TestClient {
  readonly realtime: Realtime;
  readonly fake: FakeAdapter;
  readonly clock: VirtualClock;
  /** What `realtime.onError` heard. */
  readonly errors: RealtimeError[];
  /** What was logged, as `level text`. */
  readonly logs: string[];
  /** Every connection state, from the first on. */
  readonly states: string[];
  /** The browser says something. */
  hint(hint: Hint): void;
  /** How many watch the environment. */
  readonly watchers: number;
  /** `sessionStorage`. */
  readonly storage: Map<string, string>;
  /** A channel that is attached. */
  attached(name: string): Promise<Channel>;
}

type Given = Omit<RealtimeOptions, 'adapter'>;
/** `undefined` takes core's own default. */
type Options = { readonly [Name in keyof Given]?: Given[Name] | undefined } & {
  readonly fake?: FakeOptions;
};

/**
 * `random` gives 0.5, so the first wait before a reconnect is 250 ms, the next 500 ms. Silence means nothing, unless a
 * test sets `heartbeatMs`.
 */
export function testClient({ fake: fakeOptions, ...options }: Options = {}): TestClient {
  const clock = virtualClock();
  const fake = fakeAdapter(fakeOptions);
  const errors: RealtimeError[] = [];
  const logs: string[] = [];
  const states: string[] = [];
  const storage = new Map<string, string>();
  const hints = new Set<(hint: Hint) => void>();
  const realtime = createRealtime({
    clock,
    random: () => 0.5,
    heartbeatMs: 0,
    log: (level, text) => void logs.push(`${level} ${text}`),
    environment: {
      watch(fn) {
        hints.add(fn);
        return () => void hints.delete(fn);
      },
      storage: {
        getItem: (key) => storage.get(key) ?? null,
        setItem: (key, value) => void storage.set(key, value),
        removeItem: (key) => void storage.delete(key),
      },
    },
    ...options,
    adapter: fake,
  } as RealtimeOptions);
  realtime.onError((error) => errors.push(error));
  realtime.connection.state.subscribe((state) => states.push(state));
  return {
    realtime,
    fake,
    clock,
    errors,
    logs,
    states,
    storage,
    hint: (hint) => [...hints].forEach((fn) => fn(hint)),
    get watchers() {
      return hints.size;
    },
    async attached(name) {
      const channel = realtime.channel(name);
      await channel.attach();
      return channel;
    },
  };
}

/** A promise, seen from outside. `outcome` is the error's code once it is rejected. */
export interface Fate<Value> {
  outcome: 'pending' | 'resolved' | ErrorCode | 'foreign';
  value: Value | undefined;
  error: unknown;
  readonly promise: Promise<Value>;
}

/** Watches `promise`, so that it never is an unhandled rejection. */
export function fate<Value>(promise: Promise<Value>): Fate<Value> {
  const seen: Fate<Value> = { outcome: 'pending', value: undefined, error: undefined, promise };
  promise.then(
    (value) => Object.assign(seen, { outcome: 'resolved', value }),
    (error: unknown) =>
      Object.assign(seen, {
        outcome: RealtimeError.is(error) ? error.code : 'foreign',
        error,
      }),
  );
  return seen;
}

/** The message with this serial, of another sender. */
export function message(serial: number, more: Partial<Inbound> = {}): Inbound {
  return {
    event: 'e',
    data: serial,
    id: `other:${serial}`,
    serial,
    cursor: `c${serial}`,
    action: 'create',
    ...more,
  };
}

/** The data of every `e` that `channel` gets, in order. */
export function heard(channel: Channel, options?: { rewind?: number }): unknown[] {
  const data: unknown[] = [];
  channel.on('e', (value) => data.push(value), options);
  return data;
}

/** An error as an adapter makes it. */
export function failure(code: ErrorCode): RealtimeError {
  return new RealtimeError(code, 'made by the test');
}
