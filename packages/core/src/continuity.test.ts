import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seed } from '../../../tests/seed.ts';
import { scale } from '../../../tests/tier.ts';
import { failure, heard, message, testClient, type TestClient } from '../test/client.ts';
import type { Channel, Gap } from './api.ts';
import type { AttachedInfo } from './contract.ts';

type Options = Parameters<typeof testClient>[0];

/**
 * A client with an attached channel, all that it hears and all gaps; attaches are answered by the test after the first.
 * What a repair does is in `repair.test.ts`; here the backend has no history.
 */
async function attached(
  options: Options = {},
): Promise<TestClient & { room: Channel; data: unknown[]; gaps: Gap[] }> {
  const capabilities = { history: { support: 'none' } } as const;
  const client = testClient({ ...options, fake: { capabilities, ...options.fake } });
  const room = client.realtime.channel('room');
  const data = heard(room);
  const gaps: Gap[] = [];
  room.onGap((gap) => gaps.push(gap));
  await client.clock.settle();
  return { ...client, room, data, gaps };
}

/** Drops, reconnects, and answers the next attach with `info`. */
async function comeBack({ fake, clock }: TestClient, info: AttachedInfo): Promise<void> {
  fake.handle('attach', (call) => call.answer(info));
  fake.drop();
  await clock.advance(20_000);
}

describe('after a drop', () => {
  it('kept: resumes from the last message, and tells no gap', async () => {
    const client = await attached();
    const { fake, data, gaps } = client;
    fake.link.received('room', message(1));
    fake.link.received('room', message(2));
    await comeBack(client, { continuity: 'kept', cursor: 'c2' });
    expect(fake.last('attach').request).toMatchObject({ cursor: 'c2' });
    fake.link.received('room', message(3));
    expect(data).toEqual([1, 2, 3]);
    expect(gaps).toEqual([]);
  });

  it('without a message since: resumes from the cursor of the attach', async () => {
    const client = await attached();
    await comeBack(client, { continuity: 'kept' });
    expect(client.fake.last('attach').request.cursor).toBe('fake:0');
    await comeBack(client, { continuity: 'kept' });
    expect(client.fake.last('attach').request.cursor).toBe('fake:0');
  });

  it('kept with a backlog: delivers it in order, marked as replayed, and live messages after it', async () => {
    const client = await attached();
    const { fake, data, gaps, room } = client;
    const replays: unknown[] = [];
    room.onAny(({ replayed }) => replays.push(replayed));
    fake.link.received('room', message(1));
    await comeBack(client, { continuity: 'kept', cursor: 'c3', backlog: true });
    fake.link.received('room', message(2, { replayed: true }));
    fake.link.received('room', message(3, { replayed: true }));
    fake.link.replayed('room');
    fake.link.received('room', message(4));
    expect(data).toEqual([1, 2, 3, 4]);
    expect(replays).toEqual([false, true, true, false]);
    expect(gaps).toEqual([]);
  });

  it('a drop in the middle of a backlog: the next resume goes on from the last delivered one', async () => {
    const client = await attached();
    const { fake, data, gaps } = client;
    fake.link.received('room', message(1));
    await comeBack(client, { continuity: 'kept', cursor: 'c4', backlog: true });
    fake.link.received('room', message(2, { replayed: true }));
    await comeBack(client, { continuity: 'kept', cursor: 'c4', backlog: true });
    expect(fake.last('attach').request.cursor).toBe('c2');
    for (const serial of [3, 4]) fake.link.received('room', message(serial, { replayed: true }));
    fake.link.replayed('room');
    expect(data).toEqual([1, 2, 3, 4]);
    expect(gaps).toEqual([]);
  });

  it.each<['lost' | 'unknown', string | undefined]>([
    ['lost', 'the log was cut'],
    ['unknown', undefined],
  ])(
    '%s without a backlog: tells one gap, with where from and where to',
    async (continuity, reason) => {
      const client = await attached();
      const { fake, gaps, data } = client;
      fake.link.received('room', message(5));
      await comeBack(client, { continuity, cursor: 'c9', ...(reason && { reason }) });
      await client.clock.advance(60_000);
      expect(gaps).toEqual([
        {
          channel: 'room',
          continuity,
          since: 'c5',
          until: 'c9',
          recovered: 0,
          reason: reason ?? expect.any(String),
        },
      ]);
      fake.link.received('room', message(10));
      expect(data).toEqual([5, 10]);
    },
  );

  it('lost with a backlog: delivers what was found, then tells one gap with recovered: 2', async () => {
    const client = await attached();
    const { fake, gaps, data, room } = client;
    const order: unknown[] = [];
    room.onAny(({ data: value }) => order.push(value));
    room.onGap(() => order.push('gap'));
    fake.link.received('room', message(1));
    await comeBack(client, { continuity: 'lost', cursor: 'c9', backlog: true });
    fake.link.received('room', message(8, { replayed: true }));
    fake.link.received('room', message(9, { replayed: true }));
    expect(gaps).toEqual([]);
    fake.link.replayed('room');
    fake.link.received('room', message(10));
    expect(order).toEqual([1, 8, 9, 'gap', 10]);
    expect(gaps).toMatchObject([{ since: 'c1', until: 'c9', recovered: 2 }]);
    expect(data).toEqual([1, 8, 9, 10]);
  });

  it('lost, and dropped again in its backlog: both gaps are told, none twice', async () => {
    const client = await attached();
    const { fake, gaps } = client;
    fake.link.received('room', message(1));
    await comeBack(client, { continuity: 'lost', cursor: 'c9', backlog: true });
    fake.link.received('room', message(8, { replayed: true }));
    await comeBack(client, { continuity: 'kept', cursor: 'c9' });
    expect(fake.last('attach').request.cursor).toBe('c8');
    await client.clock.advance(60_000);
    expect(gaps).toMatchObject([{ continuity: 'lost', since: 'c1', recovered: 1 }]);
  });

  it('lost: an epoch that begins at 1 again is delivered, and a message sent twice is not', async () => {
    const client = await attached();
    const { fake, data } = client;
    fake.link.received('room', message(50, { data: 'a' }));
    fake.link.received('room', message(51, { data: 'b' }));
    await comeBack(client, { continuity: 'lost', cursor: 'n0' });
    fake.link.received('room', message(51, { serial: 1, data: 'b', cursor: 'n1' })); // sent again
    fake.link.received('room', message(52, { serial: 2, data: 'c', cursor: 'n2' }));
    expect(data).toEqual(['a', 'b', 'c']);
  });

  it('2 losses in a row tell 2 gaps', async () => {
    const client = await attached();
    await comeBack(client, { continuity: 'unknown', cursor: 'x1' });
    await comeBack(client, { continuity: 'unknown', cursor: 'x2' });
    expect(client.gaps).toMatchObject([
      { since: 'fake:0', until: 'x1' },
      { since: 'x1', until: 'x2' },
    ]);
  });

  it('messages that come twice over a resume are delivered once', async () => {
    const client = await attached();
    const { fake, data } = client;
    for (const serial of [1, 2, 3]) fake.link.received('room', message(serial));
    await comeBack(client, { continuity: 'kept', backlog: true });
    for (const serial of [2, 3, 4]) fake.link.received('room', message(serial, { replayed: true }));
    fake.link.replayed('room');
    expect(data).toEqual([1, 2, 3, 4]);
  });

  it('a gap is told to the listeners of gaps when one of them throws', async () => {
    const client = await attached();
    let heardGap = 0;
    client.room.onGap(() => {
      throw new Error('mine');
    });
    client.room.onGap(() => (heardGap += 1));
    await comeBack(client, { continuity: 'lost' });
    expect(heardGap).toBe(1);
    expect(client.errors).toMatchObject([{ code: 'listener_failed' }]);
  });
});

