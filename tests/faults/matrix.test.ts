/**
 * The fault matrix: every fault meets every operation, with core's own reconnects and with a vendor's. Whatever happens,
 * each promise settles, no stored message is lost unless that is told, none comes twice, and nothing is left behind.
 *
 * @see matrix-faults.ts for the faults · settle.test.ts for a service that says nothing at all
 */
import { RealtimeError, type Channel, type Receipt } from '@anywire/core';
import { afterAll, describe, expect, it } from 'vitest';
import { faults } from './matrix-faults.ts';
import { Scene, type Mode } from './matrix-scene.ts';

// --- the operations ---

/** What the app asks, and whatever of it must settle. */
type Operation = (scene: Scene) => readonly Promise<unknown>[];

/** Said at the end, when everything is well again. */
const lastInHall = 'the end';

const hall = ({ realtime }: Scene): Channel => realtime.channel('hall');

async function pages({ room, abort: { signal } }: Scene, last: number): Promise<number> {
  let read = 0;
  for await (const { items } of room.history({ limit: 1, direction: 'forwards', signal })) {
    read += items.length;
    if (read >= last) break;
  }
  return read;
}

const operations: Readonly<Record<string, Operation>> = {
  connect: ({ realtime, abort }) => [realtime.connection.connect(abort)],
  attach: (scene) => [hall(scene).attach(scene.abort)],
  'on + rewind': (scene) => {
    const { signal } = scene.abort;
    return [
      new Promise((resolve, reject) => {
        const heard: unknown[] = [];
        const hear = (data: unknown): void => {
          if (heard.includes(data)) reject(new Error(`${String(data)} twice`));
          if (heard.push(data) && data === lastInHall) resolve(heard);
        };
        hall(scene).on('e', hear, { rewind: 3, signal });
        signal.addEventListener('abort', resolve);
      }),
    ];
  },
  once: (scene) => [hall(scene).once('e', scene.abort)],
  messages: (scene) => [hall(scene).messages(scene.abort).next()],
  publish: ({ room, abort }) => [room.publish('own', 'a', abort)],
  'publish volatile': ({ room, abort: { signal } }) => [
    room.publish('own', 'v', { volatile: true, signal }),
  ],
  'publish × 20': ({ room, abort }) =>
    Array.from({ length: 20 }, (_, n) => room.publish('own', `b${n}`, abort)),
  'history page': ({ room, abort }) => [room.history(abort).next()],
  'history pages': (scene) => [pages(scene, 2)],
  enter: (scene) => [hall(scene).presence.enter(1, scene.abort)],
  update: ({ room, abort }) => [room.presence.update('there', abort)],
  leave: ({ room, abort }) => [room.presence.leave(abort)],
  watch: (scene) => [
    new Promise((resolve) => {
      const { signal } = scene.abort;
      hall(scene).presence.onSync(() => resolve('synced'), { signal });
      signal.addEventListener('abort', resolve);
    }),
  ],
  detach: (scene) => [hall(scene).attach(scene.abort), hall(scene).detach()],
  close: ({ realtime }) => [realtime.close()],
};

/** What waits for something of the channel, and so for ever where the channel or the client has ended. */
const waitsForChannel = new Set(['on + rewind', 'watch']);

/** Cells that mean nothing. */
const leftOut: Readonly<Record<string, string>> = {
  'close in the middle × close': 'it is the same',
};

// --- one cell ---

interface Outcome {
  readonly code: string;
  readonly value: unknown;
}

const outcomeOf = (promise: Promise<unknown>): Promise<Outcome> =>
  promise.then(
    (value) => ({ code: 'ok', value }),
    (error: unknown) => ({
      code: RealtimeError.is(error) ? error.code : `foreign: ${String(error)}`,
      value: undefined,
    }),
  );

/** How long anything may take once everything is well again. */
const limitMs = 180_000;

