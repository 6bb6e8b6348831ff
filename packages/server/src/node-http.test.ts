import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { socketServer, type SocketServer } from '../test/support/sockets.ts';
import { ndjson, overPort, streaming } from '../test/support/streams.ts';

let it0: SocketServer;
const ends: { id: string | undefined; code: number; tell?: () => void }[] = [];
let tellEnd = (): void => {};
beforeAll(async () => {
  it0 = await socketServer({
    limits: { outboundBytes: 200_000 },
    onDisconnect({ clientId }, { code }) {
      ends.push({ id: clientId, code });
      tellEnd();
    },
  });
});
afterAll(() => it0.close());

/** The close code with which the server gave up a client. */
async function endOf(clientId: string): Promise<number> {
  for (;;) {
    const end = ends.find(({ id }) => id === clientId);
    if (end) return end.code;
    await new Promise<void>((resolve) => (tellEnd = resolve));
  }
}

/** A request by hand, on a socket that stays under control. */
function raw(token: string, extra = ''): Socket {
  const body = [
    JSON.stringify({ t: 'connect', r: 0, token, nonce: `nonce-of-${token}`, instance: 'i' }),
    '{"t":"attach","r":1,"c":"busy"}',
  ].join('\n');
  const head = [
    'POST /anywire/sse HTTP/1.1',
    'Host: x',
    `Content-Type: ${ndjson}`,
    `Content-Length: ${body.length}`,
    '',
    body,
  ];
  const socket = connect(it0.port, '127.0.0.1');
  socket.write(head.join('\r\n') + extra);
  return socket;
}

/** Resolves when `text` has come. */
function hears(socket: Socket, text: string): Promise<string> {
  let all = '';
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      all += chunk.toString();
      if (all.includes(text)) resolve(all);
    });
    socket.on('close', () => reject(new Error(`closed after ${all}`)));
  });
}

describe('an event stream of Node', () => {
  it('is a chunk for each write, as long as it says, in HTTP/1.1', async () => {
    const socket = connect(it0.port, '127.0.0.1');
    socket.write('GET /anywire/sse?channel=chunks HTTP/1.1\r\nHost: x\r\n\r\n');
    await hears(socket, 'event: attached');
    const heard = hears(socket, '"d":"two"');
    await it0.server.publish('chunks', 'm', 'é');
    await new Promise(setImmediate);
    await it0.server.publish('chunks', 'm', 'two');
    const body = Buffer.from(await heard);
    for (let at = 0; at < body.length;) {
      const head = body.indexOf('\r\n', at);
      const length = parseInt(body.toString('latin1', at, head), 16);
      expect(length).toBeGreaterThan(0);
      at = head + 2 + length + 2;
      expect(body.toString('latin1', at - 4, at)).toBe('\n\n\r\n');
    }
    socket.destroy();
  });

  it('is the body alone in HTTP/1.0, which has no chunks', async () => {
    const socket = connect(it0.port, '127.0.0.1');
    socket.write('GET /anywire/sse?channel=old HTTP/1.0\r\nHost: x\r\n\r\n');
    await hears(socket, 'event: attached');
    const heard = hears(socket, '"d":"old"');
    await it0.server.publish('old', 'm', 'old');
    expect(await heard).toMatch(/^id: [^\n]+\ndata: [^\n]+\n\n$/);
    socket.destroy();
  });

  it('and a WebSocket see the same 300 messages of both in the same order', async () => {
    const [ann, bob] = [await streaming(overPort(it0.port), 'ann'), await it0.connected('bob')];
    await ann.attach('both');
    await bob.attach('both');
    const publishes = [];
    for (let n = 0; n < 150; n++)
      publishes.push(ann.publish('both', `a${n}`), bob.publish('both', `b${n}`));
    await Promise.all(publishes);
    await it0.server.publish('both', 'e', 'last');
    await Promise.all([ann.hears('last'), bob.hears('last')]);
    expect(ann.messages('both')).toHaveLength(301);
    expect(ann.messages('both')).toEqual(bob.messages('both'));
    expect(ann.messages('both').map(({ s }) => s)).toEqual(
      Array.from({ length: 301 }, (_, n) => n + 1),
    );
    ann.end();
    bob.end();
    await Promise.all([ann.closed, bob.closed]);
  });

  it('ends when its client goes, and its member after the grace', async () => {
    const cut = await streaming(overPort(it0.port), 'cut');
    await cut.attach('room');
    cut.cut();
    expect(await endOf('cut')).toBe(1006);
  });

  it('of a client that does not read ends with 4001, while others hear everything', async () => {
    const slow = raw('slow');
    await hears(slow, '"attached"');
    slow.pause();
    const ann = await streaming(overPort(it0.port), 'ann');
    await ann.attach('busy');
    let sent = 0;
    while (!ends.some(({ id }) => id === 'slow')) {
      await it0.server.publish('busy', 'e', `${sent}`.padEnd(50_000, 'x'));
      sent += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await endOf('slow')).toBe(4001);
    await it0.server.publish('busy', 'e', 'last');
    await ann.hears('last');
    expect(ann.messages('busy')).toHaveLength(sent + 1);
    slow.destroy();
    ann.end();
    await ann.closed;
  });

  it('goes on for a client that will send no more', async () => {
    const half = raw('half');
    await hears(half, '"attached"');
    half.end();
    const heard = hears(half, 'after the end');
    await it0.server.publish('busy', 'e', 'after the end');
    await heard;
    half.destroy();
    expect(await endOf('half')).toBe(1006);
  });

  it('is not mixed with the answer to a request behind it on the same connection', async () => {
    const piped = raw('piped', 'GET /anywire/sse/none HTTP/1.1\r\nHost: x\r\n\r\n');
    await hears(piped, '"attached"');
    const heard = hears(piped, 'still');
    await it0.server.publish('busy', 'e', 'still');
    expect(await heard).not.toContain('204 No Content');
    piped.destroy();
    expect(await endOf('piped')).toBe(1006);
  });

  it('outlives a time-out that the app has set for its sockets', async () => {
    it0.http.setTimeout(50);
    const quiet = await streaming(overPort(it0.port), 'quiet');
    await new Promise((resolve) => setTimeout(resolve, 200));
    await quiet.attach('room');
    it0.http.setTimeout(0);
    quiet.end();
    await quiet.closed;
    expect(await endOf('quiet')).toBe(1000);
  });
});