describe('after other interruptions', () => {
  it('a channel that the service ended for now resumes from its cursor, and tells what was lost', async () => {
    const client = await attached();
    const { fake, clock, gaps } = client;
    fake.link.received('room', message(1));
    fake.handle('attach', (call) => call.answer({ continuity: 'lost', cursor: 'c7' }));
    fake.link.detached('room', { error: failure('server_error'), retry: 'backoff' });
    await clock.advance(250);
    expect(gaps).toMatchObject([{ since: 'c1', until: 'c7' }]);
  });

  it('suspended for 10 minutes: resumes from its cursor, and tells what was lost', async () => {
    const client = await attached();
    const { fake, clock, gaps } = client;
    fake.link.received('room', message(1));
    fake.hold('open');
    fake.drop();
    await clock.advance(600_000);
    expect(client.states.at(-1)).toBe('suspended');
    fake.handle('attach', (call) => call.answer({ continuity: 'lost', cursor: 'c7' }));
    fake.release('open');
    await clock.advance(20_000);
    expect(gaps).toMatchObject([{ since: 'c1', until: 'c7' }]);
  });

  it('a detach and a new attach begin anew: no cursor, no gap, the same serials again', async () => {
    const client = await attached({ lingerMs: 0 });
    const { fake, clock, room, gaps } = client;
    const off = room.on('e', () => {});
    fake.link.received('room', message(1));
    await client.realtime.close();
    await client.realtime.connection.connect();
    await clock.settle();
    off();
    expect(fake.last('attach').request.cursor).toBeUndefined();
    fake.link.received('room', message(1));
    expect(client.data).toEqual([1, 1]);
    expect(gaps).toEqual([]);
  });

  it('a new attachment whose backend names no cursor does not resume from one of the old', async () => {
    const client = await attached({ lingerMs: 0 });
    const { fake, clock } = client;
    const room = await client.attached('room');
    fake.link.received('room', message(1));
    await client.realtime.close();
    fake.handle('attach', (call) => call.answer({ continuity: 'initial' }));
    await client.realtime.connection.connect();
    await clock.settle();
    expect(room.state.get()).toBe('attached');
    fake.drop();
    await clock.advance(250);
    expect(fake.last('attach').request.cursor).toBeUndefined();
  });

  it('a vendor that was away and cannot tell: one gap', async () => {
    const client = await attached({ fake: { reconnect: 'adapter' } });
    const { fake, gaps, data } = client;
    fake.link.received('room', message(1));
    fake.drop();
    fake.reopen('unknown');
    await client.clock.advance(60_000);
    fake.link.received('room', message(2));
    expect(gaps).toHaveLength(1);
    expect(gaps[0]).toMatchObject({ continuity: 'unknown', since: 'c1' });
    expect(data).toEqual([1, 2]);
  });

  it('a vendor that delivers while our own attach fails, and then says kept: nothing is missed', async () => {
    const client = await attached({ fake: { reconnect: 'adapter' } });
    const { fake, gaps, data } = client;
    fake.link.received('room', message(1));
    fake.link.detached('room', { error: failure('server_error'), retry: 'backoff' });
    fake.link.received('room', message(2));
    fake.link.attached('room', { continuity: 'kept', cursor: 'c2' });
    fake.link.received('room', message(3));
    expect(data).toEqual([1, 2, 3]);
    expect(gaps).toEqual([]);
  });

  it('a vendor that reports a loss while connected: one gap, and messages flow on', async () => {
    const client = await attached({ fake: { reconnect: 'adapter' } });
    const { fake, gaps, data } = client;
    fake.link.received('room', message(1));
    fake.link.attached('room', { continuity: 'lost', cursor: 'x' });
    fake.link.received('room', message(2));
    expect(gaps).toMatchObject([{ continuity: 'lost', since: 'c1', until: 'x' }]);
    expect(data).toEqual([1, 2]);
  });
});

