import { describe, expect, it } from 'vitest';
import { failure, fate, message, testClient, type TestClient } from '../test/client.ts';
import type { Channel } from './api.ts';

async function attached(): Promise<TestClient & { room: Channel; receive(...s: number[]): void }> {
  const client = testClient({ lingerMs: 0 });
  const room = client.realtime.channel('room');
  await room.attach();
  return {
    ...client,
    room,
    receive(...serials) {
      for (const serial of serials) client.fake.link.received('room', message(serial));
    },
  };
}

describe('messages()', () => {
  it('gives every message of the channel in order, whatever its event', async () => {
    const { room, fake, receive } = await attached();
    const reader = room.messages();
    receive(1, 2);
    fake.link.received('room', message(3, { event: 'other' }));
    const seen: unknown[] = [];
    for await (const { event, data } of reader) {
      seen.push([event, data]);
      if (data === 3) break;
    }
    expect(seen).toEqual([
      ['e', 1],
      ['e', 2],
      ['other', 3],
    ]);
  });

  it('begins with the call, not with the first read', async () => {
    const { room, receive } = await attached();
    const reader = room.messages();
    receive(1);
    expect((await reader.next()).value?.data).toBe(1);
  });

  it('serves 3 reads that wait in their order', async () => {
    const { room, clock, receive } = await attached();
    const reader = room.messages();
    const reads = [1, 2, 3].map(() => fate(reader.next()));
    receive(1, 2);
    await clock.settle();
    expect(reads.map(({ value }) => value && !value.done && value.value.data)).toEqual([
      1,
      2,
      undefined,
    ]);
  });

  it('keeps the channel attached, and lets go of it when the reader leaves its loop', async () => {
    const { room, clock, receive } = await attached();
    const reader = room.messages();
    await room.detach();
    await clock.settle();
    expect(room.state.get()).toBe('attached');
    receive(1);
    for await (const { data } of reader) {
      expect(data).toBe(1);
      break;
    }
    await clock.settle();
    expect(room.state.get()).toBe('detached');
    await expect(reader.next()).resolves.toEqual({ done: true, value: undefined });
  });

  it('return() ends reads that wait, and throws away what was not read', async () => {
    const { room, clock, receive } = await attached();
    const reader = room.messages();
    const read = fate(reader.next());
    await expect(reader.return?.()).resolves.toEqual({ done: true, value: undefined });
    await clock.settle();
    expect(read.value).toEqual({ done: true, value: undefined });
    const other = room.messages();
    receive(1, 2);
    await other.return?.();
    await expect(other.next()).resolves.toEqual({ done: true, value: undefined });
  });

  it('a buffer of 2 that overflows: the 3 that came are given, then overflow is thrown', async () => {
    const { room, receive, clock } = await attached();
    const reader = room.messages({ buffer: 2 });
    receive(1, 2, 3, 4, 5);
    const seen: unknown[] = [];
    const loop = fate(
      (async () => {
        for await (const { data } of reader) seen.push(data);
      })(),
    );
    await clock.settle();
    expect(loop.outcome).toBe('overflow');
    expect(seen.slice(0, 2)).toEqual([1, 2]);
    expect(seen).not.toContain(5);
    await room.detach();
    await clock.settle();
    expect(room.state.get()).toBe('detached');
  });

  it('a buffer of 2 with drop-oldest gives the last 2 of 5', async () => {
    const { room, receive } = await attached();
    const reader = room.messages({ buffer: 2, overflow: 'drop-oldest' });
    receive(1, 2, 3, 4, 5);
    expect([(await reader.next()).value?.data, (await reader.next()).value?.data]).toEqual([4, 5]);
  });

  it('a buffer of 0 gives what is waited for, and overflows at the first that is not', async () => {
    const { room, receive, clock } = await attached();
    const reader = room.messages({ buffer: 0 });
    const read = fate(reader.next());
    receive(1);
    await clock.settle();
    expect(read.outcome).toBe('resolved');
    receive(2);
    const next = [fate(reader.next()), fate(reader.next())];
    await clock.settle();
    expect(next.map(({ outcome }) => outcome)).toContain('overflow');
  });

  it('ends with close(), after what came before was read', async () => {
    const { room, realtime, clock, receive } = await attached();
    const reader = room.messages();
    const waiting = room.messages();
    const read = fate(waiting.next());
    receive(1);
    const last = fate(waiting.next());
    await realtime.close();
    await clock.settle();
    expect(read.outcome).toBe('resolved');
    expect(last.value).toEqual({ done: true, value: undefined });
    expect((await reader.next()).value?.data).toBe(1);
    await expect(reader.next()).resolves.toEqual({ done: true, value: undefined });
  });

  it('throws why the channel failed, to the read that waits and to the next', async () => {
    const { room, fake, clock } = await attached();
    const reader = room.messages();
    const read = fate(reader.next());
    fake.link.detached('room', { error: failure('forbidden'), retry: 'never' });
    await clock.settle();
    expect(read.outcome).toBe('forbidden');
  });

  it('throws aborted when its signal fires, also when it fired before', async () => {
    const { room, clock } = await attached();
    const abort = new AbortController();
    const read = fate(room.messages({ signal: abort.signal }).next());
    abort.abort();
    const late = fate(room.messages({ signal: abort.signal }).next());
    await clock.settle();
    expect([read.outcome, late.outcome]).toEqual(['aborted', 'aborted']);
    await room.detach();
    await clock.settle();
    expect(room.state.get()).toBe('detached'); // neither holds it
  });

  it('survives a drop: goes on with what the next connection brings', async () => {
    const { room, fake, clock, receive } = await attached();
    const reader = room.messages();
    receive(1);
    fake.drop();
    await clock.advance(250);
    receive(2);
    expect([(await reader.next()).value?.data, (await reader.next()).value?.data]).toEqual([1, 2]);
  });

  it('gives a rewind first', async () => {
    const { room, fake, clock, receive } = await attached();
    fake.handle('history', (call) =>
      call.answer({ items: [message(2), message(1)], complete: true }),
    );
    const reader = room.messages({ rewind: 2 });
    receive(3);
    await clock.settle();
    const seen = [await reader.next(), await reader.next(), await reader.next()];
    expect(seen.map(({ value }) => value?.data)).toEqual([1, 2, 3]);
  });

  it('ends once: a second reason changes nothing', async () => {
    const { room, realtime, clock } = await attached();
    const abort = new AbortController();
    const reader = room.messages({ signal: abort.signal });
    abort.abort();
    await clock.settle();
    await realtime.close();
    const read = fate(reader.next());
    await clock.settle();
    expect(read.outcome).toBe('aborted');
  });
});

