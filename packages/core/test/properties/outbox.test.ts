/**
 * The outbox against a backend that loses connections at the worst moments: before a publish is stored, or after it was
 * stored and before its receipt arrives; that holds its answers, refuses, and is away for longer than a publish may wait.
 *
 * @see docs/semantics.md#outbox
 */
import type { Receipt } from '@anywire/core';
import type { FakeCall } from '@anywire/testkit/fake';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { failure, fate, testClient, type Fate } from '../client.ts';
import { finds, holds, limitMs } from './property.ts';

/** What the backend does with the next publish that arrives. */
const mishaps = [
  'lose request',
  'lose receipt',
  'hold receipt',
  'refuse for now',
  'refuse one for now',
  'refuse for ever',
  'fail',
] as const;
type Mishap = (typeof mishaps)[number];

type Step =
  | { readonly do: 'publish'; readonly channel: string }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'abort'; readonly which: number }
  | { readonly do: 'drop' | 'away' | 'release' }
  | { readonly do: Mishap };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({
        do: fc.constant('publish' as const),
        channel: fc.constantFrom('room', 'room', 'hall'),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('wait' as const),
        ms: fc.constantFrom(1, 20, 20, 200, 11_000),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('abort' as const), which: fc.nat(20) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constantFrom('drop' as const, 'away' as const, 'release' as const),
      }),
    },
    { weight: 7, arbitrary: fc.record({ do: fc.constantFrom(...mishaps) }) },
  ),
  { maxLength: 40 },
);

const options = fc.record({
  maxBatch: fc.integer({ min: 1, max: 4 }),
  inFlight: fc.integer({ min: 1, max: 4 }),
  needsAttach: fc.boolean(),
  /** Whether the backend knows a publish again by its id. */
  knowsIds: fc.boolean(),
});

type Options = typeof options extends fc.Arbitrary<infer Value> ? Value : never;

interface Sent {
  readonly channel: string;
  readonly fate: Fate<Receipt>;
}

interface Played {
  /** In the order of the calls. A publish's data is its place here. */
  readonly sent: readonly Sent[];
  /** What each channel has, in the order in which it was stored. */
  readonly logs: ReadonlyMap<string, readonly number[]>;
  /** What was handed to the backend, as often as it was. */
  readonly written: readonly unknown[];
  readonly isRefused: boolean;
}

/** How a backend can be broken, for the seeded bugs. */
type Broken = 'acks what it loses' | 'forgets ids' | 'says it was refused when it was stored';

async function play(
  script: readonly Step[],
  { maxBatch, inFlight, needsAttach, knowsIds }: Options,
  broken?: Broken,
): Promise<Played> {
  const { realtime, fake, clock } = testClient({
    reconnectMinMs: 100,
    reconnectMaxMs: 100,
    fake: {
      capabilities: {
        publish: { maxBatch, inFlight, needsAttach },
        idempotencyWindowMs: knowsIds ? 120_000 : 0,
      },
    },
  });
  /** By channel and id. */
  const serials = new Map<string, number>();
  const logs = new Map<string, number[]>([
    ['room', []],
    ['hall', []],
  ]);
  const holding: (() => void)[] = [];
  let next: Mishap | undefined;
  let isRefused = false;

  const store = ({ channel, batch }: FakeCall<'publish'>, from = 0) =>
    batch.slice(from).map(({ id, data }) => {
      const key = `${channel} ${id}`;
      const duplicate = knowsIds && serials.has(key);
      if (!duplicate || broken === 'forgets ids')
        serials.set(key, (logs.get(channel) as number[]).push(data as number));
      return { level: 'stored', serial: serials.get(key) as number, duplicate } as const;
    });
  const act: Record<Mishap | 'answer', (call: FakeCall<'publish'>) => void> = {
    answer: (call) => call.answer(store(call)),
    'lose request'(call) {
      if (broken === 'acks what it loses')
        return call.answer(call.batch.map(() => ({ level: 'stored', serial: 1 })));
      fake.drop();
    },
    'lose receipt'(call) {
      store(call);
      fake.drop();
    },
    'hold receipt'(call) {
      const outcomes = store(call);
      holding.push(() => call.answer(outcomes));
    },
    'refuse for now'(call) {
      if (broken === 'says it was refused when it was stored') store(call);
      const error = failure('rate_limited');
      call.answer(call.batch.map(() => ({ error })));
    },
    'refuse one for now': (call) =>
      call.answer([{ error: failure('rate_limited'), retryAfterMs: 50 }, ...store(call, 1)]),
    'refuse for ever'(call) {
      const error = failure('forbidden');
      call.answer(call.batch.map(() => ({ error })));
    },
    fail: (call) => call.reject(failure('server_error')),
  };
  fake.handle('publish', (call) => {
    if (realtime.connection.state.get() !== 'connected') return; // written after what was lost
    const mishap = next ?? 'answer';
    next = undefined;
    isRefused ||= mishap === 'fail' || mishap.startsWith('refuse');
    act[mishap](call);
  });

  await realtime.connection.connect();
  const sent: Sent[] = [];
  const aborts: AbortController[] = [];
  const release = (): void => holding.splice(0).forEach((answer) => answer());
  for (const step of script) {
    if (step.do === 'publish') {
      const { channel } = step;
      const abort = new AbortController();
      const promise = realtime.channel(channel).publish('e', sent.length, { signal: abort.signal });
      sent.push({ channel, fate: fate(promise) });
      aborts.push(abort);
    } else if (step.do === 'wait') await clock.advance(step.ms);
    else if (step.do === 'abort') aborts[step.which]?.abort();
    else if (step.do === 'release') release();
    else if (step.do === 'drop' || step.do === 'away') {
      if (step.do === 'away') fake.hold('open');
      if (realtime.connection.state.get() === 'connected') fake.drop();
      if (step.do === 'away') await clock.advance(70_000); // longer than a publish may wait
      fake.release('open');
    } else next = step.do;
  }
  next = undefined;
  release();
  await clock.advance(120_000);
  expect(realtime.outbox.entries.get()).toEqual([]);
  await realtime.close();
  expect(clock.pending).toBe(0);
  const written = fake.all('publish').flatMap(({ batch }) => batch.map(({ data }) => data));
  return { sent, logs, written, isRefused };
}

