import { describe, expect, it } from 'vitest';
import { failure, fate, testClient, type TestClient } from '../test/client.ts';
import type { AuthContext } from './api.ts';
import type { Credentials } from './contract.ts';

type Answer = (context: AuthContext, call: number) => Credentials | Promise<Credentials>;
type Options = Parameters<typeof testClient>[0];

/** A connected client whose token lives for `lifeMs`, and when it asked for what, in ms from the start on. */
async function withToken(
  lifeMs: number,
  answer: Answer = () => ({ token: 'next' }),
  options: Options = {},
): Promise<TestClient & { asked: string[] }> {
  const asked: string[] = [];
  const client = testClient({
    ...options,
    fake: { authorize: true, ...options.fake },
    auth: (context) => {
      asked.push(`${context.reason}@${client.clock.now() - began}`);
      return asked.length === 1
        ? { token: 't1', expiresAt: began + lifeMs }
        : answer(context, asked.length);
    },
  });
  const began = client.clock.now();
  void fate(client.realtime.connection.connect());
  await client.clock.settle();
  return { ...client, asked };
}

describe('a token', () => {
  it('of 1 h is renewed 30 s before it expires, on the live connection', async () => {
    const { fake, clock, asked, states } = await withToken(3_600_000);
    await clock.advance(3_569_999);
    expect(asked).toEqual(['connect@0']);
    await clock.advance(1);
    expect(asked).toEqual(['connect@0', 'expiring@3570000']);
    expect(fake.last('refresh').credentials).toEqual({ token: 'next' });
    expect(states.at(-1)).toBe('connected');
    expect(fake.sessions).toHaveLength(1);
  });

  it('of 20 s is renewed after 10 s, half of its life', async () => {
    const { clock, asked } = await withToken(20_000);
    await clock.advance(9_999);
    expect(asked).toHaveLength(1);
    await clock.advance(1);
    expect(asked[1]).toBe('expiring@10000');
  });

  it('that has expired already is renewed after 100 ms, and not in a loop', async () => {
    const { clock, asked } = await withToken(-5_000);
    await clock.advance(1_000);
    expect(asked.filter((line) => line.startsWith('expiring'))).toEqual(['expiring@100']);
  });

  it('of 60 days is renewed 30 s before it expires, although timers hold 24 days', async () => {
    const days = 86_400_000;
    const { clock, asked } = await withToken(60 * days);
    const delays: number[] = [];
    const { schedule } = clock;
    clock.schedule = (fn, delayMs) => {
      delays.push(delayMs);
      return schedule(fn, delayMs);
    };
    await clock.advance(60 * days - 30_001);
    expect(asked).toHaveLength(1);
    await clock.advance(1);
    expect(asked).toHaveLength(2);
    expect(Math.max(...delays)).toBeLessThan(2 ** 31);
  });

  it('that the service keeps until another time is renewed by that time', async () => {
    const { fake, clock, asked } = await withToken(100_000);
    fake.handle('refresh', (call) => call.answer(clock.now() + 200_000));
    await clock.advance(70_000 + 170_000);
    expect(asked.slice(1)).toEqual(['expiring@70000', 'expiring@240000']);
  });

  it('whose successor says when it expires is renewed by that', async () => {
    const { clock, asked } = await withToken(100_000, () => ({
      token: 'next',
      expiresAt: clock.now() + 100_000,
    }));
    await clock.advance(70_000 + 70_000);
    expect(asked.slice(1)).toEqual(['expiring@70000', 'expiring@140000']);
  });

  it('is watched over by one timer, also beside the watchdog, before and after it was renewed', async () => {
    const { clock, fake, asked } = await withToken(
      60_000,
      () => ({ token: 'next', expiresAt: clock.now() + 60_000 }),
      { heartbeatMs: 100_000 },
    );
    expect(clock.pending).toBe(1);
    await clock.advance(30_000);
    expect(asked).toHaveLength(2);
    expect(clock.pending).toBe(1);
    fake.link.alive();
    await clock.advance(30_000);
    expect(asked).toHaveLength(3);
    expect(clock.pending).toBe(1);
  });

  it('without an end is never renewed', async () => {
    const client = testClient({ fake: { authorize: true }, auth: () => 'forever' });
    await client.realtime.connection.connect();
    expect(client.clock.pending).toBe(0);
  });
});

