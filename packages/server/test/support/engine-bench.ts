/**
 * Opens engines for the conformance suite, and closes them after each test.
 *
 * @see engine-conformance.ts
 */
import { afterEach } from 'vitest';
import type {
  Appended,
  Clock,
  Draft,
  Engine,
  EngineHost,
  Entry,
  MemberChange,
  ReadQuery,
  Retention,
  Slice,
} from '../../src/index.ts';

/** How the suite gets an engine, and lets time pass for it. */
export interface EngineHarness {
  create(): Engine;
  readonly clock: Clock;
  /** Lets time pass: virtual where the engine takes the clock, real where its store has its own. */
  pass(ms: number): Promise<void>;
}

/** What the engine reported. */
export interface Reported {
  readonly messages: { channel: string; entry: Entry }[];
  readonly volatile: { channel: string; id: string; text: string }[];
  readonly members: { channel: string; change: MemberChange }[];
  /** The ids of all messages, volatile ones too. */
  readonly order: string[];
}

/** An engine that is open. */
export interface Opened extends Pick<EngineHarness, 'clock' | 'pass'> {
  readonly engine: Engine;
  readonly reported: Reported;
}

export const second = 1_000;

/** Answers a function that opens an engine of `harness`. */
export function engineBench(
  harness: () => EngineHarness,
): (retention?: Retention) => Promise<Opened> {
  const opened: Engine[] = [];
  afterEach(async () => {
    for (const engine of opened.splice(0)) await engine.close();
  });
  return async (retention = { size: 1_000, ttlMs: 3_600 * second }) => {
    const { create, clock, pass } = harness();
    const reported: Reported = { messages: [], volatile: [], members: [], order: [] };
    const host: EngineHost = {
      clock,
      log: () => {},
      retention: () => retention,
      message(channel, entry) {
        reported.messages.push({ channel, entry });
        reported.order.push(entry.id);
      },
      volatile(channel, id, { text }) {
        reported.volatile.push({ channel, id, text });
        reported.order.push(id);
      },
      presence: (channel, change) => reported.members.push({ channel, change }),
      reset: () => {},
    };
    const engine = create();
    opened.push(engine);
    await engine.open(host);
    return { engine, reported, clock, pass };
  };
}

/** A draft whose data is its id. */
export const draft = (id: string, timestamp = 1): Draft => ({
  id,
  timestamp,
  tail: `,"i":"${id}","e":"m","ts":${timestamp},"d":"${id}"}`,
});

export const append = async (
  engine: Engine,
  channel: string,
  id: string,
  at = 1,
): Promise<Appended> => engine.append(channel, draft(id, at));

export const read = async (
  engine: Engine,
  query: Partial<ReadQuery>,
  channel = 'c',
): Promise<Slice> =>
  engine.read(channel, { direction: 'forwards', limit: 100, maxBytes: 1e6, ...query });

export const ids = ({ entries }: Slice): string[] => entries.map(({ id }) => id);

/** Messages `n:1` to `n:<count>`, 10 ms apart. */
export const fill = async (engine: Engine, count: number): Promise<void> => {
  for (let n = 1; n <= count; n++) await append(engine, 'c', `n:${n}`, n * 10);
};
