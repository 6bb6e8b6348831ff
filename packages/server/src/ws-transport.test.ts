/** The proof that our writes and those of `ws` never mix on one socket. */
import { messagePack } from '@anywire/protocol/messagepack';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { scale } from '../../../tests/tier.ts';
import { socketServer } from '../test/support/sockets.ts';

describe('the codec', () => {
  const codec = messagePack();
  const ping = codec.encode({ t: 'ping' });

  it.each([
    [
      'is chosen by the first subprotocol that the server has',
      [codec],
      codec,
      'anywire.v1.msgpack',
    ],
    ['is JSON for a client that offers nothing else', [codec], undefined, 'anywire.v1'],
    ['is JSON on a server that has no other', [], codec, 'anywire.v1'],
  ])('%s', async (_, codecs, offered, protocol) => {
    const { connected, close } = await socketServer({ codecs });
    const ann = await connected('ann', offered);
    expect(ann.socket.protocol).toBe(protocol);
    await ann.attach('room');
    await ann.publish('room', 'hi');
    await ann.hears('hi');
    await close();
  });

  it('that was hoped for in vain makes bytes too long as base64: answered, and nothing ends', async () => {
    const { connected, close } = await socketServer();
    const ann = await connected('ann', codec);
    const refused = { t: 'error', code: 'payload_too_large' };
    expect(await ann.publish('room', new Uint8Array(65_536))).toMatchObject(refused);
    expect(await ann.publish('room', new Uint8Array(49_152))).toMatchObject({ t: 'ack' });
    await close();
  });

  it('is kept to: the other kind of message ends the connection with 4400', async () => {
    const { connected, close } = await socketServer({ codecs: [codec] });
    const json = await connected('ann');
    const packed = await connected('bob', codec);
    json.send(ping);
    packed.send('{"t":"ping"}');
    expect(await json.closed).toMatchObject({ code: 4400, reason: 'this protocol is text' });
    expect(await packed.closed).toMatchObject({ code: 4400, reason: 'this codec is binary' });
    await close();
  });

  it('carries a burst of both sizes of header whole and in order to clients of each', async () => {
    const { connected, server, close } = await socketServer({
      codecs: [codec],
      limits: { outboundBytes: 1e8, payloadBytes: 90_000 },
    });
    const clients = [
      await connected('ann'),
      await connected('bob', codec),
      await connected('cat', codec),
    ];
    for (const client of clients) await client.attach('room');
    const sizes = [0, 10, 200, 70_000, 5, 65_535];
    for (const size of sizes) void server.publish('room', 'e', new Uint8Array(size));
    await server.publish('room', 'e', 'end');
    for (const client of clients) {
      await client.hears('end');
      const lengths = client.data().map((data) => (data as Uint8Array).length);
      expect(lengths).toEqual([...sizes, 3]);
    }
    await close();
  });
});

describe('two writers on one socket', { timeout: 60_000 }, () => {
  const rounds = scale(300, 5_000);
  it(`${rounds} messages of 1 B to 60 KB amid pongs of ws arrive whole and in order`, async () => {
    const { connected, server, close } = await socketServer({
      limits: { outboundBytes: 1e9 },
      history: { size: 10 },
    });
    const ann = await connected('ann');
    let pongs = 0;
    ann.socket.on('pong', () => (pongs += 1));
    await ann.attach('room');
    for (let n = 0; n < rounds; n++) {
      // More than a socket takes at once, so that both writers find it busy.
      void server.publish('room', 'e', [n, 'x'.repeat((n * 7_919) % 60_000)]);
      ann.socket.ping(`ping ${n}`);
      if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await ann.hears([rounds - 1, 'x'.repeat(((rounds - 1) * 7_919) % 60_000)]);
    expect(ann.messages().map(({ d }) => (d as [number])[0])).toEqual(
      Array.from({ length: rounds }, (_, n) => n),
    );
    expect(pongs).toBeGreaterThan(0);
    await close();
  });

  it('a close amid a burst comes after whole frames, and nothing follows it', async () => {
    const { connected, server, close } = await socketServer({ limits: { outboundBytes: 1e9 } });
    const ann = await connected('ann');
    const errors: Error[] = [];
    ann.socket.on('error', (error) => errors.push(error));
    await ann.attach('room');
    const text = 'x'.repeat(60_000);
    for (let n = 0; n < 100; n++) {
      void server.publish('room', 'e', [n, text]);
      if (n === 50) ann.send('{"t":"nothing"}');
      if (n % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await ann.closed).toMatchObject({ code: 4404 });
    expect(errors).toEqual([]);
    expect(ann.all.at(-1)).toMatchObject({ t: 'bye', code: 4404 });
    await close();
  });

  it('nothing is written after the answer to a close of the client', async () => {
    const { port, server, close } = await socketServer();
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    const chunks: Buffer[] = [];
    const ended = new Promise<void>((resolve) => socket.once('end', resolve));
    const upgraded = new Promise((resolve) => socket.once('data', resolve));
    socket.write(
      'GET /anywire HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    await upgraded;
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    // Masked with zeros, as they are.
    const masked = (opcode: number, body: Buffer): Buffer =>
      Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | body.length, 0, 0, 0, 0]), body]);
    const text = (frame: object): Buffer => masked(1, Buffer.from(JSON.stringify(frame)));
    socket.write(text({ t: 'connect', r: 1, nonce: 'raw-socket', instance: 'i' }));
    socket.write(text({ t: 'attach', r: 2, c: 'room' }));
    await expect.poll(() => Buffer.concat(chunks).toString()).toContain('attached');
    const goodbye = Buffer.from([0x03, 0xe8]); // 1000
    socket.write(masked(8, goodbye));
    let isOver = false;
    void ended.then(() => (isOver = true));
    for (let n = 0; !isOver; n++) {
      await server.publish('room', 'e', n);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(Buffer.concat(chunks).subarray(-4)).toEqual(Buffer.from([0x88, 2, ...goodbye]));
    socket.destroy();
    await close();
  });

  it('a client that does not read ends with 4001, while others hear everything', async () => {
    const disconnected: unknown[] = [];
    const { connected, server, close } = await socketServer({
      onDisconnect: (_, end) => disconnected.push(end),
    });
    const slow = await connected('slow');
    const fast = await connected('fast');
    await slow.attach('room');
    await fast.attach('room');
    slow.socket.pause();
    const text = 'x'.repeat(60_000);
    let ended = 0;
    // What the operating system takes for a client that does not read differs; it is some MB.
    for (let n = 0; ended === 0 && n < 1_000; n++) {
      await server.publish('room', 'e', [n, text]);
      await fast.hears([n, text]);
      fast.all.length = 0;
      ended = disconnected.length;
    }
    slow.socket.resume();
    expect(await slow.closed).toMatchObject({ code: 4001 });
    expect(disconnected).toEqual([{ code: 4001, reason: 'too much waited to be sent' }]);
    await fast.publish('room', 'still here');
    await close();
  });
});
