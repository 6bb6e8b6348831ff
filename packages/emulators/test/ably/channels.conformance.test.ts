/** Channels and messages of the emulated Ably, as the vendor's own client meets them. @see ../../SOURCE.md#ably-channels */
import type Ably from 'ably';
import { describe, expect, it } from 'vitest';
import { failure, formats, next, openScene, settled } from './scene.ts';

/** What a channel hears from now on. */
async function listen(channel: Ably.RealtimeChannel): Promise<unknown[]> {
  const heard: unknown[] = [];
  await channel.subscribe(({ data }) => heard.push(data));
  return heard;
}

describe.each(formats)('channels in %s', (_, isBinary) => {
  it.each(['', ':a', ',a', '[no]a'])('one may not be called "%s": 40010', async (name) => {
    const { client } = await openScene(isBinary);
    const channel = client().channels.get(name);
    expect(await failure(channel.attach())).toBe(40010);
    expect(channel.state).toBe('failed');
  });

  it('the modes that were asked for are granted as far as the key allows; none is 40160', async () => {
    const { client } = await openScene(isBinary, {
      keys: [{ key: 'app.key:secret', capability: { 'read:*': ['subscribe'] } }],
    });
    const { channels } = client();
    const channel = channels.get('read:1', { modes: ['SUBSCRIBE', 'PUBLISH'] });
    await channel.attach();
    expect(channel.modes).toEqual(['subscribe']);
    expect(await failure(channel.publish('e', 'x'))).toBe(40160);
    expect(await failure(channels.get('other').attach())).toBe(40160);
    expect(await failure(channels.get('read').attach())).toBe(40160);
  });

  it('params that mean something are echoed, `modes` among them win over flags', async () => {
    const { client } = await openScene(isBinary);
    const channel = client().channels.get('room', {
      params: { modes: 'subscribe', nonsense: '1' },
      modes: ['PUBLISH'],
    });
    await channel.attach();
    expect(channel.params).toEqual({ modes: 'subscribe' });
    expect(channel.modes).toEqual(['subscribe']);
  });

  it('options are changed on a live channel, and nothing is missed', async () => {
    const { client } = await openScene(isBinary);
    const channel = client().channels.get('room');
    const heard = await listen(channel);
    await channel.publish('e', '1');
    await channel.setOptions({ modes: ['SUBSCRIBE', 'PUBLISH'] });
    await channel.publish('e', '2');
    await expect.poll(() => heard).toEqual(['1', '2']);
    expect(channel.modes?.toSorted()).toEqual(['publish', 'subscribe']);
  });

  it('after a drop it is resumed with what was missed, in order', async () => {
    const { client, service } = await openScene(isBinary);
    const [ann, bob] = [client(), client()];
    const channel = bob.channels.get('room');
    const heard = await listen(channel);
    await ann.channels.get('room').attach();
    const attached = next(channel, 'attached');
    service.drop({ connectionId: bob.connection.id ?? '' });
    for (const n of ['1', '2', '3']) await ann.channels.get('room').publish('e', n);
    expect((await attached).resumed).toBe(true);
    await expect.poll(() => heard).toEqual(['1', '2', '3']);
  });

  it('with another connection it is resumed all the same, by its serial', async () => {
    const { client, service } = await openScene(isBinary);
    const channel = client().channels.get('room');
    await channel.attach();
    service.forgetConnections();
    service.drop();
    expect((await next(channel, 'attached')).resumed).toBe(true);
  });

  it('in another epoch, or beyond what is kept, it is not resumed: 90003', async () => {
    const { client, service } = await openScene(isBinary, { times: { retentionMs: 50 } });
    const channel = client().channels.get('room');
    await channel.attach();
    service.changeEpoch('room');
    service.drop();
    expect(await next(channel, 'attached')).toMatchObject({
      resumed: false,
      reason: { code: 90003 },
    });
  });

  it('it begins with the last messages, by count and by time', async () => {
    const { client } = await openScene(isBinary);
    const [ann, bob] = [client(), client()];
    for (const n of ['1', '2', '3']) await ann.channels.get('room').publish('e', n);
    for (const [rewind, wanted] of [
      ['2', ['2', '3']],
      ['1m', ['1', '2', '3']],
    ] as const) {
      const channel = bob.channels.get('room', { params: { rewind } });
      const heard = await listen(channel);
      await settled(bob);
      expect(heard).toEqual(wanted);
      await channel.detach();
      bob.channels.release('room');
    }
  });

  it('DETACHED is answered by a new ATTACH, an ERROR fails it', async () => {
    const { client, service } = await openScene(isBinary);
    const channel = client().channels.get('room');
    await channel.attach();
    const again = next(channel, 'attached');
    service.endChannel('room');
    await again;
    const failed = next(channel, 'failed');
    service.failChannel('room', 40160);
    expect((await failed).reason?.code).toBe(40160);
  });

  it('an ATTACHED that nobody asked for is an update, unless it is resumed', async () => {
    const { client, service } = await openScene(isBinary);
    const channel = client().channels.get('room');
    await channel.attach();
    const update = next(channel, 'update');
    service.updateChannel('room', { resumed: true });
    service.updateChannel('room', { resumed: false, code: 90003 });
    expect(await update).toMatchObject({ resumed: false, reason: { code: 90003 } });
  });

  it('an ATTACH without an answer is 90007, and the next one is answered', async () => {
    const { client, service } = await openScene(isBinary);
    const channel = client({ realtimeRequestTimeout: 200 }).channels.get('room');
    service.holdAttach();
    expect(await failure(channel.attach())).toBe(90007);
    service.releaseAttach();
    await next(channel, 'attached');
  });

  it('201 channels of one connection are one too many', async () => {
    const { client } = await openScene(isBinary, { limits: { channelsPerConnection: 2 } });
    const { channels } = client();
    for (const name of ['1', '2']) await channels.get(name).attach();
    expect(await failure(channels.get('3').attach())).toBe(90000);
  });
});

