import { describe, expect, it } from 'vitest';
import { testServer } from '../test/support/pipes.ts';

describe('frames', () => {
  it('end a connection with 4004 after 10 at once, and tell it to wait', async () => {
    const { join, server } = testServer({ limits: { frameRate: 5, frameBurst: 10 } });
    const client = join();
    await client.connect();
    for (let n = 1; n <= 9; n++) client.send({ t: 'ping' });
    expect(server.stats().connections).toBe(1);
    client.send({ t: 'ping' });
    expect(await client.next('bye')).toMatchObject({ code: 4004, retryAfterMs: 1_000 });
    expect(await client.closed).toMatchObject({ code: 4004 });
    expect(server.meter().limited.get('frameRate')).toBe(1);
    expect(server.meter().closes.get('rate_exceeded')).toBe(1);
  });

  it('count each in a message of many, and before connect', async () => {
    const { join } = testServer({ limits: { frameRate: 5, frameBurst: 10 } });
    const client = join();
    client.send(Array(11).fill('{"t":"ping"}').join('\n'));
    expect(await client.closed).toMatchObject({ code: 4004 });
  });

  it('may come for ever at 5 a second', async () => {
    const { connected, clock } = testServer({ limits: { frameRate: 5, frameBurst: 1 } });
    const client = await connected();
    for (let n = 0; n < 100; n++) {
      await clock.advance(200);
      client.send({ t: 'ping' });
    }
    expect(await client.publish('a', 1).catch(() => client.closed)).toMatchObject({ code: 4004 });
    expect(client.all.filter(({ t }) => t === 'pong')).toHaveLength(100);
  });
});

describe('publishes', () => {
  const limits = { publishRate: 1, publishBurst: 3, userPublishRate: 2, userPublishBurst: 5 };

  it('beyond 3 at once are answered with rate_limited until their time has come, also where one would find room', async () => {
    const { connected, clock, server } = testServer({ limits });
    const client = await connected();
    for (let n = 0; n < 3; n++) expect(await client.publish('a', n)).toMatchObject({ t: 'ack' });
    const refused = { t: 'error', c: 'a', code: 'rate_limited' };
    await clock.advance(100);
    expect(await client.publish('a', 3)).toMatchObject({ ...refused, retryAfterMs: 1_000 });
    await clock.advance(950);
    expect(await client.publish('b', 4)).toMatchObject({ ...refused, c: 'b', retryAfterMs: 50 });
    await clock.advance(50);
    expect(await client.publish('a', 5)).toMatchObject({ t: 'ack', s: 4 });
    expect(server.meter().limited.get('publishRate')).toBe(2);
    expect(server.meter().refusals.get('rate_limited')).toBe(2);
  });

  it('of one user are counted together in 2 connections, those of another apart', async () => {
    const { connected, server } = testServer({ limits });
    const [first, second, other] = [
      await connected('ann'),
      await connected('ann'),
      await connected('bob'),
    ];
    for (let n = 0; n < 3; n++) expect(await first.publish('a', n)).toMatchObject({ t: 'ack' });
    for (let n = 0; n < 2; n++) expect(await second.publish('a', n)).toMatchObject({ t: 'ack' });
    expect(await second.publish('a', 2)).toMatchObject({ code: 'rate_limited' });
    expect(await other.publish('a', 1)).toMatchObject({ t: 'ack' });
    expect(server.meter().limited.get('userPublishRate')).toBe(1);
  });

  it('stay counted when a user comes back, and are forgotten 2.5 s later', async () => {
    const { connected, server, clock } = testServer({ limits });
    for (let turn = 0; turn < 3; turn++) {
      const client = await connected('ann');
      for (let n = 0; n < 2; n++)
        expect((await client.publish('a', n)).t).toBe(turn * 2 + n < 5 ? 'ack' : 'error');
      client.end();
      expect(server.meter().users).toBe(1);
    }
    await clock.advance(2_500);
    expect(server.meter().users).toBe(0);
  });

  it('that are volatile are dropped and counted, and hold up nothing', async () => {
    const { connected, server, clock } = testServer({ limits });
    const client = await connected();
    await client.attach('a');
    for (let n = 0; n < 5; n++)
      client.send({ t: 'publish', c: 'a', i: `${client.nonce}:${100 + n}`, e: 'm', d: n });
    await clock.advance(1_000);
    expect(await client.publish('a', 'last')).toMatchObject({ t: 'ack' });
    expect(client.data()).toEqual([0, 1, 2, 'last']);
    expect(server.meter().limited.get('publishRate')).toBe(2);
  });

  it('are refused in their turn, behind one that waits for authorize', async () => {
    let allow = (): void => {};
    const { connected } = testServer({
      limits: { publishRate: 1, publishBurst: 1 },
      authorize: ({ action }) =>
        action !== 'publish' || new Promise((resolve) => (allow = () => resolve(true))),
    });
    const client = await connected();
    const answers: string[] = [];
    const both = [1, 2].map(async (n) => answers.push((await client.publish('a', n)).t));
    await new Promise(setImmediate);
    expect(answers).toEqual([]);
    allow();
    await Promise.all(both);
    expect(answers).toEqual(['ack', 'error']);
  });
});