describe('once()', () => {
  it('gives the next message of its event, and lets go of the channel', async () => {
    const { room, fake, receive, clock } = await attached();
    const once = fate(room.once('e'));
    await room.detach();
    fake.link.received('room', message(1, { event: 'other' }));
    await clock.settle();
    expect(once.outcome).toBe('pending');
    receive(2, 3);
    await clock.settle();
    expect(once.value?.data).toBe(2);
    expect(room.state.get()).toBe('detached');
  });

  it.each<
    [string, (client: Awaited<ReturnType<typeof attached>>, abort: AbortController) => unknown]
  >([
    ['aborted', (_, abort) => abort.abort()],
    ['closed', ({ realtime }) => realtime.close()],
    [
      'forbidden',
      ({ fake }) => fake.link.detached('room', { error: failure('forbidden'), retry: 'never' }),
    ],
  ])('rejects with %s', async (code, act) => {
    const client = await attached();
    const abort = new AbortController();
    const once = fate(client.room.once('e', { signal: abort.signal }));
    await client.clock.settle();
    await act(client, abort);
    await client.clock.settle();
    expect(once.outcome).toBe(code);
  });

  it('rejects at once when its signal has fired, and attaches nothing', async () => {
    const client = testClient();
    const once = fate(client.realtime.channel('r').once('e', { signal: AbortSignal.abort() }));
    await client.clock.settle();
    expect(once.outcome).toBe('aborted');
    await client.clock.advance(2_500);
    expect(client.realtime.channel('r').state.get()).not.toBe('attached');
  });

  it('works again after close() and connect()', async () => {
    const client = await attached();
    await client.realtime.close();
    await client.realtime.connection.connect();
    const once = fate(client.room.once('e'));
    await client.clock.settle();
    client.receive(1);
    await client.clock.settle();
    expect(once.value?.data).toBe(1);
  });
});
