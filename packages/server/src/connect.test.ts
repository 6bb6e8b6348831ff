import { RealtimeError } from '@anywire/core/errors';
import { describe, expect, it } from 'vitest';
import { testServer } from '../test/support/pipes.ts';
import type { Client, Hooks, Identity } from './hooks.ts';

describe('connect', () => {
  it('answers who the client is, and what it must know', async () => {
    const { join, server } = testServer({
      authenticate: ({ token }) => ({ clientId: `user of ${token}`, expiresAt: 1_750_000_060_000 }),
      limits: { payloadBytes: 1_000, members: Infinity },
      presenceGraceMs: 0,
    });
    const client = join();
    const connected = await client.connect({ token: 't' });
    expect(connected).toEqual({
      t: 'connected',
      r: 1,
      connection: expect.stringMatching(/^[\w-]{12}$/),
      client: 'user of t',
      resume: expect.stringMatching(/^[\w-]{24}$/),
      heartbeatMs: 25_000,
      expiresInMs: 60_000,
      limits: { payloadBytes: 1_000, presenceGraceMs: 0, historyItems: 1_000 },
    });
    expect(server.stats().connections).toBe(1);
  });

  it('takes everybody as anonymous without authenticate', async () => {
    const { join } = testServer({ authenticate: undefined as never });
    expect(await join().connect({ token: 'any' })).not.toHaveProperty('client');
  });

  const refuse = (error: Error): Hooks['authenticate'] => {
    return () => {
      throw error;
    };
  };
  it.each<[string, Hooks['authenticate'], number, string]>([
    ['throws', refuse(new Error('bad signature')), 4201, 'auth_failed'],
    ['answers null', () => null, 4201, 'auth_failed'],
    ['answers null later', () => Promise.resolve(null), 4201, 'auth_failed'],
    [
      'throws token_expired',
      refuse(new RealtimeError('token_expired', 'x')),
      4200,
      'token_expired',
    ],
    ['throws auth_denied', refuse(new RealtimeError('auth_denied', 'x')), 4401, 'auth_denied'],
    ['answers a past expiry', () => ({ expiresAt: 1 }), 4200, 'token_expired'],
    ['answers nonsense', () => ({ clientId: 5 }) as unknown as Identity, 4201, 'auth_failed'],
  ])('is refused when authenticate %s', async (_, authenticate, closeCode, code) => {
    const { join, server } = testServer({ ...(authenticate ? { authenticate } : {}) });
    const client = join();
    const answer = await client.request({
      t: 'connect',
      nonce: 'aaaaaaaa',
      instance: 'i',
      token: 'secret',
    });
    expect(answer).toMatchObject({ t: 'error', code });
    expect(await client.next('bye')).toMatchObject({ code: closeCode });
    expect(await client.closed).toMatchObject({ code: closeCode });
    expect(server.stats().connections).toBe(0);
  });

  it('is refused when authenticate does not answer in 10 s', async () => {
    const { join, clock } = testServer({ authenticate: () => new Promise(() => {}) });
    const client = join();
    client.send({ t: 'connect', r: 1, nonce: 'aaaaaaaa', instance: 'i' });
    await clock.advance(9_999);
    expect(client.all).toEqual([]);
    await clock.advance(1);
    expect(await client.closed).toMatchObject({ code: 4201 });
    expect(clock.pending).toBe(0);
  });

  it('keeps tokens out of the log, also when a library quotes them', async () => {
    const { join, logs } = testServer({
      authenticate: ({ token }) => {
        throw new Error(`cannot parse ${token}`);
      },
    });
    const client = join();
    client.send({ t: 'connect', r: 1, nonce: 'aaaaaaaa', instance: 'i', token: 'very-secret' });
    await client.closed;
    expect(logs.join('\n')).toContain('cannot parse …');
    expect(logs.join('\n')).not.toContain('very-secret');
  });

  it('takes frames that were sent right after it, in their order', async () => {
    const { join } = testServer({
      authenticate: () => Promise.resolve({ clientId: 'ann' }),
    });
    const client = join('aaaaaaaa');
    client.send({ t: 'connect', r: 1, nonce: 'aaaaaaaa', instance: 'i' });
    client.send({ t: 'attach', r: 2, c: 'room' });
    client.send({ t: 'publish', r: 3, c: 'room', i: 'aaaaaaaa:0', e: 'm', d: 1 });
    expect(client.all).toEqual([]);
    await client.next('ack');
    expect(client.all.map(({ t }) => t)).toEqual(['connected', 'attached', 'message', 'ack']);
  });

  it('is not overtaken by frames of the same channel that come after it was answered', async () => {
    let allow: (isAllowed: boolean) => void = () => {};
    const { join } = testServer({
      authenticate: () => Promise.resolve({ clientId: 'ann' }),
      authorize: ({ action }) =>
        action === 'publish' || new Promise((resolve) => (allow = resolve)),
    });
    const client = join('aaaaaaaa');
    client.send({ t: 'connect', r: 1, nonce: 'aaaaaaaa', instance: 'i' });
    client.send({ t: 'attach', r: 2, c: 'room' });
    await client.next('connected');
    client.send({ t: 'publish', r: 3, c: 'room', i: 'aaaaaaaa:0', e: 'm', d: 1 });
    await client.request({ t: 'detach', c: 'elsewhere' });
    allow(true);
    await client.next('ack');
    expect(client.all.map(({ t }) => t)).toEqual(['connected', 'ok', 'attached', 'message', 'ack']);
  });

  it('a second time, while the token is looked at, ends the connection with 4402', async () => {
    const { join } = testServer({ authenticate: () => Promise.resolve({ clientId: 'ann' }) });
    const client = join();
    for (const r of [1, 2]) client.send({ t: 'connect', r, nonce: client.nonce, instance: 'i' });
    expect(await client.closed).toMatchObject({ code: 4402 });
  });

  it('must come within 10 s', async () => {
    const { join, clock } = testServer();
    const client = join();
    await clock.advance(9_000);
    client.send({ t: 'ping' });
    await client.next('pong');
    await clock.advance(1_000);
    expect(await client.closed).toMatchObject({ code: 4202 });
  });

  it('tells the app of connections and of their end, once each', async () => {
    const told: unknown[] = [];
    const { connected } = testServer({
      onConnect: ({ clientId }: Client) => told.push(['in', clientId]),
      onDisconnect: ({ clientId }, { code }) => {
        told.push(['out', clientId, code]);
        throw new Error('the app is broken');
      },
    });
    const ann = await connected('ann');
    const bob = await connected('bob');
    ann.cut();
    bob.send({ t: 'bye' });
    await bob.closed;
    expect(told).toEqual([
      ['in', 'ann'],
      ['in', 'bob'],
      ['out', 'ann', 1006],
      ['out', 'bob', 1000],
    ]);
  });
});

