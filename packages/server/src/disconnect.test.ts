import { describe, expect, it } from 'vitest';
import { retryAfterClose } from '@anywire/protocol';
import { testServer } from '../test/support/pipes.ts';

describe('disconnect', () => {
  it.each([
    ['fresh-token', 4200],
    ['now', 4100],
    ['never', 4401],
  ] as const)(
    'with retry %s closes with %i, which says so to every client',
    async (retry, code) => {
      const { server, connected } = testServer();
      const ann = await connected('ann');
      expect(await server.disconnect({ clientId: 'ann' }, { retry, reason: 'moved' })).toBe(1);
      expect(await ann.next('bye')).toMatchObject({ code, message: 'moved' });
      expect(await ann.closed).toEqual({ code, reason: 'moved' });
      expect(retryAfterClose(code)).toBe(retry);
    },
  );

  it('ends all 3 connections of a client by default with 4200, and no other', async () => {
    const ends: unknown[] = [];
    const { server, connected } = testServer({
      onDisconnect: ({ clientId }, end) => ends.push([clientId, end]),
    });
    const anns = await Promise.all(['ann', 'ann', 'ann'].map((token) => connected(token)));
    const bob = await connected('bob');
    const nobody = await connected();
    expect(await server.disconnect({ clientId: 'ann' })).toBe(3);
    const end = { code: 4200, reason: 'the app ended this connection' };
    for (const ann of anns) expect(await ann.closed).toEqual(end);
    expect(ends).toEqual([
      ['ann', end],
      ['ann', end],
      ['ann', end],
    ]);
    expect(server.stats().connections).toBe(2);
    await bob.attach('room');
    await nobody.attach('room');
    expect(await server.disconnect({ clientId: 'ann' })).toBe(0);
  });

  it('ends one connection by its id, also an anonymous one', async () => {
    const { server, join, connected } = testServer();
    const first = join();
    const { connection } = await first.connect();
    await connected();
    expect(await server.disconnect({ connectionId: connection })).toBe(1);
    expect(await first.closed).toMatchObject({ code: 4200 });
    expect(server.stats().connections).toBe(1);
  });

  it('lets a member stay for the grace of 15 s, and none whose client shall never come back', async () => {
    const { server, clock, connected } = testServer();
    for (const token of ['ann', 'bob']) {
      const client = await connected(token);
      await client.attach('room', { presence: 'enter', d: 1 });
    }
    const present = async (): Promise<string[]> =>
      (await server.presence('room')).map(({ clientId }) => clientId);
    await server.disconnect({ clientId: 'ann' }, { retry: 'never' });
    await server.disconnect({ clientId: 'bob' });
    expect(await present()).toEqual(['bob']);
    await clock.advance(14_000);
    expect(await present()).toEqual(['bob']);
    await clock.advance(2_000);
    expect(await present()).toEqual([]);
  });

  it('leaves a revoked user outside, who comes back with a token that is refused', async () => {
    const revoked = new Set<string>();
    const { server, join, connected } = testServer({
      authenticate: ({ token }) =>
        token === undefined || revoked.has(token) ? null : { clientId: token },
    });
    const ann = await connected('ann');
    revoked.add('ann');
    await server.disconnect({ clientId: 'ann' });
    await ann.closed;
    const again = join();
    void again.request({ t: 'connect', nonce: again.nonce, instance: 'tab-1', token: 'ann' });
    expect(await again.closed).toMatchObject({ code: 4201 });
  });

  it.each([
    ['nobody', {}, {}],
    ['both', { clientId: 'ann', connectionId: 'x' }, {}],
    ['everybody, by undefined', { clientId: undefined }, {}],
    ['a client that is no text', { clientId: 5 }, {}],
    ['a retry that is none', { clientId: 'ann' }, { retry: '__proto__' }],
    ['an empty reason', { clientId: 'ann' }, { reason: '' }],
    ['a reason of 129 characters', { clientId: 'ann' }, { reason: 'x'.repeat(129) }],
    ['a reason of two lines', { clientId: 'ann' }, { reason: 'a\nb' }],
  ])('refuses %s, and ends nothing', async (_, target, options) => {
    const { server, connected } = testServer();
    await connected('ann');
    const ended = server.disconnect(target as { clientId: string }, options as { reason: string });
    await expect(ended).rejects.toMatchObject({ code: 'invalid' });
    expect(server.stats().connections).toBe(1);
  });
});
