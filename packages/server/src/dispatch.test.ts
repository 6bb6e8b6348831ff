import type { PublishFrame } from '@anywire/protocol';
import { describe, expect, it } from 'vitest';
import { testServer } from '../test/support/pipes.ts';

describe('violations', () => {
  it.each([
    ['not JSON', '{', 4400],
    ['no object', '[]', 4400],
    ['no type', '{"x":1}', 4400],
    ['a member that is missing', '{"t":"attach","r":1}', 4400],
    ['a member of another type', '{"t":"attach","r":1,"c":5}', 4400],
    ['a request number that is none', '{"t":"attach","r":-1,"c":"x"}', 4400],
    ['an unknown type', '{"t":"shout","r":1}', 4404],
    ['a frame of servers', '{"t":"message"}', 4404],
    ['a type called __proto__', '{"t":"__proto__"}', 4404],
    ['connect twice', '{"t":"connect","r":1,"nonce":"aaaaaaaa","instance":"i"}', 4402],
  ])('%s: the connection ends', async (_, text, code) => {
    const { connected, server } = testServer();
    const client = await connected('ann');
    client.send(text);
    expect(await client.next('bye')).toMatchObject({ code });
    expect(await client.closed).toMatchObject({ code });
    expect(server.stats()).toEqual({ connections: 0, channels: 0 });
  });

  it.each([
    '{"t":"attach","r":1,"c":"x"}',
    '{"t":"publish","r":1,"c":"x","i":"aaaaaaaa:0","e":"m","d":1}',
    '{"t":"publish","c":"x","i":"aaaaaaaa:0","e":"m","d":1}',
    '{"t":"token","r":1,"token":"x"}',
  ])('before connect: %s ends the connection with 4402', async (text) => {
    const { join } = testServer();
    const client = join();
    client.send(text);
    expect(await client.closed).toMatchObject({ code: 4402 });
  });

  it('ping is answered, before connect too', async () => {
    const { join } = testServer();
    const client = join();
    client.send({ t: 'ping' });
    await client.next('pong');
    await client.connect();
  });

  it.each<[string, Partial<PublishFrame>]>([
    ['an empty channel', { c: '' }],
    ['a channel of 256 characters', { c: 'x'.repeat(256) }],
    ['a channel with a line feed', { c: 'a\nb' }],
    ['a channel with half a character', { c: '\ud800' }],
    ['an event of 129 characters', { e: 'x'.repeat(129) }],
  ])('%s is answered, and the connection stays', async (_, part) => {
    const { connected } = testServer();
    const client = await connected('ann');
    const refused = await client.publish('room', 1, part);
    expect(refused).toMatchObject({ t: 'error', code: 'invalid' });
    expect(await client.publish('room', 1)).toMatchObject({ t: 'ack' });
  });

  it('data of 64 levels is taken, of 65 refused', async () => {
    const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
    const { connected } = testServer();
    const client = await connected('ann');
    expect(await client.publish('room', nested(64))).toMatchObject({ t: 'ack' });
    expect(await client.publish('room', nested(65))).toMatchObject({ code: 'invalid' });
  });

  it('several frames in one message are taken in order, up to the first that ends it', async () => {
    const { join } = testServer();
    const client = join('aaaaaaaa');
    client.send(
      [
        '{"t":"connect","r":1,"nonce":"aaaaaaaa","instance":"i"}',
        '{"t":"attach","r":2,"c":"room"}',
        '{"t":"nothing"}',
        '{"t":"attach","r":3,"c":"other"}',
      ].join('\n'),
    );
    await client.closed;
    expect(client.all.map(({ t }) => t)).toEqual(['connected', 'attached', 'bye']);
  });
});

describe('order', () => {
  it('a slow authorize in one channel holds up that channel alone', async () => {
    let allow = (_: boolean): void => {};
    const { connected } = testServer({
      authorize: ({ channel }) =>
        channel === 'fast' || new Promise<boolean>((resolve) => (allow = resolve)),
    });
    const ann = await connected('ann');
    ann.send({ t: 'attach', r: 1, c: 'slow' });
    ann.send({ t: 'publish', r: 2, c: 'slow', i: `${ann.nonce}:0`, e: 'm', d: 1 });
    await ann.attach('fast');
    await ann.publish('fast', 1, { i: `${ann.nonce}:1` });
    expect(ann.all.map(({ t }) => t)).toEqual(['connected', 'attached', 'message', 'ack']);
    allow(true);
    expect(await ann.next('attached')).toMatchObject({ r: 1 });
    allow(true);
    expect(await ann.next('ack')).toMatchObject({ r: 2 });
  });

  it('50 publishes to one channel keep their order, however long each takes to allow', async () => {
    const { connected } = testServer({
      authorize: async ({ event }) => {
        for (let turns = Number(event) % 7; turns > 0; turns--) await Promise.resolve();
        return true;
      },
    });
    const ann = await connected('ann');
    await ann.attach('room');
    const order = Array.from({ length: 50 }, (_, n) => n);
    await Promise.all(order.map((n) => ann.publish('room', n, { e: String(n) })));
    expect(ann.data()).toEqual(order);
  });

  it('a client that sends faster than it is allowed to is not read until it is', async () => {
    let allow: (isAllowed: boolean) => void = () => {};
    const gate = new Promise<boolean>((resolve) => (allow = resolve));
    const { connected } = testServer({ authorize: () => gate });
    const ann = await connected('ann');
    const acks = Array.from({ length: 200 }, (_, n) => ann.publish('room', n));
    expect(ann.transport.isPaused).toBe(true);
    allow(true);
    await Promise.all(acks);
    expect(ann.transport.isPaused).toBe(false);
  });

  it('an answer for a connection that has gone is dropped', async () => {
    let allow: (isAllowed: boolean) => void = () => {};
    const gate = new Promise<boolean>((resolve) => (allow = resolve));
    const { connected, clock, server } = testServer({
      authorize: ({ client, event }) => client.clientId === 'bob' || event === 'at once' || gate,
    });
    const [ann, bob] = [await connected('ann'), await connected('bob')];
    for (const c of ['room', 'other']) await bob.attach(c);
    ann.send({ t: 'publish', r: 1, c: 'other', i: `${ann.nonce}:0`, e: 'm', d: 1 });
    ann.send({ t: 'attach', r: 2, c: 'room' });
    ann.send({ t: 'publish', r: 3, c: 'room', i: `${ann.nonce}:0`, e: 'at once', d: 1 });
    ann.cut();
    allow(true);
    await clock.settle();
    await clock.settle();
    expect(bob.data()).toEqual([]);
    expect(server.stats()).toEqual({ connections: 1, channels: 2 });
  });
});
