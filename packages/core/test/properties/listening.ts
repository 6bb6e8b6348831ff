/**
 * Lives of listeners on one channel of a slow hub, by a script; and what each listener must have heard.
 *
 * @see scripts.ts · replay-and-live.test.ts · repair.test.ts
 */
import { createRealtime, RealtimeError, type Gap, type Link } from '@anywire/core';
import { memory, type MemoryFeature } from '@anywire/core/memory';
import { expect } from 'vitest';
import { spoiled } from './property.ts';
import type { Acts, Step } from './scripts.ts';
import { slowHub } from './slow-hub.ts';

/** The hub, and the client. */
export interface Kind {
  readonly lacks: readonly MemoryFeature[];
  readonly order?: 'serial' | 'overtaking';
  /** What the hub keeps: few, so that it forgets. */
  readonly historySize: number;
  readonly repairMessages: number;
}

/** One listener from `on` to its end, and what is due to it. */
class Reader {
  readonly rewind: number;
  /** What it must not hear: this one and older. */
  readonly before: number;
  readonly heard: number[] = [];
  readonly gaps: Gap[] = [];
  /** When its first message came: how many were published, and how many of them in other epochs. */
  at: readonly [number, number] | undefined;
  /** Everything after this one is due to it; undefined while nothing is. */
  after: number | undefined;
  stop: () => void = () => {};

  constructor(rewind: number, before: number) {
    this.rewind = rewind;
    this.before = before;
  }
}

/** Plays `script` on a client whose adapter is broken by `spoil`; answers what its listeners heard. */
export async function play(
  script: readonly Step[],
  { lacks, order = 'serial', historySize, repairMessages }: Kind,
  spoil: (link: Link) => Partial<Link> = () => ({}),
): Promise<Played> {
  /** How many were published before each epoch of the room: message n has the serial n - start of its epoch. */
  const starts: number[] = [];
  let isThere = false;
  let published = 0;
  const touch = (): true => {
    if (!isThere) starts.push(published);
    return (isThere = true);
  };
  const { hub, clock, pass, calmDown } = slowHub({
    historySize,
    heartbeatMs: 1_000,
    authorize: touch,
    lacks,
    order,
  });
  const realtime = createRealtime({
    adapter: spoiled(memory({ hub, clientId: 'ann' }), spoil),
    clock,
    random: () => 0.5,
    reconnectMinMs: 10,
    reconnectMaxMs: 100,
    timeoutMs: 3_000,
    heartbeatSlackMs: 500,
    repairMessages,
    log: () => {},
  });
  const room = realtime.channel('room');
  const late: string[] = [];
  /** The newest that any of them has heard. */
  let seen = 0;
  const readers: Reader[] = [];
  let listening: Reader[] = [];
  room.onError(({ message }) => {
    if (!message.includes('evicted')) late.push(message);
  });
  room.onGap((gap) => listening.forEach(({ gaps }) => gaps.push(gap)));
  room.state.subscribe((state) => {
    if (state === 'attached')
      for (const reader of listening) if (reader.rewind === 0) reader.after ??= published;
  });

  const publish = (count: number): void => {
    for (let left = count; left > 0; left -= 1) {
      touch();
      hub.publish('room', 'e', (published += 1));
    }
  };
  const outage = async (begin: () => void, count: number): Promise<void> => {
    begin();
    await pass();
    publish(count);
    await clock.advance(1_600); // longer than silence is borne
    hub.start();
  };
  const acts: Acts = {
    publish,
    listen(rewind) {
      const isOpen = !['idle', 'detached'].includes(room.state.get());
      const reader = new Reader(rewind, Math.min(published - rewind, isOpen ? seen : Infinity));
      const { heard } = reader;
      readers.push(reader);
      listening.push(reader);
      if (rewind === 0 && room.state.get() === 'attached') reader.after = published;
      const hear = (data: unknown): void => {
        seen = Math.max(seen, data as number);
        if (heard.push(data as number) === 1) reader.at = [published, starts.at(-1) ?? 0];
      };
      reader.stop = room.on('e', hear, { rewind });
    },
    stop(index) {
      listening[index]?.stop();
      listening = listening.filter((_, other) => other !== index);
    },
    wait: (ms) => clock.advance(ms),
    cut: () => hub.drop(),
    'silent for': (count) => outage(hub.mute, count),
    'refused for': (count) => outage(hub.stop, count),
    async evict() {
      hub.evict('room', { error: new RealtimeError('server_error', 'evicted'), retry: 'now' });
      await pass();
    },
    forget() {
      isThere = false;
      hub.forget();
    },
    duplicate: (count) => hub.duplicate(count),
    reorder(count) {
      if (order === 'overtaking') hub.reorder(count);
      publish(count);
    },
  };
  for (const step of script) {
    await acts[step.act](step.count);
    await pass(step.pass);
  }
  await calmDown(10_000);
  await realtime.close();
  await pass();
  hub.forget();
  for (const message of late) expect(message).toContain('timeout');
  expect(clock.pending).toBe(0);

  /** The number of the last message before `cursor`. */
  const numberOf = (cursor: string | undefined, missing: number): number => {
    const [epoch = '', serial] = cursor?.split(':') ?? [];
    return serial === undefined
      ? missing
      : (starts[Number(epoch.slice(1)) - 1] ?? NaN) + Number(serial);
  };
  return {
    now: [published, starts.at(-1) ?? 0],
    isLate: late.length > 0,
    readers: readers.map((reader) => ({
      ...reader,
      isOn: listening.includes(reader),
      holes: reader.gaps.map(({ since, until }): readonly [number, number] => [
        numberOf(since, 0),
        numberOf(until, Infinity),
      ]),
    })),
  };
}

export interface Played {
  /** At the end: how many were published, and how many of them in other epochs. */
  readonly now: readonly [number, number];
  /** A history page came too late, and the app was told. */
  readonly isLate: boolean;
  readonly readers: readonly (Omit<Reader, 'stop'> & {
    readonly isOn: boolean;
    /** From after the first to the second. */
    readonly holes: readonly (readonly [number, number])[];
  })[];
}

export function judge({ now, isLate, readers }: Played, { historySize, order }: Kind): void {
  const [published] = now;
  for (const reader of readers) {
    const { heard, rewind, before, at, isOn, holes, after = published } = reader;
    const what = JSON.stringify(reader);
    const once = [...new Set(heard)];
    expect(heard, what).toEqual(order ? once : once.sort((a, b) => a - b));
    const [first = published + 1] = heard;
    if (!order) expect(first, what).toBeGreaterThan(before);
    const [count, start] = at ?? now;
    const latest = Math.max(start, count - Math.min(rewind, historySize)) + 1;
    // Where messages overtake, what comes first may be late, and what comes last early.
    const begins = isLate ? (order ? count + 1 : first) : order ? latest : Math.min(first, latest);
    const begin = rewind === 0 ? after + 1 : begins;
    const end = isOn ? published : order ? 0 : (heard.at(-1) ?? 0);
    for (let n = begin; n <= end; n += 1)
      if (!heard.includes(n) && !holes.some(([since, until]) => since < n && n <= until))
        expect.fail(`${n} is missing, and no gap holds it: ${what}`);
  }
}