describe.each(formats)('messages in %s', (_, isBinary) => {
  it.each([
    ['a text', 'x'],
    ['an object', { a: [1, null] }],
    ['a list', [1, 2]],
    ['bytes', Buffer.from([0, 255])],
  ])('%s arrives as it was sent, with who sent it and its serial', async (_name, data) => {
    const { client } = await openScene(isBinary);
    const channel = client().channels.get('room');
    const heard: Ably.InboundMessage[] = [];
    await channel.subscribe((message) => heard.push(message));
    const extras = { headers: { a: 1 } };
    await client({ clientId: 'ann' }).channels.get('room').publish({ name: 'e', data, extras });
    await expect.poll(() => heard).toHaveLength(1);
    const [message] = heard;
    expect(message).toMatchObject({ name: 'e', clientId: 'ann', action: 'message.create', extras });
    expect(message?.data).toEqual(data);
    expect(message?.serial).toMatch(/^\d{14}-\d+@\w+:000$/);
  });

  it('clients of both formats meet, with bytes and encrypted data, too', async () => {
    const { client } = await openScene(isBinary);
    const cipher = { key: Buffer.alloc(32, 1).toString('base64') };
    const heard = await listen(
      client({ useBinaryProtocol: !isBinary }).channels.get('room', { cipher }),
    );
    const sender = client().channels.get('room', { cipher });
    await sender.publish('e', { secret: true });
    await sender.publish('e', Buffer.from('bytes'));
    await expect.poll(() => heard).toEqual([{ secret: true }, Buffer.from('bytes')]);
  });

  it('2 in one publish have one answer with 2 serials, and follow each other', async () => {
    const { client } = await openScene(isBinary);
    const channel = client().channels.get('room');
    const heard = await listen(channel);
    const { serials } = await channel.publish([{ data: '1' }, { data: '2' }]);
    expect(serials).toHaveLength(2);
    await expect.poll(() => heard).toEqual(['1', '2']);
  });

  it('without echo, own ones do not come back, also after a drop', async () => {
    const { client, service } = await openScene(isBinary);
    const ann = client({ echoMessages: false });
    const channel = ann.channels.get('room');
    const heard = await listen(channel);
    await channel.publish('e', 'own');
    const attached = next(channel, 'attached');
    service.drop({ connectionId: ann.connection.id ?? '' });
    await attached;
    await client().channels.get('room').publish('e', 'other');
    await expect.poll(() => heard).toEqual(['other']);
  });

  it('one that is published before there is a connection waits for it', async () => {
    const { client } = await openScene(isBinary);
    const { serials } = await client().channels.get('room').publish('e', 'x');
    expect(serials).toHaveLength(1);
  });

  it('an id is published once, and answered with the same serial, whoever publishes it', async () => {
    const { client } = await openScene(isBinary);
    const channel = client().channels.get('room');
    const one = await channel.publish({ id: 'a:0', data: '1' });
    const other = await client().channels.get('room').publish({ id: 'a:0', data: '1' });
    expect(other.serials).toEqual(one.serials);
    expect((await channel.history()).items).toHaveLength(1);
  });

  it.each([
    ['too large', 40009, { data: 'x'.repeat(70_000) }, {}],
    ['of another client id', 40012, { data: 'x', clientId: 'bob' }, { clientId: 'ann' }],
    ['with ids of two bases', 40031, [{ id: 'a:0' }, { id: 'b:1' }], {}],
    ['with an id in one of two', 40031, [{ id: 'a:0' }, {}], {}],
  ])('one %s is refused', async (_name, code, message, options) => {
    const { client } = await openScene(isBinary);
    const channel = client(options).channels.get('room');
    expect(await failure(channel.publish(message as Ably.Message))).toBe(code);
  });

  it('too many in a second are 42911, and the connection goes on', async () => {
    const { client } = await openScene(isBinary, { limits: { publishPerSecond: 2 } });
    const ann = client();
    const channel = ann.channels.get('room');
    const all = await Promise.all(['1', '2', '3'].map((n) => failure(channel.publish('e', n))));
    expect(all).toEqual(['no error', 'no error', 42911]);
    await settled(ann);
  });

  it('an answer that was lost is given after a resume, and the message is there once', async () => {
    const { client, service } = await openScene(isBinary);
    const ann = client();
    const channel = ann.channels.get('room');
    await channel.attach();
    service.loseAcks(1);
    const published = channel.publish('e', 'x');
    await settled(ann);
    service.drop();
    expect((await published).serials).toHaveLength(1);
    expect((await channel.history()).items).toHaveLength(1);
  });

  it('one whose connection was forgotten is there twice without an id, once with it', async () => {
    const { client, service } = await openScene(isBinary);
    const ann = client();
    for (const [name, id] of [
      ['without', undefined],
      ['with', 'a:0'],
    ] as const) {
      const channel = ann.channels.get(name);
      await channel.attach();
      service.loseAcks(1);
      const published = channel.publish({ data: 'x', ...(id && { id }) });
      await settled(ann);
      service.forgetConnections();
      service.drop();
      await published;
      expect((await channel.history()).items).toHaveLength(id ? 1 : 2);
    }
  });

  it('answers that wait come in their order, late ones come, and a NACK has its code', async () => {
    const { client, service } = await openScene(isBinary);
    const ann = client();
    const channel = ann.channels.get('room');
    await channel.attach();
    service.holdAcks();
    const done: string[] = [];
    const all = ['1', '2'].map((n) => channel.publish('e', n).then(() => done.push(n)));
    await settled(ann);
    expect(done).toEqual([]);
    service.releaseAcks();
    await Promise.all(all);
    expect(done).toEqual(['1', '2']);
    service.delayAcks(20);
    await channel.publish('e', '3');
    service.delayAcks(0);
    service.forceNack(1, 50003);
    expect(await failure(channel.publish('e', 'x'))).toBe(50003);
  });

  it('an ephemeral one is heard, and not in history', async () => {
    const { client } = await openScene(isBinary);
    const channel = client().channels.get('room');
    const heard = await listen(channel);
    await channel.publish({ data: 'x', extras: { ephemeral: true } });
    await expect.poll(() => heard).toEqual(['x']);
    expect((await channel.history()).items).toEqual([]);
  });
});