async function runCell(mode: Mode, faultName: string, operationName: string): Promise<string> {
  const fault = faults[faultName]!;
  const scene = new Scene(mode, fault.order ?? 'serial');
  const { clock, hub, realtime } = scene;
  await scene.begin();
  let outcomes: (Outcome | undefined)[] = [];
  await fault.run(scene, () => {
    const asked = operations[operationName]!(scene);
    outcomes = asked.map(() => undefined);
    asked.forEach((promise, at) => void outcomeOf(promise).then((end) => (outcomes[at] = end)));
  });
  scene.say(2); // somebody speaks while we may be away
  await clock.settle();
  scene.heal();
  await clock.advance(limitMs);
  scene.say(1);
  hub.publish('hall', 'e', 'new');
  hub.publish('hall', 'e', lastInHall);
  await clock.advance(1_000);

  const isOver = ['closed', 'failed'].includes(realtime.connection.state.get());
  const codes = outcomes.map((end) => end?.code ?? 'pending');
  if (!isOver || !waitsForChannel.has(operationName)) expect(codes).not.toContain('pending');
  const detached = operationName === 'detach' ? ['detached'] : []; // what waited for the attach
  for (const code of codes)
    expect(['ok', 'pending', ...detached, ...(fault.ends ?? [])]).toContain(code);
  judgeMessages(scene, isOver || (fault.isTold?.(scene) ?? false), outcomes);
  await leavesNothing(scene);
  return [...new Set(codes)].join('+');
}

/** Nothing twice; nothing missing that is not told; what was proven is there. */
function judgeMessages(
  { heard, said, gaps }: Scene,
  isTold: boolean,
  outcomes: readonly (Outcome | undefined)[],
): void {
  expect(heard, 'twice').toEqual([...new Set(heard)]);
  const numbers = heard.filter((data) => typeof data === 'number');
  expect(numbers, 'order').toEqual([...numbers].sort((a, b) => a - b));
  const isMissing = numbers.length < said;
  if (isMissing) expect(gaps.length > 0 || isTold, `heard ${heard.join()} of ${said}`).toBe(true);
  const proven = outcomes.filter((end) => (end?.value as Receipt | undefined)?.level === 'stored');
  const own = heard.filter((data) => /^[ab]/.test(String(data)));
  if (gaps.length === 0 && !isTold) expect(own.length).toBeGreaterThanOrEqual(proven.length);
}

async function leavesNothing(scene: Scene): Promise<void> {
  const { realtime, clock, hub } = scene;
  scene.abort.abort();
  void realtime.close();
  await clock.advance(15_000);
  expect(realtime.connection.state.get()).toBe('closed');
  expect(realtime.outbox.entries.get()).toEqual([]);
  expect(scene.watchers.size, 'watchers of the environment').toBe(0);
  expect(hub.connections, 'connections').toBe(0);
  hub.forget();
  await clock.settle();
  expect(clock.pending, 'timers').toBe(0);
}

// --- the matrix ---

const names = Object.keys(operations);
/** How each cell ended, by mode, fault and operation. */
const results = new Map<string, string>();

describe.each<Mode>(['core', 'adapter'])('reconnect: %s', (mode) => {
  describe.each(Object.keys(faults))('%s', (fault) => {
    const cells = names.filter((name) => !leftOut[`${fault} × ${name}`]);
    it.each(cells)('%s settles, loses nothing silently, and leaves nothing', async (operation) => {
      results.set([mode, fault, operation].join(), await runCell(mode, fault, operation));
    });
  });
});

afterAll(() => {
  const rows = Object.keys(faults).map((fault) => {
    const ends = names.map((name) => {
      const codes = ['core', 'adapter'].map((mode) => results.get([mode, fault, name].join()));
      return [...new Set(codes)].filter((code) => code !== undefined).join('/') || '-';
    });
    return `${fault}: ${names.map((name, at) => `${name} ${ends[at]}`).join(', ')}`;
  });
  const out = Object.entries(leftOut).map(([cell, reason]) => `${cell}: ${reason}`);
  console.info(
    [`fault matrix: ${results.size} cells`, ...rows, `left out: ${out.join('; ')}`].join('\n'),
  );
});
