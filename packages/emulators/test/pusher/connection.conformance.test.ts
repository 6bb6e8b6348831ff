/** Connecting, states, close codes, silence: what pusher-js makes of each. @see SOURCE.md#connecting */
import { WebSocket } from 'ws';
import { describe, expect, it } from 'vitest';
import { app, connected, errorsOf, next, openScene, Pusher } from './scene.ts';

/** The code and reason with which a handshake ends. */
function closedWith(url: string): Promise<readonly [number, string]> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.on('close', (code, reason) => resolve([code, reason.toString()]));
  });
}

describe('a handshake', () => {
  it('gives a socket id of two numbers, and the activity time-out in seconds', async () => {
    const { client, service } = await openScene({ times: { activityMs: 45_000 } });
    const first = client();
    const states: string[] = [];
    first.connection.bind('state_change', ({ current }: { current: string }) =>
      states.push(current),
    );
    await connected(first);
    expect(first.connection.socket_id).toMatch(/^\d+\.\d+$/);
    expect(service.connections()).toEqual([first.connection.socket_id]);
    expect(states).toEqual(['connected']);
  });

  it.each([
    [4005, 'Path not found', '/other?protocol=7'],
    [4008, 'No protocol version supplied', '/app/key'],
    [4006, 'Invalid version string format', '/app/key?protocol=x'],
    [4007, 'Unsupported protocol version', '/app/key?protocol=99'],
    [
      4001,
      'App key nokey not in this cluster. Did you forget to specify the cluster?',
      '/app/nokey?protocol=7',
    ],
  ])('is refused with %i "%s" after it was opened', async (code, reason, path) => {
    const { service } = await openScene();
    expect(await closedWith(`ws://${service.host}:${service.port}${path}`)).toEqual([code, reason]);
    expect(service.connections()).toEqual([]);
  });

  it.each([
    [4003, { enabled: false }, false],
    [4004, { maxConnections: 0 }, false],
    [4000, {}, true],
  ])('is refused with %i by what the app is', async (code, more, tlsOnly) => {
    const { service } = await openScene({ apps: [{ ...app, ...more }], tlsOnly });
    const [found] = await closedWith(`ws://${service.host}:${service.port}/app/key?protocol=7`);
    expect(found).toBe(code);
  });

  it('with a key that nobody has ends pusher-js for good', async () => {
    const { client } = await openScene();
    const wrong = client({ key: 'nokey' });
    const errors = errorsOf(wrong);
    await next(wrong.connection, 'disconnected');
    expect(errors.map(([code]) => code)).toEqual([4001]);
  });
});

describe('a close', () => {
  it.each([
    [4001, 'disconnected'],
    [4099, 'disconnected'],
    [4300, 'disconnected'],
  ])('with %i ends pusher-js for good', async (code, state) => {
    const { client, service } = await openScene();
    const one = client();
    await connected(one);
    service.closeWith(code);
    await next(one.connection, state);
    expect(one.connection.state).toBe(state);
  });

  it.each([4200, 4201, 4202, 4299])(
    'with %i makes pusher-js come back at once, with a new socket id',
    async (code) => {
      const { client, service } = await openScene();
      const one = client();
      await connected(one);
      const before = one.connection.socket_id;
      const started = performance.now();
      service.closeWith(code);
      await connected(one);
      expect(performance.now() - started).toBeLessThan(700);
      expect(one.connection.socket_id).not.toBe(before);
    },
  );

  it.each([4100, 4199, 1006, 1011])('with %i makes pusher-js wait for 1 s', async (code) => {
    const { client, service } = await openScene();
    const one = client();
    await connected(one);
    const started = performance.now();
    if (code === 1006) service.drop();
    else service.closeWith(code);
    expect(await next(one.connection, 'connecting_in')).toBe(1);
    // The first honest sign: the state still says otherwise.
    expect([one.connection.state, one.send_event('e', {})]).toEqual(['connected', false]);
    await connected(one);
    expect(performance.now() - started).toBeGreaterThan(900);
  });

  it('with 4100 is told to `error` twice, wrapped and not', async () => {
    const { client, service } = await openScene();
    const one = client();
    await connected(one);
    const errors = errorsOf(one);
    service.closeWith(4100);
    await next(one.connection, 'connecting_in');
    expect(errors).toEqual([
      [4100, 'Over capacity'],
      [4100, 'Over capacity'],
    ]);
  });

  it('refuses the next 2 handshakes with the code that a test gives, and takes the third', async () => {
    const { client, service } = await openScene();
    service.refuse(2, 4200);
    const one = client();
    const errors = errorsOf(one);
    await connected(one);
    expect(errors.map(([code]) => code)).toEqual([4200, 4200]);
  });
});

