/** Handshakes, joins, tokens and what ends them, by the vendor's clients. @see SOURCE.md#supabase */
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import {
  anonKey,
  broadcasts,
  heard,
  joined,
  scene,
  subscribe,
  systems,
  token,
  versions,
} from './scene.ts';

describe.each(versions)('serializer %s', (vsn) => {
  it('a heartbeat is answered', async () => {
    const { client } = await scene(vsn);
    const told = heard<string>();
    const one = client({
      heartbeatIntervalMs: 30,
      heartbeatCallback: (status) => told.add(status),
    });
    await joined(one.channel('room'));
    await told.until((status) => status === 'ok');
  });

  it('silence is noticed, and ends in another connection', async () => {
    const { server, client } = await scene(vsn);
    // The client looks after 150 ms whether its socket is closed, and reconnects once more if it is: even if it was disconnected.
    const reconnectAfterMs = (): number => 300;
    const channel = client({ heartbeatIntervalMs: 40, reconnectAfterMs }).channel('room');
    const told = await joined(channel);
    server.mute();
    await told.until(({ status }) => status === 'CHANNEL_ERROR');
    await told.until(({ message }) => message === undefined && told.items.length > 2);
    expect(told.items.at(-1)?.status).toBe('SUBSCRIBED');
  });

  it.each([1000, 1012, 4000])('closed with %d, every channel comes back', async (code) => {
    const { server, client } = await scene(vsn);
    const one = client();
    const told = await Promise.all(['a', 'b'].map((name) => joined(one.channel(name))));
    server.drain(code, 'bye');
    await Promise.all(told.map((statuses) => statuses.count(3)));
    for (const { items } of told)
      expect(items).toEqual([
        { status: 'SUBSCRIBED', message: undefined },
        { status: 'CHANNEL_ERROR', message: `socket closed: ${code} (bye)` },
        { status: 'SUBSCRIBED', message: undefined },
      ]);
    expect(server.joined().toSorted()).toEqual(['a', 'b']);
  });

  it('a cut brings it back, too', async () => {
    const { server, client } = await scene(vsn);
    const told = await joined(client().channel('room'));
    expect(server.drop()).toBe(1);
    await told.count(3);
    expect(told.items[2]?.status).toBe('SUBSCRIBED');
  });

  it.each([401, 503])('a handshake that is refused with %d is tried again', async (status) => {
    const { server, client } = await scene(vsn);
    server.refuse(2, status);
    const told = subscribe(client().channel('room'));
    await told.until((one) => one.status === 'SUBSCRIBED');
    expect(told.items[0]).toEqual({
      status: 'CHANNEL_ERROR',
      message: 'channel error: transport failure',
    });
  });

  it.each([
    ['no key', '', 401],
    ['a forged key', `${anonKey.slice(0, -4)}abcd`, 401],
    ['a key that has ended', token({}, -5), 401],
    ['a key without a role', token({ role: undefined }), 401],
  ])('%s opens nothing', async (_, key, status) => {
    const { server } = await scene(vsn);
    const url = `${server.url.replace('http', 'ws')}/realtime/v1/websocket?vsn=${vsn}&apikey=${key}`;
    expect(await refusedWith(url)).toBe(status);
  });

  it('an app that has too many users opens no more', async () => {
    const { server, client } = await scene(vsn, { limits: { connections: 1 } });
    await joined(client().channel('room'));
    const url = `${server.url.replace('http', 'ws')}/realtime/v1/websocket?vsn=${vsn}&apikey=${anonKey}`;
    expect(await refusedWith(url)).toBe(429);
  });

  it('a channel that crashes is joined again', async () => {
    const { server, client } = await scene(vsn);
    const told = await joined(client().channel('room'));
    server.crash('room');
    await told.count(2);
    expect(told.items[1]?.status).toBe('CHANNEL_ERROR');
  });

  it('leaving is one thing, coming back another', async () => {
    const { server, client } = await scene(vsn);
    const one = client();
    const channel = one.channel('room');
    const told = await joined(channel);
    expect(await one.removeChannel(channel)).toBe('ok');
    await told.until(({ status }) => status === 'CLOSED');
    await joined(one.channel('room'));
    expect(server.joined()).toEqual(['room']);
  });

  it('a join that nobody answers is given up, and tried again', async () => {
    const { server, client } = await scene(vsn);
    server.holdJoins('room');
    const one = client();
    const told = subscribe(one.channel('room'), 60);
    await told.until(({ status }) => status === 'TIMED_OUT');
    await joined(one.channel('other'));
    server.releaseJoins();
    await told.until(({ status }) => status === 'SUBSCRIBED');
  });

  it('a join that is refused in passing is tried again', async () => {
    const { server, client } = await scene(vsn);
    server.refuseJoins(1);
    const told = subscribe(client().channel('room'));
    await told.until(({ status }) => status === 'SUBSCRIBED');
    expect(told.items[0]?.message).toContain('RealtimeRestarting');
  });

  it.each([
    ['a private channel, to anybody', {}, { private: true }, 'Unauthorized: '],
    ['a public channel', { privateOnly: true }, {}, 'PrivateOnly: '],
    [
      'one channel too many',
      { limits: { channelsPerConnection: 0 } },
      {},
      'ChannelRateLimitReached: ',
    ],
  ])('%s, may be refused', async (_, options, config, reason) => {
    const { client } = await scene(vsn, options);
    const told = subscribe(client().channel('room', { config }));
    const [first] = await told.count(1);
    expect(first).toMatchObject({ status: 'CHANNEL_ERROR' });
    expect(first?.message).toContain(reason);
  });

  it('too many joins end the connection', async () => {
    const lines = heard<string>();
    const log = (line: string): void => lines.add(line);
    const { client } = await scene(vsn, { limits: { joinsPerSecond: 0 }, log });
    const told = subscribe(client().channel('room'));
    await told.until(({ message }) => message?.includes('ClientJoinRateLimitReached') === true);
    await lines.until((line) => line.endsWith('is gone'));
  });

  it('a channel without a name is none', async () => {
    const { client } = await scene(vsn);
    const [first] = await subscribe(client().channel('')).count(1);
    expect(first?.message).toContain('TopicNameRequired');
  });

  it.each([
    ['has ended', () => token({}, -9), 'InvalidJWTToken: Token has expired 9 seconds ago'],
    ['is none', () => 'nonsense', 'MalformedJWT'],
    ['is forged', () => `${token().slice(0, -4)}abcd`, 'JwtSignatureError'],
  ])('a join whose token %s is refused', async (_, made, reason) => {
    const { client } = await scene(vsn);
    const one = client();
    await one.setAuth(made());
    const [first] = await subscribe(one.channel('room')).count(1);
    expect(first?.message).toContain(reason);
  });

  it('a token of somebody opens a private channel', async () => {
    const { client } = await scene(vsn, {
      policy: ({ topic, claims }) => topic === `user-${claims.sub}`,
    });
    const one = client();
    await one.setAuth(token({ sub: 'ann' }));
    await joined(one.channel('user-ann', { config: { private: true } }));
    const [first] = await subscribe(one.channel('user-bob', { config: { private: true } })).count(
      1,
    );
    expect(first?.message).toContain('Unauthorized');
  });

  it('a token that ends while it is joined closes the channel', async () => {
    const { client } = await scene(vsn);
    const one = client();
    await one.setAuth(token({}, 1));
    const channel = one.channel('room', { config: { private: true } });
    const told = systems(channel);
    const statuses = await joined(channel);
    await statuses.until(({ status }) => status === 'CLOSED');
    expect(told.items[0]?.message).toMatch(/^Token has expired \d+ seconds ago$/);
    expect(one.isConnected()).toBe(true);
  });

  it('another token goes on in place', async () => {
    const { server, client } = await scene(vsn);
    const one = client();
    await one.setAuth(token({}, 1));
    const channel = one.channel('room', { config: { private: true } });
    const told = broadcasts(channel);
    await joined(channel);
    await one.setAuth(token({}, 60));
    await joined(one.channel('other'));
    server.recheck();
    server.broadcast('room', 'still here', {});
    await told.count(1);
  });

  it('a right that is taken away is noticed with the next token', async () => {
    const rights = { may: true };
    const { client } = await scene(vsn, { policy: () => rights.may });
    const one = client();
    await one.setAuth(token());
    const channel = one.channel('room', { config: { private: true } });
    const told = systems(channel);
    const statuses = await joined(channel);
    rights.may = false;
    await one.setAuth(token({ n: 2 }));
    await statuses.until(({ status }) => status === 'CLOSED');
    expect(told.items[0]?.message).toBe(
      'You do not have permissions to read from this Channel topic: room',
    );
  });

  it('the whole library joins with its key', async () => {
    const { whole } = await scene(vsn);
    const one = whole();
    await one.realtime.setAuth();
    await joined(one.channel('room'));
  });

  it('what is no frame is passed over', async () => {
    const { server } = await scene(vsn);
    const url = `${server.url.replace('http', 'ws')}/realtime/v1/websocket?vsn=${vsn}&apikey=${anonKey}`;
    const socket = new WebSocket(url);
    onTestFinished(() => socket.terminate());
    const answers = heard<string>();
    socket.on('message', (data: Buffer) => answers.add(data.toString()));
    await new Promise((resolve) => socket.once('open', resolve));
    for (const garbage of ['', '{', '[]', '{}', 'null', '[1,2,3]', Buffer.of(9, 9), Buffer.of(3)])
      socket.send(garbage);
    socket.send(
      vsn === '2.0.0'
        ? JSON.stringify([null, '1', 'phoenix', 'heartbeat', {}])
        : JSON.stringify({ topic: 'phoenix', event: 'heartbeat', payload: {}, ref: '1' }),
    );
    const [answer = ''] = await answers.count(1);
    expect(JSON.parse(answer)).toEqual(
      vsn === '2.0.0'
        ? [null, '1', 'phoenix', 'phx_reply', { status: 'ok', response: {} }]
        : {
            ...{ topic: 'phoenix', event: 'phx_reply', ref: '1' },
            payload: { status: 'ok', response: {} },
          },
    );
    expect(server.connections()).toHaveLength(1);
  });
});

const refusedWith = (url: string): Promise<number | undefined> =>
  new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.on('error', () => {}); // told below
    socket.on('unexpected-response', (_, response) => {
      resolve(response.statusCode);
      socket.terminate();
    });
    socket.on('open', () => {
      resolve(undefined);
      socket.terminate();
    });
  });
