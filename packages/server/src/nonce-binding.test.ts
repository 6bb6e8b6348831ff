import { describe, expect, it } from 'vitest';
import { testServer } from '../test/support/pipes.ts';

describe('a nonce', () => {
  const nonce = 'n0n0n0n0';
  const connecting = { t: 'connect', nonce, instance: 'i' } as const;

  it('belongs to the client that came first, also after it has gone', async () => {
    const { connected, join } = testServer();
    const ann = await connected('ann', nonce);
    const mallory = join(nonce);
    expect(await mallory.request({ ...connecting, token: 'mallory' })).toMatchObject({
      code: 'forbidden',
    });
    expect(await mallory.closed).toMatchObject({ code: 4401 });
    ann.cut();
    const again = join(nonce);
    expect(await again.request({ ...connecting, token: 'mallory' })).toMatchObject({
      code: 'forbidden',
    });
    await connected('ann', nonce);
  });

  it('of an anonymous client belongs to who knows its resume secret', async () => {
    const { join } = testServer();
    const first = join(nonce);
    const { resume } = await first.connect();
    expect(await join(nonce).request(connecting)).toMatchObject({ code: 'forbidden' });
    expect(await join(nonce).request({ ...connecting, resume: 'x'.repeat(24) })).toMatchObject({
      code: 'forbidden',
    });
    expect(await join(nonce).connect({ resume })).toMatchObject({ resume });
  });

  it('stays with an anonymous client that signs in', async () => {
    const { join } = testServer();
    const { resume } = await join(nonce).connect();
    await join(nonce).connect({ resume, token: 'ann' });
    expect(await join(nonce).request({ ...connecting, resume })).toMatchObject({
      code: 'forbidden',
    });
  });

  it('of somebody else is refused in a publish', async () => {
    const { connected } = testServer();
    const ann = await connected('ann');
    const answer = await ann.publish('room', 1, { i: 'other-nonce:0' });
    expect(answer).toMatchObject({ t: 'error', code: 'forbidden' });
    await ann.attach('room'); // the connection stays
  });
});
