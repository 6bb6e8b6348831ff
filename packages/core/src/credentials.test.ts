import { describe, expect, it } from 'vitest';
import { failure, fate, testClient, type TestClient } from '../test/client.ts';
import type { Auth, AuthContext } from './api.ts';

/** A client that asks for credentials when it connects, and every question that `auth` got. */
function asking(auth: Auth): TestClient & { asked: AuthContext[] } {
  const asked: AuthContext[] = [];
  const client = testClient({
    fake: { authorize: true },
    auth: (context) => {
      asked.push(context);
      return auth(context);
    },
  });
  return { ...client, asked };
}

const reasons = (asked: AuthContext[]): string[] => asked.map(({ reason }) => reason);

describe('credentials of the connection', () => {
  it('are asked for at the first connect, and used again for a reconnect', async () => {
    const { realtime, fake, clock, asked } = asking(() => 'token');
    await realtime.connection.connect();
    fake.drop();
    await clock.advance(250);
    expect(reasons(asked)).toEqual(['connect']);
    expect(fake.sessions).toHaveLength(2);
  });

  it('are asked for again once they have expired', async () => {
    const client = asking(() => ({ token: 't', expiresAt: client.clock.now() + 5_000 }));
    await client.realtime.connection.connect();
    client.fake.handle('refresh', (call) => call.reject(failure('server_error')));
    client.fake.hold('open');
    client.fake.drop();
    await client.clock.advance(6_000);
    client.fake.release('open');
    await client.clock.advance(1_000);
    expect(reasons(client.asked)).toEqual(['connect', 'connect']);
  });

  it('are asked for with the reason `refused` after fresh-token, until an answer comes', async () => {
    let failures = 1;
    const { realtime, fake, clock, asked, states } = asking(({ reason }) => {
      if (reason === 'refused' && failures-- > 0) throw new Error('not now');
      return 'token';
    });
    await realtime.connection.connect();
    fake.drop({ error: failure('token_expired'), retry: 'fresh-token' });
    await clock.advance(250 + 500);
    expect(reasons(asked)).toEqual(['connect', 'refused', 'refused']);
    expect(states.at(-1)).toBe('connected');
    fake.drop();
    await clock.advance(1_000);
    expect(asked).toHaveLength(3);
  });

  it('that are old, and refused after a long outage, are replaced within 250 ms; new ones that are refused wait longer', async () => {
    const { realtime, fake, clock, asked, states } = asking(() => 'token');
    await realtime.connection.connect();
    await clock.advance(1_000);
    fake.handle('open', () => fake.drop());
    fake.drop();
    await clock.advance(250 + 500 + 1_000 + 2_000 + 4_000);
    const refused: number[] = [];
    fake.handle('open', () => {
      refused.push(clock.now());
      void fake.link
        .authorize({})
        .then(() => fake.drop({ error: failure('token_expired'), retry: 'fresh-token' }));
    });
    await clock.advance(8_000 + 250 + 500 + 1_000);
    const waits = refused.map((at, index) => at - (refused[index - 1] ?? at));
    expect(waits.slice(0, 4)).toEqual([0, 250, 500, 1_000]);
    expect(reasons(asked).slice(0, 3)).toEqual(['connect', 'refused', 'refused']);
    fake.release('open');
    await clock.advance(10_000);
    expect(states.at(-1)).toBe('connected');
  });

  it('that are denied end the client, at the first connect too', async () => {
    const { realtime, fake, clock, states } = asking(() => {
      throw failure('auth_denied');
    });
    const connecting = fate(realtime.connection.connect());
    await clock.settle();
    expect(connecting.outcome).toBe('auth_denied');
    expect(states.at(-1)).toBe('failed');
    expect(fake.sessions).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it('that never come are auth_failed after 10 s, and asked for again', async () => {
    const { realtime, clock, asked, states } = asking(() => new Promise(() => {}));
    void fate(realtime.connection.connect());
    await clock.advance(9_999);
    expect(asked).toHaveLength(1);
    await clock.advance(251);
    expect(states.at(-1)).toBe('reconnecting');
    expect(asked).toHaveLength(2);
    expect(asked[0]?.signal.aborted).toBe(true);
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a number', 7],
    ['false', false],
    ['an empty text', ''],
  ])('cannot be %s: auth_failed', async (_, given) => {
    const { realtime, fake, clock, states } = asking(() => given as string);
    void fate(realtime.connection.connect());
    await clock.settle();
    expect(states.at(-1)).toBe('reconnecting');
    const answer = fate(fake.link.authorize({}));
    await clock.settle();
    expect(answer.outcome).toBe('auth_failed');
  });

  it('are nothing without `auth`', async () => {
    const { realtime, fake } = testClient({ fake: { authorize: true } });
    await realtime.connection.connect();
    await expect(fake.link.authorize({})).resolves.toEqual({});
  });

  it('carry what the app says to the adapter', async () => {
    const given = { token: 't', clientId: 'ann', detail: { signature: 'x' } };
    const { realtime, fake } = asking(() => given);
    await realtime.connection.connect();
    expect(realtime.connection.clientId).toBe('ann');
    await expect(fake.link.authorize({})).resolves.toEqual(given);
  });

  it('are asked for once by 3 that ask at the same time', async () => {
    let answer = (_: string): void => {};
    const { realtime, fake, clock, asked } = asking(
      () => new Promise((resolve) => (answer = resolve)),
    );
    void fate(realtime.connection.connect());
    await clock.settle();
    asked.length = 0;
    const { link } = fake;
    const answers = [1, 2, 3].map(() => fate(link.authorize({ connectionRef: 'c' })));
    await clock.settle();
    expect(asked).toHaveLength(1);
    answer('token');
    await clock.settle();
    expect(answers.map(({ value }) => value?.token)).toEqual(['token', 'token', 'token']);
  });

  it('whose answer comes after close() are thrown away: the next connect asks anew, and at once', async () => {
    const answers: ((token: string) => void)[] = [];
    const { realtime, fake, clock, asked, states } = asking(
      () => new Promise((resolve) => answers.push(resolve)),
    );
    void fate(realtime.connection.connect());
    await clock.settle();
    const first = fate(fake.link.authorize({}));
    await clock.settle();
    await realtime.close();
    void fate(realtime.connection.connect());
    const second = fate(fake.link.authorize({}));
    await clock.settle();
    expect(first.outcome).toBe('closed');
    expect(second.outcome).toBe('pending');
    expect(asked[0]?.signal.aborted).toBe(true);
    answers[0]?.('old');
    await clock.settle();
    expect(states.at(-1)).toBe('connecting');
    for (const answer of answers.slice(1)) answer('new');
    await clock.settle();
    expect(states.at(-1)).toBe('connected');
    expect(second.value?.token).toBe('new');
  });
});

it('a question that close() has ended does not answer the connect() of the same tick', async () => {
  const answers: ((token: string) => void)[] = [];
  const { realtime, fake, clock } = asking(() => new Promise((resolve) => answers.push(resolve)));
  void fate(realtime.connection.connect());
  const first = fate(fake.link.authorize({}));
  void realtime.close();
  void fate(realtime.connection.connect());
  const second = fate(fake.link.authorize({}));
  await clock.settle();
  expect([first.outcome, second.outcome]).toEqual(['closed', 'pending']);
  answers.at(-1)?.('new');
  for (const answer of answers) answer('new');
  await clock.settle();
  expect(second.value?.token).toBe('new');
});

describe('credentials of a channel', () => {
  it('are asked for each time, with what the adapter says of it', async () => {
    const { realtime, fake, asked } = asking(({ channel }) => `for ${channel}`);
    await realtime.connection.connect();
    const request = { channel: 'room', connectionRef: '1.2', presence: true };
    await expect(fake.link.authorize(request)).resolves.toEqual({ token: 'for room' });
    await fake.link.authorize(request);
    expect(asked.slice(1)).toMatchObject([
      { reason: 'channel', ...request },
      { reason: 'channel', ...request },
    ]);
  });

  it('do not replace those of the connection', async () => {
    const { realtime, fake, asked } = asking(({ channel }) => channel ?? 'mine');
    await realtime.connection.connect();
    await fake.link.authorize({ channel: 'room' });
    await expect(fake.link.authorize({})).resolves.toEqual({ token: 'mine' });
    expect(asked).toHaveLength(2);
  });

  it('are asked for apart: 2 channels and 2 connections are 4 questions', async () => {
    const { realtime, fake, clock, asked } = asking(({ reason }) =>
      reason === 'channel' ? new Promise(() => {}) : 'token',
    );
    await realtime.connection.connect();
    for (const channel of ['a', 'b'])
      for (const connectionRef of ['1', '2'])
        for (let count = 0; count < 2; count += 1)
          void fate(fake.link.authorize({ channel, connectionRef }));
    await clock.settle();
    expect(asked).toHaveLength(1 + 4);
  });

  it('that are denied reject with auth_denied, and the connection lives', async () => {
    const { realtime, fake, clock, states } = asking(({ reason }) => {
      if (reason === 'channel') throw failure('auth_denied');
      return 'token';
    });
    await realtime.connection.connect();
    const answer = fate(fake.link.authorize({ channel: 'room' }));
    await clock.settle();
    expect(answer.outcome).toBe('auth_denied');
    expect(states.at(-1)).toBe('connected');
  });
});