describe('requests', () => {
  it('beyond 4 at once are answered with rate_limited; leaving is always possible', async () => {
    const { connected, clock, server } = testServer({
      limits: { requestRate: 2, requestBurst: 4 },
    });
    const client = await connected('ann');
    for (let n = 0; n < 3; n++) await client.attach(`room ${n}`);
    expect(await client.request({ t: 'enter', c: 'room 0', d: 1 })).toMatchObject({ t: 'ok' });
    const refused = { t: 'error', code: 'rate_limited', retryAfterMs: 500 };
    expect(await client.request({ t: 'update', c: 'room 0', d: 2 })).toMatchObject(refused);
    expect(await client.request({ t: 'attach', c: 'room 4' })).toMatchObject(refused);
    expect(await client.request({ t: 'leave', c: 'room 0' })).toMatchObject({ t: 'ok' });
    expect(await client.request({ t: 'detach', c: 'room 0' })).toMatchObject({ t: 'ok' });
    await clock.advance(500);
    await client.attach('room 4');
    expect(server.meter().limited.get('requestRate')).toBe(2);
  });
});

describe('an honest client', () => {
  it('may come back with 256 attaches, 256 pages, 256 members and 500 publishes at once', async () => {
    const { connected, server } = testServer();
    const client = await connected('ann');
    const channels = Array.from({ length: 256 }, (_, n) => `room ${n}`);
    await Promise.all(channels.map(async (c) => client.attach(c, { presence: 'watch' })));
    const history = { t: 'history', limit: 100, dir: 'backwards' } as const;
    const answers = await Promise.all([
      ...channels.map(async (c) => client.request({ ...history, c })),
      ...channels.map(async (c) => client.request({ t: 'enter', c, d: 1 })),
      ...Array.from({ length: 500 }, async (_, n) => client.publish('room 0', n)),
    ]);
    expect(answers.filter(({ t }) => t === 'error')).toEqual([]);
    expect(server.meter().limited.size).toBe(0);
  });
});

describe('connections of a user', () => {
  it('beyond 2 end with limit_exceeded and 4003; one that leaves makes room', async () => {
    const { join, connected, server, clock } = testServer({ limits: { userConnections: 2 } });
    const first = await connected('ann');
    await connected('ann');
    await connected('bob');
    const third = join();
    expect(
      await third.request({ t: 'connect', nonce: third.nonce, instance: 'x', token: 'ann' }),
    ).toMatchObject({ code: 'limit_exceeded', retryAfterMs: 10_000 });
    expect(await third.next('bye')).toMatchObject({ code: 4003, retryAfterMs: 10_000 });
    expect(await third.closed).toMatchObject({ code: 4003 });
    expect(server.meter().limited.get('userConnections')).toBe(1);
    first.end();
    await connected('ann');
    await clock.advance(0);
  });

  it('are counted down to 0 after 300 came and went in all ways', async () => {
    const { join, connected, server, clock } = testServer({ limits: { userConnections: 2 } });
    for (let n = 0; n < 300; n++) {
      const client = n % 3 ? await connected(`user ${n % 7}`) : join();
      if (n % 2) client.end();
      else client.cut();
    }
    expect(server.stats().connections).toBe(0);
    await clock.advance(60_000);
    expect(server.meter()).toMatchObject({ users: 0, addresses: 0, queueBytes: 0 });
  });
});
