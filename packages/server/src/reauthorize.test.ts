import { expect, it } from 'vitest';
import { testServer } from '../test/support/pipes.ts';
import { slowEngine } from '../test/support/slow-engine.ts';
import type { AuthorizeRequest, ServerOptions } from './index.ts';

/** A server whose app takes back what `denied` says. */
function revocable(options: ServerOptions = {}) {
  const denied = new Set<string>();
  const asked: string[] = [];
  const authorize = ({ client, channel, action, event }: AuthorizeRequest): boolean => {
    const what = [client.clientId, channel, event ?? action].join(' ');
    asked.push(what);
    return !denied.has(what);
  };
  return { denied, asked, ...testServer({ authorize, ...options }) };
}

it('detaches who is refused now with forbidden, and nobody else', async () => {
  const { denied, connected, server } = revocable();
  const [ann, bob] = [await connected('ann'), await connected('bob')];
  for (const client of [ann, bob]) for (const c of ['a', 'b']) await client.attach(c);
  denied.add('ann a attach');
  expect(await server.reauthorize()).toEqual({ asked: 4, detached: 1 });
  expect(await ann.next('detached')).toMatchObject({ c: 'a', code: 'forbidden' });
  await server.publish('a', 'e', 1);
  await server.publish('b', 'e', 2);
  await Promise.all([ann.hears(2), bob.hears(2)]);
  expect([ann.data(), bob.data()]).toEqual([[2], [1, 2]]);
});

it.each([
  [{ clientId: 'ann' }, ['ann a attach', 'ann b attach']],
  [{ channel: 'a' }, ['ann a attach', 'bob a attach']],
  [{ clientId: 'bob', channel: 'b' }, ['bob b attach']],
  [{ clientId: '__proto__' }, []],
  [{ channel: 'nowhere' }, []],
])('asks for %j alone', async (which, expected) => {
  const { asked, connected, server } = revocable();
  for (const name of ['ann', 'bob']) {
    const client = await connected(name);
    for (const c of ['a', 'b']) await client.attach(c);
  }
  asked.length = 0;
  expect(await server.reauthorize(which)).toEqual({ asked: expected.length, detached: 0 });
  expect(asked.toSorted()).toEqual(expected);
});

it('lets a member leave that may not be one any more, and go on to watch', async () => {
  const { denied, connected, server } = revocable();
  const [ann, bob] = [await connected('ann'), await connected('bob')];
  await ann.attach('a', { presence: 'enter' });
  await bob.attach('a', { presence: 'enter' });
  denied.add('ann a enter');
  expect(await server.reauthorize()).toEqual({ asked: 2, detached: 0 });
  for (const client of [ann, bob]) {
    const gone = { a: 'leave', u: 'ann' };
    await expect.poll(() => client.all.at(-1)).toMatchObject(gone);
  }
  expect(await ann.request({ t: 'enter', c: 'a', d: 1 })).toMatchObject({ code: 'forbidden' });
  await server.publish('a', 'e', 1);
  await ann.hears(1);
});

it('shows nobody to who may not watch any more, and no changes', async () => {
  const { denied, connected, server } = revocable();
  const [ann, bob] = [await connected('ann'), await connected('bob')];
  await bob.attach('a', { presence: 'enter' });
  await ann.attach('a', { presence: 'watch' });
  expect(await ann.next('sync')).toMatchObject({ members: [{ u: 'bob' }] });
  denied.add('ann a watch');
  await server.reauthorize({ clientId: 'ann' });
  expect(await ann.next('sync')).toMatchObject({ first: true, members: [] });
  await bob.request({ t: 'update', c: 'a', d: 2 });
  await server.publish('a', 'e', 1);
  await ann.hears(1);
  expect(ann.all.filter(({ t }) => t === 'presence')).toEqual([]);
});

it('asks again for an attach whose answer was given before the permission was taken back', async () => {
  const answers: ((may: boolean) => void)[] = [];
  const { connected, server } = testServer({
    authorize: () => new Promise((resolve) => answers.push(resolve)),
  });
  const client = await connected('ann');
  const attached = client.request({ t: 'attach', c: 'a' });
  await expect.poll(() => answers.length).toBe(1);
  expect(await server.reauthorize()).toEqual({ asked: 0, detached: 0 });
  answers[0]?.(true);
  await expect.poll(() => answers.length).toBe(2);
  answers[1]?.(false);
  expect(await attached).toMatchObject({ t: 'error', code: 'forbidden' });
});

