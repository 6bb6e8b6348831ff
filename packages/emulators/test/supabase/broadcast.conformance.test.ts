/** Broadcasts, by the vendor's client. @see SOURCE.md#supabase */
import { describe, expect, it } from 'vitest';
import {
  broadcasts,
  joined,
  scene,
  systems,
  serviceKey,
  token,
  versions,
  type Version,
} from './scene.ts';

const send = (event: string, payload: unknown) => ({ type: 'broadcast', event, payload }) as const;

async function pair(vsn: Version, config: object = {}, other: Version = vsn) {
  const { server, client } = await scene(vsn);
  const [ann, bob] = [client(), client({ vsn: other })].map((one) =>
    one.channel('room', { config }),
  ) as [
    ReturnType<ReturnType<typeof client>['channel']>,
    ReturnType<ReturnType<typeof client>['channel']>,
  ];
  const [byAnn, byBob] = [broadcasts(ann), broadcasts(bob)];
  await Promise.all([joined(ann), joined(bob)]);
  return { server, ann, bob, byAnn, byBob };
}

describe.each(versions)('serializer %s', (vsn) => {
  it.each([
    ['an object', { n: 1, deep: { list: [1, null, 'ü'] } }],
    ['an empty object', {}],
    ['a list', [1, 2, 3]],
    ['a text', 'hello'],
  ])('%s arrives as it was sent', async (_, payload) => {
    const { ann, byBob } = await pair(vsn);
    expect(await ann.send(send('said', payload))).toBe('ok');
    const [message] = await byBob.count(1);
    expect(message).toMatchObject({ event: 'said', payload });
  });

  it('what is sent is heard by others alone', async () => {
    const { ann, bob, byAnn, byBob } = await pair(vsn);
    await ann.send(send('one', {}));
    await byBob.count(1);
    await bob.send(send('two', {}));
    await byAnn.count(1);
    expect([byAnn, byBob].map(({ items }) => items.map(({ event }) => event))).toEqual([
      ['two'],
      ['one'],
    ]);
  });

  it('with self it is heard by the sender, too', async () => {
    const { ann, byAnn, byBob } = await pair(vsn, { broadcast: { self: true } });
    await ann.send(send('one', {}));
    await Promise.all([byAnn.count(1), byBob.count(1)]);
  });

  it('without self another socket of the same person hears it', async () => {
    const { server, client } = await scene(vsn);
    const [one, other] = [client({ key: token() }), client({ key: token() })];
    const [from, to] = [one.channel('room'), other.channel('room')];
    const told = broadcasts(to);
    await Promise.all([joined(from), joined(to)]);
    await from.send(send('said', {}));
    await told.count(1);
    expect(server.connections()).toHaveLength(2);
  });

  it('many keep their order', async () => {
    const { ann, byBob } = await pair(vsn);
    for (let n = 0; n < 100; n += 1) void ann.send(send('n', { n }));
    const items = await byBob.count(100);
    expect(items.map(({ payload }) => (payload as { n: number }).n)).toEqual(
      Array.from({ length: 100 }, (_, n) => n),
    );
  });

  it('with ack the answer comes when it was taken', async () => {
    const { server, ann } = await pair(vsn, { broadcast: { ack: true } });
    expect(await ann.send(send('said', {}))).toBe('ok');
    server.loseReplies(1);
    expect(await ann.send(send('said', {}), { timeout: 50 })).toBe('timed out');
  });

  it('with ack too much is an error, without it is lost', async () => {
    const { server, client } = await scene(vsn, { limits: { payloadBytes: 1_000 } });
    const strict = client().channel('room', { config: { broadcast: { ack: true } } });
    const loose = client().channel('room');
    const told = broadcasts(strict);
    await Promise.all([joined(strict), joined(loose)]);
    expect(await strict.send(send('big', { text: 'x'.repeat(1_000) }))).toBe('error');
    expect(await loose.send(send('big', { text: 'x'.repeat(1_000) }))).toBe('ok');
    await loose.send(send('small', {}));
    await told.count(1);
    expect(told.items.map(({ event }) => event)).toEqual(['small']);
    expect(server.joined()).toHaveLength(2);
  });

  it('private and public channels of one name are two', async () => {
    const { client } = await scene(vsn);
    const open = client().channel('room');
    const closed = client({ key: token() }).channel('room', { config: { private: true } });
    const other = client({ key: token() }).channel('room', { config: { private: true } });
    const [byOpen, byOther] = [broadcasts(open), broadcasts(other)];
    await Promise.all([joined(open), joined(closed), joined(other)]);
    await closed.send(send('secret', {}));
    await byOther.count(1);
    expect(byOpen.items).toEqual([]);
  });

  it('who may not write to a private channel is not answered', async () => {
    const { client } = await scene(vsn, { policy: ({ operation }) => operation === 'read' });
    const channel = client({ key: token() }).channel('room', {
      config: { private: true, broadcast: { ack: true, self: true } },
    });
    const told = broadcasts(channel);
    await joined(channel);
    expect(await channel.send(send('said', {}), { timeout: 80 })).toBe('timed out');
    expect(told.items).toEqual([]);
  });

  it('too many messages close the channel, with a word of the system', async () => {
    const { client } = await scene(vsn, { limits: { messagesPerSecond: 1 } });
    const channel = client().channel('room');
    const told = systems(channel);
    const statuses = await joined(channel);
    for (let n = 0; n < 80; n += 1) void channel.send(send('n', { n }));
    await statuses.until(({ status }) => status === 'CLOSED');
    expect(told.items).toEqual([
      {
        extension: 'system',
        status: 'error',
        message: 'Too many messages per second',
        channel: 'room',
      },
    ]);
  });

  it('what the database sends is stored, and told again to who asks since when', async () => {
    const { server, client } = await scene(vsn);
    const since = Date.now() - 1;
    for (const n of [1, 2, 3]) server.send('room', 'stored', { n });
    const channel = client({ key: token() }).channel('room', {
      config: { private: true, broadcast: { replay: { since, limit: 2 } } },
    });
    const told = broadcasts(channel);
    await joined(channel);
    const items = await told.count(2);
    expect(items.map(({ payload }) => payload)).toEqual([{ n: 2 }, { n: 3 }]);
    expect(items[0]?.meta).toMatchObject({ replayed: true, id: expect.any(String) as string });
    const id = server.send('room', 'stored', { n: 4 });
    await told.count(3);
    expect(told.items[2]).toMatchObject({ payload: { n: 4 }, meta: { id } });
  });

  it('a rejoin is told what was stored since the same time again', async () => {
    const { server, client } = await scene(vsn);
    const since = Date.now() - 1;
    server.send('room', 'stored', { n: 1 });
    const channel = client({ key: token() }).channel('room', {
      config: { private: true, broadcast: { replay: { since } } },
    });
    const told = broadcasts(channel);
    await joined(channel);
    await told.count(1);
    server.drop();
    await told.count(2);
    const [one, again] = told.items;
    expect(one?.meta).toEqual(again?.meta);
  });

  it('what is sent over HTTP is heard by all', async () => {
    const { client } = await scene(vsn);
    const channel = client().channel('room');
    const told = broadcasts(channel);
    await joined(channel);
    const other = client({ key: serviceKey }).channel('room');
    expect(await other.httpSend('said', { n: 1 })).toEqual({ success: true });
    const [message] = await told.count(1);
    expect(message).toMatchObject({ event: 'said', payload: { n: 1 } });
  });
});

