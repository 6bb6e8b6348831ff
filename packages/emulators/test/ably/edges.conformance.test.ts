/** What the emulated Ably does where clients rarely go, and what tests can make it do. @see ../../SOURCE.md#ably */
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { failure, formats, key, next, openScene, settled } from './scene.ts';

const basic = { authorization: `Basic ${Buffer.from(key).toString('base64')}` };
const json = { 'content-type': 'application/json' };

describe.each(formats)('edges in %s', (_, isBinary) => {
  it('frames can be seen, changed, doubled and left out', async () => {
    const { client, service } = await openScene(isBinary);
    const ann = client();
    const channel = ann.channels.get('room');
    const heard: unknown[] = [];
    await channel.subscribe(({ name }) => heard.push(name));
    const seen = new Set<number>();
    const end = service.intercept((frame, direction) => {
      seen.add(frame.action);
      const [message] = frame.messages ?? [];
      if (direction === 'in' || !message) return frame;
      if (message.name === 'lost') return undefined;
      if (message.name === 'twice') return [frame, frame];
      return { ...frame, messages: [{ ...message, name: 'changed' }] };
    });
    for (const name of ['lost', 'twice', 'other']) await channel.publish(name, 'x');
    await settled(ann);
    expect(heard).toEqual(['twice', 'twice', 'changed']);
    expect([...seen]).toEqual(expect.arrayContaining([1, 15]));
    end();
    await channel.publish('after', 'x');
    await expect.poll(() => heard.at(-1)).toBe('after');
  });

  it('any frame can be sent; what a client does not know it ignores', async () => {
    const { client, service } = await openScene(isBinary);
    const ann = client();
    const channel = ann.channels.get('room');
    const heard: unknown[] = [];
    await channel.subscribe(({ data }) => heard.push(data));
    expect(service.push({ action: 99 })).toBe(1);
    service.push({ action: 15, channel: 'room', messages: [{ data: 'pushed' }] });
    await settled(ann);
    expect(heard).toEqual(['pushed']);
  });

  it('a client that is asked for a new token gives one, without a new connection', async () => {
    const { client, rest, service } = await openScene(isBinary);
    let asked = 0;
    const ann = client({
      authCallback: (__: unknown, answer: (error: null, token: object) => void) => {
        asked += 1;
        void rest()
          .auth.requestToken({ clientId: 'ann' })
          .then((token) => answer(null, token));
      },
    });
    await ann.connection.whenState('connected');
    const { id } = ann.connection;
    const update = next(ann.connection, 'update');
    service.push({ action: 17 });
    await update;
    expect([asked, ann.connection.id]).toEqual([2, id]);
  });

  it('an expired token on a live connection is replaced, and the connection is the same', async () => {
    const { client, rest, service } = await openScene(isBinary);
    let asked = 0;
    const ann = client({
      authCallback: (__: unknown, answer: (error: null, token: object) => void) => {
        asked += 1;
        const isSecond = asked === 2;
        void rest()
          .auth.requestToken({ clientId: 'ann' })
          .then((token) => {
            if (isSecond) service.expireTokens();
            answer(null, token);
          });
      },
    });
    await ann.connection.whenState('connected');
    const { id } = ann.connection;
    await ann.auth.authorize().catch(() => {});
    await ann.connection.whenState('connected');
    expect(ann.connection.id).toBe(id);
    expect(asked).toBe(3);
  });

  it('a connection that was cut and then forgotten is not resumed', async () => {
    const { client, service } = await openScene(isBinary);
    const { connection } = client();
    await connection.whenState('connected');
    service.drop();
    expect(service.forgetConnections()).toBe(1);
    expect((await next(connection, 'connected')).reason?.code).toBe(80008);
  });

  it('a recovered client goes on with what was missed', async () => {
    const { client, service } = await openScene(isBinary);
    const first = client();
    await first.channels.get('room').attach();
    const recover = first.connection.createRecoveryKey() ?? '';
    service.refuse(1_000);
    service.drop();
    await next(first.connection, 'disconnected');
    first.close();
    service.refuse(0);
    await client().channels.get('room').publish('e', 'missed');
    const channel = client({ recover }).channels.get('room');
    const heard: unknown[] = [];
    await channel.subscribe(({ data }) => heard.push(data));
    await expect.poll(() => heard).toEqual(['missed']);
  });

  it('a rewind is not repeated after a drop', async () => {
    const { client, service } = await openScene(isBinary);
    const ann = client();
    await client().channels.get('room').publish('e', 'once');
    const channel = ann.channels.get('room', { params: { rewind: '1' } });
    const heard: unknown[] = [];
    await channel.subscribe(({ data }) => heard.push(data));
    await settled(ann);
    const attached = next(channel, 'attached');
    service.drop();
    await attached;
    await settled(ann);
    expect(heard).toEqual(['once']);
  });

  it('one that is not attached publishes all the same', async () => {
    const { client } = await openScene(isBinary);
    const channel = client().channels.get('room');
    const heard: unknown[] = [];
    await channel.subscribe(({ data }) => heard.push(data));
    const other = client().channels.get('room');
    await other.publish('e', 'x');
    await expect.poll(() => heard).toEqual(['x']);
    expect(other.state).toBe('initialized');
  });

  it('deltas are not granted: messages come whole', async () => {
    const { client } = await openScene(isBinary);
    const channel = client().channels.get('room', { params: { delta: 'vcdiff' } });
    await channel.attach();
    expect(channel.params).toEqual({});
  });

  it.each([
    ['*', 'any', 'no error'],
    ['[*]*', 'any', 'no error'],
    ['ns:*', 'ns:a', 'no error'],
    ['ns:*', 'nsa', 40160],
    ['a', 'ab', 40160],
  ])('a capability for %s allows %s: %s', async (pattern, name, wanted) => {
    const { client } = await openScene(isBinary, {
      keys: [{ key, capability: { [pattern]: ['subscribe'] } }],
    });
    expect(await failure(client().channels.get(name).attach())).toBe(wanted);
  });

  it('a channel can be forbidden for all, and allowed again', async () => {
    const { client, service } = await openScene(isBinary);
    const channel = client().channels.get('room');
    await channel.attach();
    service.forbid('room');
    expect((await next(channel, 'failed')).reason?.code).toBe(40160);
    expect(await failure(channel.history())).toBe(40160);
    service.allow();
    await channel.attach();
  });

  it('after `forget` nothing is known of anybody', async () => {
    const { client, service } = await openScene(isBinary);
    const ann = client({ clientId: 'ann' });
    const channel = ann.channels.get('room');
    await channel.publish('e', 'x');
    await channel.attach();
    const { id } = ann.connection;
    service.forget();
    const { resumed } = await next(channel, 'attached');
    expect(resumed).toBe(false);
    expect(ann.connection.id).not.toBe(id);
    expect((await channel.history()).items).toEqual([]);
  });
});

