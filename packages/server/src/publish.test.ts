import { RealtimeError } from '@anywire/core/errors';
import { describe, expect, it } from 'vitest';
import { testServer } from '../test/support/pipes.ts';

describe('publish', () => {
  it('is acknowledged with its serial, and heard with who sent it', async () => {
    const { connected, clock } = testServer();
    const [ann, bob] = [await connected('ann'), await connected(undefined)];
    await ann.attach('room');
    await bob.attach('room');
    expect(await ann.publish('room', { x: 1 }, { e: 'said' })).toEqual({
      t: 'ack',
      r: expect.any(Number),
      s: 1,
      ts: clock.now(),
    });
    await bob.publish('room', 2);
    await bob.hears(2);
    expect(bob.messages()).toEqual([
      {
        t: 'message',
        c: 'room',
        s: 1,
        i: `${ann.nonce}:0`,
        e: 'said',
        u: 'ann',
        k: expect.any(String),
        ts: clock.now(),
        d: { x: 1 },
      },
      {
        t: 'message',
        c: 'room',
        s: 2,
        i: `${bob.nonce}:0`,
        e: 'message',
        k: expect.any(String),
        ts: clock.now(),
        d: 2,
      },
    ]);
  });

  it('of an id that arrived is acknowledged again, and not heard twice', async () => {
    const { connected } = testServer();
    const ann = await connected('ann');
    await ann.attach('room');
    const i = `${ann.nonce}:7`;
    expect(await ann.publish('room', 1, { i })).toMatchObject({ s: 1 });
    expect(await ann.publish('room', 1, { i })).toMatchObject({ t: 'ack', s: 1, dup: true });
    await ann.publish('room', 2);
    await ann.hears(2);
    expect(ann.data()).toEqual([1, 2]);
  });

  it('claims no serial where nothing can be read again: the channel keeps no history', async () => {
    const { connected } = testServer({ channels: { 'brief:{id}': { history: false } } });
    const ann = await connected('ann');
    expect(await ann.publish('brief:1', 1)).toEqual({
      t: 'ack',
      r: expect.any(Number),
      ts: expect.any(Number),
    });
  });

  it('needs no attachment', async () => {
    const { connected } = testServer();
    expect(await (await connected('ann')).publish('room', 1)).toMatchObject({ t: 'ack', s: 1 });
  });

  it('without a request number is volatile: heard, not stored, not answered', async () => {
    const { connected, logs } = testServer();
    const [ann, bob] = [await connected('ann'), await connected('bob')];
    const { cursor } = await bob.attach('room');
    const volatile = { t: 'publish', c: 'room', i: `${ann.nonce}:0`, e: 'm', d: 1 } as const;
    ann.send(volatile);
    await bob.hears(1);
    expect(bob.messages()[0]).not.toHaveProperty('s');
    expect(await bob.attach('room', { cursor })).toMatchObject({ backlog: false });
    ann.send({ ...volatile, i: `${bob.nonce}:0` });
    await ann.publish('room', 2);
    expect(ann.all.filter(({ t }) => t === 'error')).toEqual([]);
    expect(logs.some((line) => line.includes('forbidden'))).toBe(true);
  });

  it('of more than 65,536 bytes is too large, by bytes and not by characters', async () => {
    const { connected } = testServer();
    const ann = await connected('ann');
    const ofBytes = (bytes: number): string => 'x'.repeat(bytes - 2);
    expect(await ann.publish('room', ofBytes(65_536))).toMatchObject({ t: 'ack' });
    const tooLarge = { t: 'error', code: 'payload_too_large' };
    expect(await ann.publish('room', ofBytes(65_537))).toMatchObject(tooLarge);
    expect(await ann.publish('room', '€'.repeat(21_845))).toMatchObject(tooLarge);
    expect(await ann.publish('room', '€'.repeat(21_844))).toMatchObject({ t: 'ack' });
  });

  it('passes the data on as it was written, and never executes it', async () => {
    const { connected } = testServer();
    const [ann, bob] = [await connected('ann'), await connected('bob')];
    await bob.attach('room');
    const payload = '{ "__proto__":{"polluted":1},"n":1.50,"d":"\\u00e9" }';
    ann.send(`{"t":"publish","r":9,"c":"room","i":"${ann.nonce}:0","e":"m","d":${payload}}`);
    await ann.next('ack');
    const slice = await bob.request({ t: 'history', c: 'room', limit: 1, dir: 'forwards' });
    expect(JSON.stringify(slice)).toContain('"n":1.5');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('is refused by authorize for one event, and the connection stays', async () => {
    const { connected } = testServer({
      authorize: ({ action, event }) => action !== 'publish' || event !== 'admin',
    });
    const ann = await connected('ann');
    expect(await ann.publish('room', 1, { e: 'admin' })).toMatchObject({
      t: 'error',
      c: 'room',
      code: 'forbidden',
    });
    expect(await ann.publish('room', 1)).toMatchObject({ t: 'ack', s: 1 });
  });

  it('sees the claims of its client', async () => {
    const { join } = testServer({
      authenticate: () => ({ clientId: 'ann', claims: { role: 'admin' } }),
      authorize: ({ client }) => (client.claims as { role: string }).role === 'admin',
    });
    const ann = join();
    await ann.connect();
    expect(await ann.publish('room', 1)).toMatchObject({ t: 'ack' });
  });
});

describe('onPublish', () => {
  it('replaces the data and the event before anything is stored', async () => {
    const { connected } = testServer({
      onPublish: ({ data }) => ({ event: 'checked', data: { text: String(data).toUpperCase() } }),
    });
    const ann = await connected('ann');
    await ann.attach('room');
    await ann.publish('room', 'hi');
    await ann.hears({ text: 'HI' });
    expect(ann.messages()[0]).toMatchObject({ e: 'checked' });
  });

  it('changes nothing when it answers nothing, and is told who, where and which', async () => {
    const seen: unknown[] = [];
    const { connected } = testServer({ onPublish: (message) => void seen.push(message) });
    const ann = await connected('ann');
    await ann.publish('room', { x: 1 });
    expect(seen).toMatchObject([
      {
        channel: 'room',
        event: 'message',
        data: { x: 1 },
        id: `${ann.nonce}:0`,
        volatile: false,
        client: { clientId: 'ann' },
      },
    ]);
  });

  it('refuses with the code that it throws; another error is logged and stays inside', async () => {
    const { connected, logs } = testServer({
      onPublish({ data }) {
        throw data === 1 ? new RealtimeError('invalid', 'too short') : new Error('sql: secret');
      },
    });
    const ann = await connected('ann');
    expect(await ann.publish('room', 1)).toMatchObject({ code: 'invalid', message: 'too short' });
    const hidden = await ann.publish('room', 2);
    expect(hidden).toMatchObject({ code: 'server_error' });
    expect(JSON.stringify(hidden)).not.toContain('sql');
    expect(logs.some((line) => line.includes('onPublish failed'))).toBe(true);
  });

  it('may make the data too large, which is refused', async () => {
    const { connected } = testServer({ onPublish: () => ({ data: 'x'.repeat(70_000) }) });
    expect(await (await connected('ann')).publish('room', 1)).toMatchObject({
      code: 'payload_too_large',
    });
  });
});

describe('a publish of the backend', () => {
  it('is heard without a sender, and answers what became of it', async () => {
    const { connected, server, clock } = testServer();
    const ann = await connected('ann');
    await ann.attach('room');
    const published = await server.publish('room', 'notice', { text: 'hi' });
    expect(published).toMatchObject({ serial: 1, timestamp: clock.now(), duplicate: false });
    await ann.hears({ text: 'hi' });
    expect(ann.messages()[0]).toEqual({
      t: 'message',
      c: 'room',
      s: 1,
      i: published.id,
      e: 'notice',
      ts: clock.now(),
      d: { text: 'hi' },
    });
  });

  it('is stored once for one id', async () => {
    const { server } = testServer();
    const first = await server.publish('room', 'e', 1, { id: 'order 7' });
    const again = await server.publish('room', 'e', 1, { id: 'order 7' });
    expect(again).toEqual({ ...first, duplicate: true });
  });

  it.each([
    ['a name that cannot be', '', 'e', 1, 'invalid'],
    ['no event', 'room', '', 1, 'invalid'],
    ['no JSON', 'room', 'e', undefined, 'invalid'],
    ['a bigint', 'room', 'e', 10n, 'invalid'],
    ['too much', 'room', 'e', 'x'.repeat(70_000), 'payload_too_large'],
  ])('with %s is refused', async (_, channel, event, data, code) => {
    const { server } = testServer();
    await expect(server.publish(channel, event, data)).rejects.toMatchObject({ code });
  });

  it('is not one that a client can pretend to be', async () => {
    const { connected, server, join } = testServer();
    const ann = await connected('ann');
    await ann.attach('room');
    const { id } = await server.publish('room', 'e', 1);
    const nonce = id.split(':')[0] ?? '';
    expect(await join().request({ t: 'connect', nonce, instance: 'i' })).toMatchObject({
      code: 'forbidden',
    });
  });
});