describe('an exchange of Node', () => {
  const first = '{"t":"connect","r":0,"nonce":"nonce-of-poll","instance":"i"}';
  const ask = (frames: string, waitMs: number, signal?: AbortSignal): Promise<Response> =>
    fetch(`http://127.0.0.1:${it0.port}/anywire/poll?waitMs=${waitMs}`, {
      method: 'POST',
      headers: { 'Content-Type': ndjson, Authorization: 'Bearer poll' },
      body: frames,
      ...(signal && { signal }),
    });
  const cursorOf = (text: string): string => /"cursor":"([^"]+)"/.exec(text)?.[1] ?? '';

  it('is answered by a message, with its length', async () => {
    const attach = '{"t":"attach","r":1,"c":"polled"}';
    const cursor = cursorOf(await (await ask(`${first}\n${attach}`, 0)).text());
    const again = JSON.stringify({ t: 'attach', r: 1, c: 'polled', cursor });
    const answer = ask(`${first}\n${again}`, 20_000);
    await expect.poll(() => it0.server.stats().connections).toBe(1);
    await it0.server.publish('polled', 'e', 'hello');
    const response = await answer;
    const text = await response.text();
    expect(text).toContain('"d":"hello"');
    expect(Number(response.headers.get('Content-Length'))).toBe(text.length);
  });

  it('is over when its client goes', async () => {
    const attach = '{"t":"attach","r":1,"c":"polled"}';
    const cursor = cursorOf(await (await ask(`${first}\n${attach}`, 0)).text());
    const again = JSON.stringify({ t: 'attach', r: 1, c: 'polled', cursor });
    const abort = new AbortController();
    const answer = ask(`${first}\n${again}`, 20_000, abort.signal).catch(() => 'aborted');
    await expect.poll(() => it0.server.stats().connections).toBe(1);
    abort.abort();
    await expect.poll(() => it0.server.stats().connections).toBe(0);
    expect(await answer).toBe('aborted');
  });

  it('with 2 MB of backlog goes out in parts, whole', async () => {
    for (let n = 0; n < 40; n++) await it0.server.publish('long', 'e', `${n}`.padEnd(50_000, 'x'));
    const attach = '{"t":"attach","r":1,"c":"long","rewind":40}';
    const response = await ask(`${first}\n${attach}`, 0);
    expect(response.headers.get('Content-Length')).toBeNull();
    const lines = (await response.text()).split('\n');
    expect(lines).toHaveLength(43);
    expect(lines.at(-1)).toBe('{"t":"replayed","c":"long"}');
  });
});