describe('plain requests', () => {
  it('garbage on a socket ends the connection with 40000', async () => {
    const { service } = await openScene(false);
    const socket = new WebSocket(`ws://${service.host}:${service.port}/?key=${key}&v=6`);
    const frames: { action: number; error?: { code: number } }[] = [];
    socket.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString()) as never));
    await new Promise((resolve) => socket.once('message', resolve));
    socket.send('garbage');
    await new Promise((resolve) => socket.once('close', resolve));
    expect(frames.at(-1)).toMatchObject({ action: 9, error: { code: 40000 } });
    expect(service.connections()).toEqual([]);
  });

  it('an annotation is refused with 40000', async () => {
    const { client, service } = await openScene(false);
    const ann = client();
    await ann.connection.whenState('connected');
    const answers: unknown[] = [];
    service.intercept((frame, direction) => {
      if (direction === 'out' && frame.action === 2) answers.push(frame.error?.code);
      return frame;
    });
    const channel = ann.channels.get('room');
    await channel.attach();
    const annotated = channel.annotations.publish('serial', { type: 'a:flag.v1', name: 'x' });
    expect(await failure(annotated)).toBe(40000);
    expect(answers).toEqual([40000]);
  });

  it('REST publishes on behalf of a connection that shows its key', async () => {
    const { client, service } = await openScene(false);
    const ann = client({ clientId: 'ann' });
    const channel = client().channels.get('room');
    const heard: unknown[] = [];
    await channel.subscribe(({ clientId, connectionId }) => heard.push([clientId, connectionId]));
    await ann.connection.whenState('connected');
    const publish = (connectionKey: string | undefined): Promise<Response> =>
      fetch(`${service.url}/channels/room/messages`, {
        method: 'POST',
        headers: { ...basic, ...json },
        body: JSON.stringify({ data: 'x', connectionKey }),
      });
    expect((await publish(ann.connection.key ?? '')).status).toBe(201);
    await expect.poll(() => heard).toEqual([['ann', ann.connection.id]]);
    expect((await publish('nobody!x')).status).toBe(400);
  });

  it('an answer in an envelope has its status inside', async () => {
    const { service } = await openScene(false);
    const response = await fetch(`${service.url}/nothing?envelope=json`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      statusCode: 404,
      headers: { 'x-ably-errorcode': '40400' },
      response: { error: { code: 40400 } },
    });
  });

  it('a signed request of long ago is 40104', async () => {
    const { service } = await openScene(false);
    const request = { keyName: 'app.key', timestamp: 1, nonce: '0123456789abcdef' };
    const text = `app.key\n\n\n\n1\n${request.nonce}\n`;
    const mac = createHmac('sha256', 'secret').update(text).digest('base64');
    const response = await fetch(`${service.url}/keys/app.key/requestToken`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ ...request, mac }),
    });
    expect(await response.json()).toMatchObject({ error: { code: 40104 } });
  });

  it('tokens that were revoked are of no use', async () => {
    const { rest, service } = await openScene(false);
    const { token } = await rest().auth.requestToken({ clientId: 'ann' });
    const response = await fetch(`${service.url}/keys/app.key/revokeTokens`, {
      method: 'POST',
      headers: { ...basic, ...json },
      body: JSON.stringify({ targets: ['clientId:ann'] }),
    });
    expect(await response.json()).toMatchObject({ successCount: 1 });
    expect(await failure(rest({ token }).channels.get('room').history())).toBe(40101);
  });

  it('statistics that were added are read, newest first', async () => {
    const { rest, service } = await openScene(false);
    const stats = ['2026-01-01:00:00', '2026-01-01:00:01'].map((intervalId) => ({ intervalId }));
    await fetch(`${service.url}/stats`, {
      method: 'POST',
      headers: { ...basic, ...json },
      body: JSON.stringify(stats),
    });
    const { items } = await rest().stats();
    expect(items.map(({ intervalId }) => intervalId)).toEqual([
      '2026-01-01:00:01',
      '2026-01-01:00:00',
    ]);
  });

  it('a limit of history above 1,000 is 40000', async () => {
    const { service } = await openScene(false);
    const address = `${service.url}/channels/room/messages?limit=1001`;
    const response = await fetch(address, { headers: basic });
    expect(await response.json()).toMatchObject({ error: { code: 40000 } });
  });
});