describe('a token', () => {
  const expiring = (expiresAt: number): Hooks => ({
    authenticate: ({ token = '' }) => {
      if (token === 'bad') throw new Error('no');
      return { clientId: token.split('#')[0], expiresAt };
    },
  });
  const now = 1_750_000_000_000;

  it('ends the connection when it expires', async () => {
    const { connected, clock } = testServer(expiring(now + 30_000));
    const client = await connected('ann');
    await clock.advance(29_000);
    await client.attach('room');
    await clock.advance(1_000);
    expect(await client.closed).toMatchObject({ code: 4200 });
  });

  it('is renewed without a reconnect, and then lasts as long as the new one', async () => {
    let expiresAt = now + 30_000;
    const { connected, clock } = testServer({
      authenticate: ({ token }) => ({ clientId: token, expiresAt }),
    });
    const client = await connected('ann');
    expiresAt = now + 80_000;
    expect(await client.request({ t: 'token', token: 'ann' })).toMatchObject({
      t: 'ok',
      expiresInMs: 80_000,
    });
    await clock.advance(79_000);
    await client.attach('room');
    await clock.advance(1_000);
    expect(await client.closed).toMatchObject({ code: 4200 });
  });

  it('of another client, or a bad one, is refused; the connection lives until its own expires', async () => {
    const { connected, clock } = testServer(expiring(now + 30_000));
    const client = await connected('ann');
    expect(await client.request({ t: 'token', token: 'bob' })).toMatchObject({ code: 'forbidden' });
    expect(await client.request({ t: 'token', token: 'bad' })).toMatchObject({
      code: 'auth_failed',
    });
    await client.attach('room');
    await clock.advance(30_000);
    expect(await client.closed).toMatchObject({ code: 4200 });
  });

  it('that is denied for good ends the connection at once', async () => {
    const { connected } = testServer({
      authenticate({ token, request }) {
        if (!request) throw new RealtimeError('auth_denied', 'banned');
        return { clientId: token };
      },
    });
    const client = await connected('ann');
    client.send({ t: 'token', r: 9, token: 'ann' });
    expect(await client.closed).toMatchObject({ code: 4401 });
  });
});