it('has at most 16 questions open, and takes no answer for a no', async () => {
  let open = 0;
  let most = 0;
  let isRevoked = false;
  const { connected, server, clock } = testServer({
    hookTimeoutMs: 50,
    authorize: () => {
      if (!isRevoked) return true;
      most = Math.max(most, (open += 1));
      return new Promise(() => {});
    },
  });
  const client = await connected('ann');
  for (let n = 0; n < 40; n++) await client.attach(`room ${n}`);
  isRevoked = true;
  const done = server.reauthorize();
  for (let n = 0; n < 3; n++) {
    await new Promise(setImmediate);
    open = 0;
    await clock.advance(50);
  }
  expect(await done).toEqual({ asked: 40, detached: 40 });
  expect(most).toBe(16);
});

it('lets the loop have its turn among 1,000 answers that come at once', async () => {
  const { connected, server } = revocable({ limits: { channels: 1_000 } });
  const client = await connected('ann');
  for (let n = 0; n < 1_000; n++) await client.attach(`room ${n}`);
  let turns = 0;
  const count = (): void => {
    turns += 1;
    immediate = setImmediate(count);
  };
  let immediate = setImmediate(count);
  expect(await server.reauthorize()).toEqual({ asked: 1_000, detached: 0 });
  clearImmediate(immediate);
  expect(turns).toBeGreaterThanOrEqual(9);
});

it.each([1, 2, 3, 4, 5, 6, 8, 12, 16])(
  'lets nobody in whose attach an engine answers while the permission is taken back, after %i turns',
  async (turns) => {
    const { denied, connected, server } = revocable({ engine: slowEngine(() => 2) });
    const [ann, bob] = [await connected('ann'), await connected('bob')];
    await bob.attach('a', { presence: 'watch' });
    void ann.request({ t: 'attach', c: 'a', presence: 'enter' });
    for (let n = 0; n < turns; n++) await new Promise(setImmediate);
    for (const what of ['ann a attach', 'ann a enter']) denied.add(what);
    await server.reauthorize();
    // What she was told last is what is: she is not attached.
    await expect.poll(() => ann.all.at(-1)?.t).toMatch(/^(error|detached)$/);
    await bob.publish('a', 'private');
    await bob.hears('private');
    expect(ann.data()).toEqual([]);
    await expect.poll(async () => (await server.presence('a')).length).toBe(0);
    await server.close();
  },
);

it.each([1, 2, 3, 4, 5, 6, 8, 12])(
  'shows no members to who began to watch while that was taken back, after %i turns',
  async (turns) => {
    const { denied, connected, server } = revocable({ engine: slowEngine(() => 2) });
    const [ann, bob] = [await connected('ann'), await connected('bob')];
    await bob.attach('a', { presence: 'enter', d: 1 });
    const attached = ann.request({ t: 'attach', c: 'a', presence: 'watch' });
    for (let n = 0; n < turns; n++) await new Promise(setImmediate);
    denied.add('ann a watch');
    await server.reauthorize();
    await attached;
    // Whoever still works on it has time to end.
    for (let n = 0; n < 40; n++) await new Promise(setImmediate);
    await bob.request({ t: 'update', c: 'a', d: 2 });
    await server.publish('a', 'e', 'after');
    await bob.hears('after');
    expect(ann.all.filter(({ t }) => t === 'presence')).toEqual([]);
    const shown = ann.all.findLast(({ t }) => t === 'sync');
    expect(shown && 'members' in shown && shown.members.length).toBeFalsy();
    await server.close();
  },
);

it.each(['attach', 'enter'])(
  'makes nobody a member whose enter was allowed before it took back the permission to %s',
  async (what) => {
    const answers: (() => void)[] = [];
    const denied = new Set<string>();
    let isSlow = false;
    const { connected, server } = testServer({
      authorize: ({ action, event }) => {
        const may = !denied.has(event ?? action);
        return isSlow && event === 'enter'
          ? new Promise((resolve) => answers.push(() => resolve(may)))
          : may;
      },
    });
    const ann = await connected('ann');
    await ann.attach('a');
    isSlow = true;
    const entered = ann.request({ t: 'enter', c: 'a', d: 1 });
    denied.add(what);
    await server.reauthorize();
    isSlow = false;
    answers[0]?.();
    expect(await entered).toMatchObject({ t: 'error' });
    expect(await server.presence('a')).toEqual([]);
    await server.close();
  },
);
