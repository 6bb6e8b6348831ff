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

  it('of an anonymous client whose first answer was lost belongs to the secret that it showed', async () => {
    const { join } = testServer();
    const resume = 'secret-of-this-client';
    const first = join(nonce);
    await first.connect({ resume });
    first.cut();
    expect(await join(nonce).request(connecting)).toMatchObject({ code: 'forbidden' });
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
    await connected('bob', 'nonce-of-bob');
    const ann = await connected('ann');
    const answer = await ann.publish('room', 1, { i: 'nonce-of-bob:1' });
    expect(answer).toMatchObject({ t: 'error', code: 'forbidden' });
    await ann.attach('room'); // the connection stays
  });
});

describe('an id of an earlier page', () => {
  it('is taken from the same client, and known again where it had arrived', async () => {
    const { connected } = testServer();
    const before = await connected('ann', 'earlier-page');
    expect(await before.publish('room', 'sent', { i: 'earlier-page:1' })).toMatchObject({ s: 1 });
    before.cut();
    const ann = await connected('ann');
    expect(await ann.publish('room', 'sent', { i: 'earlier-page:1' })).toMatchObject({
      t: 'ack',
      s: 1,
      dup: true,
    });
    const next = await ann.publish('room', 'new', { i: 'earlier-page:2' });
    expect(next).toMatchObject({ t: 'ack', s: 2 });
  });

  it('is taken, too, where that page never had a connection; then its nonce is bound', async () => {
    const { connected } = testServer();
    const ann = await connected('ann');
    expect(await ann.publish('room', 1, { i: 'never-came:1' })).toMatchObject({ t: 'ack' });
    const bob = await connected('bob');
    expect(await bob.publish('room', 1, { i: 'never-came:2' })).toMatchObject({
      code: 'forbidden',
    });
    ann.cut();
    expect(await bob.publish('room', 1, { i: 'never-came:2' })).toMatchObject({
      code: 'forbidden',
    });
  });

  it('is refused from an anonymous client, which cannot show that it is the same', async () => {
    const { connected } = testServer();
    (await connected(undefined, 'earlier-page')).cut();
    const again = await connected();
    expect(await again.publish('room', 1, { i: 'earlier-page:1' })).toMatchObject({
      code: 'forbidden',
    });
  });

  it('is refused from a 33rd page of one connection, and the first 32 go on', async () => {
    const { connected } = testServer();
    const ann = await connected('ann');
    for (let page = 1; page <= 33; page += 1)
      expect(await ann.publish('room', page, { i: `earlier-page-${page}:1` })).toMatchObject(
        page <= 32 ? { t: 'ack' } : { code: 'forbidden' },
      );
    expect(await ann.publish('room', 1, { i: 'earlier-page-1:2' })).toMatchObject({ t: 'ack' });
  });

  it('does not come back to a client that wants no echo', async () => {
    const { connected } = testServer();
    const ann = await connected('ann');
    await ann.attach('room', { echo: false });
    await ann.publish('room', 'mine', { i: 'earlier-page:1' });
    const bob = await connected('bob');
    await bob.publish('room', 'of bob');
    await ann.publish('room', 'the end', { i: 'earlier-page:2' });
    expect(ann.data('room')).toEqual(['of bob']);
  });
});