describe('a renewal', () => {
  it('that fails is tried again at half of what is left, told each time, and then succeeds', async () => {
    const { clock, asked, errors, fake } = await withToken(100_000, (_, call) => {
      if (call < 4) throw new Error('offline');
      return { token: 'next' };
    });
    await clock.advance(100_000);
    expect(asked.slice(1)).toEqual(['expiring@70000', 'expiring@85000', 'expiring@92500']);
    expect(errors.map(({ code }) => code)).toEqual(['auth_failed', 'auth_failed']);
    expect(fake.all('refresh')).toHaveLength(1);
  });

  it('that always fails ends with the token: tries get no shorter than 100 ms apart, and stop', async () => {
    const { clock, asked, states } = await withToken(60_000, () => {
      throw new Error('offline');
    });
    await clock.advance(60_000);
    const count = asked.length;
    expect(count).toBeLessThan(20);
    await clock.advance(100_000);
    expect(asked.length).toBeLessThanOrEqual(count + 1);
    expect(states.at(-1)).toBe('connected'); // the service decides
  });

  it('that is refused by the service is told, and tried again', async () => {
    const { fake, clock, asked, errors } = await withToken(100_000);
    fake.handle('refresh', (call) => call.reject(failure('token_expired')));
    await clock.advance(85_000);
    expect(asked.slice(1)).toEqual(['expiring@70000', 'expiring@85000']);
    expect(errors.map(({ code }) => code)).toEqual(['token_expired', 'token_expired']);
  });

  it.each<[string, Answer]>([
    [
      'the app says auth_denied',
      () => {
        throw failure('auth_denied');
      },
    ],
    ['the app rejects with auth_denied', () => Promise.reject(failure('auth_denied'))],
  ])('is the end when %s', async (_, answer) => {
    const { fake, clock, states } = await withToken(100_000, answer);
    await clock.advance(70_000);
    expect(states.at(-1)).toBe('failed');
    expect(fake.session.closed).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('is the end when the service denies the new token', async () => {
    const { fake, clock, states } = await withToken(100_000);
    fake.handle('refresh', (call) => call.reject(failure('auth_denied')));
    await clock.advance(70_000);
    expect(states.at(-1)).toBe('failed');
  });

  it('that gets no answer in 10 s has failed, and is tried again', async () => {
    const { clock, asked, errors } = await withToken(100_000, () => new Promise(() => {}));
    await clock.advance(79_999);
    expect(errors).toEqual([]);
    await clock.advance(1);
    expect(errors.map(({ code }) => code)).toEqual(['auth_failed']);
    await clock.advance(10_000);
    expect(asked.slice(1)).toEqual(['expiring@70000', 'expiring@90000']);
  });

  it('that the service does not answer in 10 s has failed, and is tried again', async () => {
    const { fake, clock, errors, asked } = await withToken(100_000);
    fake.hold('refresh');
    await clock.advance(80_000);
    expect(errors.map(({ code }) => code)).toEqual(['timeout']);
    await clock.advance(10_000);
    expect(asked).toHaveLength(3);
  });

  it('reconnects where the session cannot take a token, with the new one and without asking again', async () => {
    const { fake, clock, asked, states } = await withToken(100_000, () => ({
      token: 'next',
      expiresAt: clock.now() + 500_000,
    }));
    delete (fake.session as { refresh?: unknown }).refresh;
    await clock.advance(70_000);
    expect(states.slice(-2)).toEqual(['reconnecting', 'connected']);
    expect(fake.sessions.map(({ closed }) => closed)).toEqual([true, false]);
    expect(asked).toHaveLength(2);
  });

  it('whose answer comes after close() is ignored', async () => {
    let answer = (_: Credentials): void => {};
    const { fake, clock, realtime, errors } = await withToken(
      100_000,
      () => new Promise((resolve) => (answer = resolve)),
    );
    await clock.advance(70_000);
    await realtime.close();
    answer({ token: 'late' });
    await clock.advance(100_000);
    expect(fake.all('refresh')).toEqual([]);
    expect(errors).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('whose answer comes after a drop is used by the next connection', async () => {
    let answer = (_: Credentials): void => {};
    const { fake, clock, asked } = await withToken(
      100_000,
      () => new Promise((resolve) => (answer = resolve)),
    );
    await clock.advance(70_000);
    fake.hold('open');
    fake.drop();
    answer({ token: 'late', expiresAt: clock.now() + 900_000 });
    await clock.settle();
    fake.release('open');
    await clock.advance(250);
    expect(fake.all('refresh')).toEqual([]);
    expect(asked).toHaveLength(2);
    expect(fake.sessions).toHaveLength(2);
  });
});