describe('between the versions', () => {
  it.each([
    ['1.0.0', '2.0.0'],
    ['2.0.0', '1.0.0'],
  ] as const)('%s is understood by %s', async (from, to) => {
    const { ann, bob, byAnn, byBob } = await pair(from, {}, to);
    await ann.send(send('said', { n: 1 }));
    expect((await byBob.count(1))[0]).toMatchObject({ event: 'said', payload: { n: 1 } });
    await bob.send(send('said', { n: 2 }));
    expect((await byAnn.count(1))[0]).toMatchObject({ event: 'said', payload: { n: 2 } });
  });

  it('bytes arrive as bytes in 2.0.0, and not at all in 1.0.0', async () => {
    const { ann, byBob } = await pair('2.0.0');
    await ann.send(send('bytes', Uint8Array.of(0, 1, 255).buffer));
    const [message] = await byBob.count(1);
    expect(new Uint8Array(message?.payload as ArrayBuffer)).toEqual(Uint8Array.of(0, 1, 255));
    const old = await pair('2.0.0', {}, '1.0.0');
    await old.ann.send(send('bytes', Uint8Array.of(1).buffer));
    await old.ann.send(send('text', {}));
    await old.byBob.count(1);
    expect(old.byBob.items.map(({ event }) => event)).toEqual(['text']);
  });
});