it('no message is lost or doubled without a gap, over random drops of a log that keeps the last 5', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('live', 'live', 'live', 'away', 'drop', 'cut'), { maxLength: 40 }),
      async (steps) => {
        const client = await attached({ reconnectMinMs: 1, reconnectMaxMs: 1 });
        const { fake, clock, data, gaps } = client;
        let log = 0;
        /** Where the reader would believe to be: each gap lets it jump. */
        const answer = (stopAfter: number): void =>
          fake.handle('attach', (call) => {
            const from = Number(call.request.cursor?.slice(1).replace('ake:', '') ?? 0);
            const kept = from >= log - 5;
            const first = kept ? from + 1 : log - 4;
            const backlog = first <= log;
            call.answer({ continuity: kept ? 'kept' : 'lost', cursor: `c${log}`, backlog });
            for (let serial = first; serial <= log; serial += 1) {
              if (serial - first === stopAfter) return fake.drop();
              fake.link.received('room', message(serial, { replayed: true }));
            }
            if (backlog) fake.link.replayed('room');
          });
        const comeBackAfter = async (stopAfter: number): Promise<void> => {
          answer(stopAfter);
          fake.drop();
          await clock.advance(5);
          answer(Infinity);
          await clock.advance(20_000);
        };
        for (const step of steps) {
          if (step === 'live') fake.link.received('room', message((log += 1)));
          else if (step === 'drop') await comeBackAfter(Infinity);
          else if (step === 'cut') await comeBackAfter(1);
          else {
            fake.hold('open');
            fake.drop();
            log += 3; // published while we are away
            fake.release('open');
            answer(Infinity);
            await clock.advance(20_000);
          }
        }
        const jumps = data.filter((value, at) => at > 0 && value !== Number(data[at - 1]) + 1);
        expect(data).toEqual([...new Set(data)]);
        expect(jumps.length).toBeLessThanOrEqual(gaps.length);
        expect(data.at(-1) ?? 0).toBe(log);
      },
    ),
    { seed, numRuns: scale(40, 1_000) },
  );
}, 60_000);
