import { describe, expect, it } from 'vitest';
import { failure, testClient, type TestClient } from '../test/client.ts';

async function connected(options: Parameters<typeof testClient>[0] = {}): Promise<TestClient> {
  const client = testClient({ heartbeatMs: undefined, ...options }); // the default: 25 s
  await client.realtime.connection.connect();
  return client;
}

describe('silence', () => {
  it('of 25 s + 10 s ends the connection, and not 1 ms less; a new one is opened at once', async () => {
    const { fake, clock, states, realtime } = await connected();
    await clock.advance(34_999);
    expect(states.at(-1)).toBe('connected');
    await clock.advance(1);
    expect(states.slice(-2)).toEqual(['reconnecting', 'connected']);
    expect(fake.sessions.map(({ closed }) => closed)).toEqual([true, false]);
    expect(realtime.connection.error).toBeUndefined();
  });

  it('is counted from the last byte: 3 of them postpone the end', async () => {
    const { fake, clock, states } = await connected();
    for (let count = 0; count < 3; count += 1) {
      await clock.advance(34_000);
      fake.link.alive();
    }
    await clock.advance(34_999);
    expect(states).toEqual(['idle', 'connecting', 'connected']);
    await clock.advance(1);
    expect(states).toContain('reconnecting');
  });

  it('is counted by the heartbeat that the service states: 5 s + 10 s', async () => {
    const client = testClient();
    client.fake.handle('open', (call) => call.answer({ heartbeatMs: 5_000 }));
    await client.realtime.connection.connect();
    await client.clock.advance(14_999);
    expect(client.states.at(-1)).toBe('connected');
    await client.clock.advance(1);
    expect(client.states).toContain('reconnecting');
  });

  it('means nothing where the service states a heartbeat of 0', async () => {
    const client = testClient();
    client.fake.handle('open', (call) => call.answer({ heartbeatMs: 0 }));
    await client.realtime.connection.connect();
    expect(client.clock.pending).toBe(0);
  });

  it('means nothing where a vendor reconnects by itself and states none', async () => {
    const { clock, states } = await connected({ fake: { reconnect: 'adapter' } });
    await clock.advance(600_000);
    expect(states.at(-1)).toBe('connected');
  });

  it('of a vendor that states a heartbeat: it is asked to reconnect', async () => {
    const client = testClient({ fake: { reconnect: 'adapter' } });
    client.fake.handle('open', (call) => call.answer({ heartbeatMs: 5_000 }));
    await client.realtime.connection.connect();
    await client.clock.advance(15_000);
    expect(client.states.at(-1)).toBe('reconnecting');
    expect(client.fake.all('retryNow')).toHaveLength(1);
    expect(client.fake.sessions).toHaveLength(1);
  });

  it('of a vendor whose sessions fail the first question: it is asked at once, then with a growing delay', async () => {
    const client = testClient({ fake: { reconnect: 'adapter' } });
    const { fake, clock, realtime } = client;
    const asked = (): number => fake.all('retryNow').length;
    fake.handle('ping', (call) => call.reject(failure('server_error')));
    fake.handle('retryNow', () => asked() < 100 && fake.reopen());
    realtime.connection.state.subscribe((state) => {
      if (state === 'connected') queueMicrotask(() => client.hint('offline')); // gives cause for doubt
    });
    await realtime.connection.connect();
    await clock.settle();
    expect(asked()).toBe(1);
    await clock.advance(60_000);
    expect(asked()).toBeLessThan(20);
  });

  it('is found at its time also while a new token is waited for', async () => {
    const client = testClient({
      heartbeatMs: undefined,
      fake: { authorize: true },
      auth: ({ reason }) =>
        reason === 'expiring'
          ? new Promise(() => {})
          : { token: 't', expiresAt: client.clock.now() + 100_000 },
    });
    await client.realtime.connection.connect();
    for (let count = 0; count < 2; count += 1) {
      await client.clock.advance(20_000);
      client.fake.link.alive();
    }
    await client.clock.advance(34_999); // the token is asked for at 70 s
    expect(client.states).toEqual(['idle', 'connecting', 'connected']);
    await client.clock.advance(1);
    expect(client.states[3]).toBe('reconnecting');
  });

  it('is not broken by what a dead session still says', async () => {
    const { fake, clock, states } = await connected();
    const [dead] = fake.sessions;
    fake.drop();
    await clock.advance(250);
    await clock.advance(30_000);
    dead?.link.alive();
    await clock.advance(5_000);
    expect(states.filter((state) => state === 'reconnecting')).toHaveLength(2);
  });

  it('ends with the connection: no timer is left while it is away', async () => {
    const { fake, clock } = await connected();
    fake.hold('open');
    fake.drop();
    await clock.advance(250);
    expect(clock.pending).toBe(2); // the connect time-out, the suspension
  });
});

describe('doubt', () => {
  it.each(['online', 'offline', 'visible'] as const)(
    '%s while connected asks one question; an answer settles it',
    async (hint) => {
      const client = await connected();
      client.hint(hint);
      await client.clock.advance(10_000);
      expect(client.fake.all('ping')).toHaveLength(1);
      expect(client.states.at(-1)).toBe('connected');
    },
  );

  it('that gets no answer in 10 s ends the connection', async () => {
    const client = await connected();
    client.fake.hold('ping');
    client.hint('offline');
    await client.clock.advance(9_999);
    expect(client.states.at(-1)).toBe('connected');
    await client.clock.advance(1);
    expect(client.states.slice(-2)).toEqual(['reconnecting', 'connected']);
    expect(client.fake.sessions[0]?.closed).toBe(true);
  });

  it('that gets a refusal ends the connection', async () => {
    const client = await connected();
    client.fake.handle('ping', (call) => call.reject(failure('connection_failed')));
    client.hint('visible');
    await client.clock.settle();
    expect(client.states.at(-1)).toBe('reconnecting');
  });

  it('about a connection that broke meanwhile does not touch the next one', async () => {
    const client = await connected();
    client.fake.hold('ping');
    client.hint('visible');
    client.fake.drop();
    await client.clock.advance(20_000);
    expect(client.states).toEqual(['idle', 'connecting', 'connected', 'reconnecting', 'connected']);
  });

  it('is asked when a publish had no answer in 10 s: 10 s more without one end the connection', async () => {
    const client = await connected();
    client.fake.hold('ping');
    client.fake.hold('publish');
    const published = client.realtime
      .channel('room')
      .publish('e', 1)
      .catch(() => {});
    await client.clock.advance(10_000);
    await published;
    expect(client.fake.all('ping')).toHaveLength(1);
    await client.clock.advance(9_999);
    expect(client.states.at(-1)).toBe('connected');
    await client.clock.advance(1);
    expect(client.states).toContain('reconnecting');
  });

  it('cannot be asked where the adapter has no ping', async () => {
    const client = await connected();
    delete (client.fake.session as { ping?: unknown }).ping;
    client.hint('visible');
    await client.clock.advance(10_000);
    expect(client.states.at(-1)).toBe('connected');
  });
});
