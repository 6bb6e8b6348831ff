import { connect } from 'node:net';
import { RealtimeError } from '@anywire/core/errors';
import { virtualClock } from '@anywire/testkit/clock';
import { describe, expect, it } from 'vitest';
import { socketServer } from '../test/support/sockets.ts';
import { testServer } from '../test/support/pipes.ts';
import { createServer } from './server.ts';

describe('close', () => {
  it('tells every client to come back within 2 s, and resolves when all are gone', async () => {
    const expiresAt = 1_760_000_000_000;
    const { server, connected, join, clock } = testServer({
      authenticate: ({ token }) => ({ clientId: token, expiresAt }),
      authorize: () => ({ expiresAt }),
    });
    const [ann, bob, nobody] = [await connected('ann'), await connected('bob'), join()];
    await ann.attach('room', { presence: 'enter', d: 1 });
    await server.close();
    for (const client of [ann, bob, nobody]) {
      const { retryAfterMs, code } = await client.next('bye');
      expect(code).toBe(4000);
      expect(retryAfterMs).toBeLessThan(2_000);
      expect(await client.closed).toMatchObject({ code: 4000 });
    }
    expect(server.stats()).toEqual({ connections: 0, channels: 0 });
    expect(clock.pending).toBe(0);
  });

  it('destroys the sockets of clients that do not answer in time', async () => {
    const { server, connected, clock } = testServer();
    const ann = await connected('ann');
    const { onClose } = ann.transport;
    ann.transport.onClose = () => {};
    ann.transport.destroy = () => onClose(1006, '');
    let isClosed = false;
    const closed = server.close({ deadlineMs: 3_000 }).then(() => (isClosed = true));
    await clock.advance(2_999);
    expect(isClosed).toBe(false);
    await clock.advance(1);
    await closed;
    expect(clock.pending).toBe(0);
  });

  it('is the same when called again, and refuses what comes after', async () => {
    const { server, join } = testServer();
    expect(server.close()).toBe(server.close());
    await server.close();
    await expect(server.publish('room', 'e', 1)).rejects.toMatchObject({ code: 'closed' });
    expect(await join().closed).toMatchObject({ code: 4000 });
  });

  it('does not wait for a hook that hangs', async () => {
    const { server, join, clock } = testServer({ authenticate: () => new Promise(() => {}) });
    join().send({ t: 'connect', r: 1, nonce: 'aaaaaaaa', instance: 'i' });
    await server.close();
    expect(clock.pending).toBe(0);
  });

  it('ends sockets, stops taking upgrades, and leaves the HTTP server to its owner', async () => {
    const { server, http, port, join, connected } = await socketServer();
    const ann = await connected('ann');
    http.on('request', (_, response) => response.end('still here'));
    await server.close();
    expect(await ann.closed).toMatchObject({ code: 4000 });
    const response = await fetch(`http://127.0.0.1:${port}/`);
    expect(await response.text()).toBe('still here');
    await expect(join()).rejects.toThrow();
    await new Promise((resolve) => http.close(resolve));
  });

  it('destroys sockets that never answer a close frame', async () => {
    const { server, http, port } = await socketServer();
    const socket = connect(port, '127.0.0.1');
    const headers = [
      'GET /anywire HTTP/1.1',
      'Host: x',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}`,
    ];
    socket.write(`${headers.join('\r\n')}\r\n\r\n`);
    await new Promise((resolve) => socket.once('data', resolve));
    socket.on('error', () => {});
    const gone = new Promise((resolve) => socket.once('close', resolve));
    expect(server.stats().connections).toBe(1);
    await server.close({ deadlineMs: 50 });
    expect(server.stats().connections).toBe(0);
    await gone;
    await new Promise((resolve) => http.close(resolve));
  });

  it('needs no client: a server without any closes at once, in real time too', async () => {
    await createServer({ clock: virtualClock() }).close();
    await createServer().close();
  });
});

describe('options', () => {
  it.each([
    [{ limits: { frameBytes: 65_535 } }, 'frameBytes must be 91480 or more'],
    [{ limits: { payloadBytes: 200_000 } }, 'frameBytes must be 270764 or more'],
    [{ limits: { channels: 0 } }, 'channels must be more than 0'],
    [{ history: { size: 0 } }, '1 message or more'],
  ])('that cannot be are refused: %o', (options, message) => {
    expect(() => createServer(options)).toThrow(message);
  });
});

describe('over WebSockets', () => {
  it('a client resumes on a new socket: 20 missed messages follow, in order, once', async () => {
    const { connected, close } = await socketServer();
    const [ann, bob] = [await connected('ann'), await connected('bob')];
    await bob.attach('room');
    await ann.publish('room', 0);
    await bob.hears(0);
    const [{ s = 0, i = '' } = {}] = bob.messages();
    const { cursor } = await ann.attach('room');
    const epoch = cursor.split(':')[0];
    bob.cut();
    for (let n = 1; n <= 20; n++) await ann.publish('room', n);
    const again = await connected('bob');
    const resumed = await again.attach('room', { cursor: `${epoch}:${s}:${i}` });
    expect(resumed).toMatchObject({ continuity: 'kept', backlog: true });
    await again.next('replayed');
    await ann.publish('room', 21);
    await again.hears(21);
    expect(again.data()).toEqual(Array.from({ length: 21 }, (_, n) => n + 1));
    await close();
  });

  it('a reason of many bytes is cut to what fits into a close frame', async () => {
    const { server, close, join } = await socketServer({
      authenticate: () => {
        throw new RealtimeError('auth_denied', 'é'.repeat(200));
      },
    });
    const ann = await join();
    ann.send({ t: 'connect', r: 1, nonce: ann.nonce, instance: 'i' });
    expect(await ann.closed).toEqual({ code: 4401, reason: 'é'.repeat(61) });
    await expect.poll(() => server.stats().connections).toBe(0);
    await close();
  });
});