/** It left without having been handed over. */
const unwritten = ['expired', 'outbox_full', 'suspended'];
/** The service said no, or nothing can be said. */
const others = ['forbidden', 'aborted', 'outcome_unknown', 'rate_limited'];

function judge({ sent, logs, written, isRefused }: Played, { inFlight }: Options): void {
  const said = sent.map(({ fate: { outcome } }) => outcome).join(' ');
  for (const [channel, log] of logs) {
    expect(new Set(log).size, `${channel} has ${log.join()} of ${said}`).toBe(log.length);
    if (!isRefused || inFlight === 1) expect(log, said).toEqual([...log].sort((a, b) => a - b));
  }
  for (const [
    data,
    {
      channel,
      fate: { outcome, value },
    },
  ] of sent.entries()) {
    const log = logs.get(channel) as readonly number[];
    const what = `publish ${data}: ${outcome}, ${channel} has ${log.join()}`;
    expect(['resolved', ...unwritten, ...others], what).toContain(outcome);
    if (outcome === 'resolved') expect(log[Number(value?.serial) - 1], what).toBe(data);
    if (unwritten.includes(outcome)) expect(log, what).not.toContain(data);
    if (outcome === 'forbidden') expect(log, what).not.toContain(data);
    if (outcome === 'outcome_unknown') expect(written, what).toContain(data);
  }
}

const property = (broken?: Broken): fc.IRawProperty<[Step[], Options]> =>
  fc.asyncProperty(steps, options, async (script, given) =>
    judge(await play(script, given, broken), given),
  );

it(
  'each publish settles, is stored at most once and in order, and its end tells the truth',
  () => holds(property()),
  limitMs,
);

it(
  'each publish is stored and proven where the backend knows ids and nothing takes long',
  () =>
    holds(
      fc.asyncProperty(steps, options, async (script, given) => {
        const kind = ['abort', 'away', 'hold receipt', 'refuse for ever', 'fail'];
        const calm = script.filter((step) => !kind.includes(step.do));
        const { sent, logs } = await play(calm, { ...given, knowsIds: true });
        expect(sent.map(({ fate: { outcome } }) => outcome)).toEqual(sent.map(() => 'resolved'));
        expect([...logs.values()].flat().sort((a, b) => a - b)).toEqual([...sent.keys()]);
      }),
    ),
  limitMs,
);

// --- seeded bugs ---

it.each<Broken>(['acks what it loses', 'forgets ids', 'says it was refused when it was stored'])(
  'finds a backend that %s',
  (broken) => finds(property(broken)),
);