describe('silence', () => {
  it('of a client is asked by the server with a ping, and closed with 4201 when nothing answers', async () => {
    const { service } = await openScene({ times: { activityMs: 40, pongMs: 40 } });
    const socket = new WebSocket(`ws://${service.host}:${service.port}/app/key?protocol=7`);
    const heard: string[] = [];
    socket.on('message', (data: Buffer) =>
      heard.push((JSON.parse(data.toString()) as { event: string }).event),
    );
    const code = await new Promise((resolve) => socket.on('close', resolve));
    expect([code, heard]).toEqual([4201, ['pusher:connection_established', 'pusher:ping']]);
  });

  it('of a client that only answers pings is closed with 4202 after a day', async () => {
    const { service } = await openScene({
      times: { activityMs: 20, pongMs: 200, inactivityMs: 120 },
    });
    const socket = new WebSocket(`ws://${service.host}:${service.port}/app/key?protocol=7`);
    let pings = 0;
    socket.on('message', (data: Buffer) => {
      if ((JSON.parse(data.toString()) as { event: string }).event !== 'pusher:ping') return;
      pings++;
      socket.send('{"event":"pusher:pong","data":{}}');
    });
    expect(await new Promise((resolve) => socket.on('close', resolve))).toBe(4202);
    expect(pings).toBeGreaterThan(0);
  });

  it('of a muted server is found by pusher-js, which pings and comes back', async () => {
    const { client, service } = await openScene({ times: { activityMs: 300_000 } });
    const one = client({ activityTimeout: 60, pongTimeout: 60 });
    await connected(one);
    service.mute({ socketId: one.connection.socket_id });
    await next(one.connection, 'connecting');
    await connected(one);
  });

  it('is prevented by pusher-js with a ping after the time-out that the server gives', async () => {
    const { client } = await openScene({ times: { activityMs: 50, pongMs: 5_000 } });
    const one = client();
    await connected(one);
    const pong = new Promise<void>((resolve) => {
      one.connection.bind('message', ({ event }: { event: string }) => {
        if (event === 'pusher:pong') resolve();
      });
    });
    await pong;
    expect(one.connection.state).toBe('connected');
  });

  it('about who one is closes with 4009, where the app wants authorized connections', async () => {
    const { client } = await openScene({
      apps: [{ ...app, authorizedConnections: true }],
      times: { authorizeMs: 80 },
    });
    const known = client({ user: 'ann' });
    known.signin();
    const unknown = client();
    await next(unknown.connection, 'disconnected');
    expect(known.connection.state).toBe('connected');
  });
});

describe('garbage', () => {
  it.each([
    'not json',
    '[]',
    '"x"',
    '{}',
    '{"event":7}',
    '{"event":"pusher:other","data":{}}',
    '{"event":"pusher:subscribe"}',
    '{"event":"pusher:subscribe","data":{"channel":7}}',
  ])('%s is answered with an error, and harms nobody', async (text) => {
    const { service, client } = await openScene();
    const neighbour = client();
    await connected(neighbour);
    const socket = new WebSocket(`ws://${service.host}:${service.port}/app/key?protocol=7`);
    const answer = new Promise<{ event: string; data: { code: unknown } }>((resolve) => {
      socket.on('message', (data: Buffer) => {
        const frame = JSON.parse(data.toString()) as { event: string; data: { code: unknown } };
        if (frame.event === 'pusher:connection_established') socket.send(text);
        else resolve(frame);
      });
    });
    expect(await answer).toMatchObject({ event: 'pusher:error', data: { code: null } });
    socket.terminate();
    expect(neighbour.connection.state).toBe('connected');
  });
});

it('every client of pusher-js stays in Pusher.instances, which is why an adapter must take its own out', async () => {
  const { client } = await openScene();
  const one = client();
  one.disconnect();
  expect(Pusher.instances).toContain(one);
});
