import net, { type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { maxHeldBytes } from './proxy-flow.ts';
import { startFaultProxy, type FaultProxy } from './proxy.ts';

let server: net.Server;
let proxy: FaultProxy;
let accepted: Socket[];
const clients: Socket[] = [];

beforeEach(async () => {
  accepted = [];
  server = net.createServer((socket) => {
    accepted.push(socket);
    socket.on('error', () => {});
    socket.pipe(socket); // echo
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await startFaultProxy({ target: { port: (server.address() as AddressInfo).port } });
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy.close();
  for (const socket of accepted) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

/** A connected client, all that it read, and promises for what it waits for. */
interface Client {
  readonly socket: Socket;
  text(): string;
  /** Resolves once `length` characters were read. */
  read(length: number): Promise<string>;
  readonly closed: Promise<string>;
}

async function connect(): Promise<Client> {
  const socket = net.connect({ port: proxy.port, host: proxy.host });
  clients.push(socket);
  let text = '';
  let reason = 'closed';
  socket.on('data', (chunk) => (text += chunk.toString()));
  socket.on('error', (error) => (reason = (error as NodeJS.ErrnoException).code ?? error.message));
  const closed = new Promise<string>((resolve) => socket.on('close', () => resolve(reason)));
  await new Promise<void>((resolve) => {
    socket.once('connect', () => resolve());
    socket.once('close', () => resolve());
  });
  const read = (length: number): Promise<string> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (text.length < length) return;
        socket.off('data', look);
        resolve(text);
      };
      socket.on('data', look);
      look();
    });
  return { socket, text: () => text, read, closed };
}

async function say(client: Client, word: string): Promise<string> {
  const before = client.text().length;
  client.socket.write(word);
  return (await client.read(before + word.length)).slice(before);
}

describe('startFaultProxy', () => {
  it('forwards both ways, 5 bytes as well as 1 MiB, and passes on the end', async () => {
    const client = await connect();
    expect(await say(client, 'hello')).toBe('hello');
    const large = 'x'.repeat(1_048_576);
    expect(await say(client, large)).toBe(large);
    client.socket.end();
    expect(await client.closed).toBe('closed');
    expect(proxy.connections).toBe(0);
  });

  it('cuts 2 connections with a reset, and takes a new one', async () => {
    const [first, second] = [await connect(), await connect()];
    await say(first, 'a');
    await say(second, 'b');
    expect(proxy.connections).toBe(2);
    proxy.cut();
    expect(await Promise.all([first.closed, second.closed])).toEqual(['ECONNRESET', 'ECONNRESET']);
    expect(await say(await connect(), 'again')).toBe('again');
  });

  it('half-open: an old and a new connection hear nothing until it heals, and lose no byte', async () => {
    const old = await connect();
    await say(old, 'one');
    proxy.halfOpen();
    old.socket.write('two');
    const late = await connect();
    late.socket.write('three');
    await new Promise((resolve) => setTimeout(resolve, 50)); // silence has no event
    expect([old.text(), late.text()]).toEqual(['one', '']);
    expect([old.socket.destroyed, late.socket.destroyed]).toEqual([false, false]);
    proxy.heal();
    expect(await old.read(6)).toBe('onetwo');
    expect(await late.read(5)).toBe('three');
  });

  it('half-open towards the client: the server gets 3 bytes, the client nothing until it heals', async () => {
    const client = await connect();
    await say(client, 'one');
    proxy.halfOpen('toClient');
    const arrived = new Promise<string>((resolve) =>
      accepted[0]?.once('data', (chunk) => resolve(chunk.toString())),
    );
    client.socket.write('two');
    expect(await arrived).toBe('two');
    expect(client.text()).toBe('one');
    proxy.heal();
    expect(await client.read(6)).toBe('onetwo');
  });

  it('refuses new connections, keeps the old one, and welcomes them again', async () => {
    const old = await connect();
    await say(old, 'a');
    proxy.refuse();
    expect(await (await connect()).closed).toBe('ECONNRESET');
    expect(await say(old, 'b')).toBe('b');
    proxy.heal();
    expect(await say(await connect(), 'c')).toBe('c');
  });

  it('delays each way by 40 ms', async () => {
    const client = await connect();
    await say(client, 'warm');
    proxy.delay(40);
    const beganMs = performance.now();
    await say(client, 'slow');
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(79);
  });

  it('throttles 4,000 bytes at 20,000 a second to 150 ms and more', async () => {
    const client = await connect();
    await say(client, 'warm');
    proxy.throttle(20_000);
    const beganMs = performance.now();
    await say(client, 'x'.repeat(4_000));
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(150);
  });

  it('drops everything once 10 bytes have passed', async () => {
    const client = await connect();
    await say(client, 'warm');
    proxy.dropAfter(10);
    client.socket.write('0123456789');
    expect(await client.closed).toBe('ECONNRESET');
  });

  it(`holds back at most ${maxHeldBytes / 1_024} KiB of 32 MiB: the writer has to wait`, async () => {
    const client = await connect();
    await say(client, 'warm');
    proxy.halfOpen();
    const chunk = Buffer.alloc(1_048_576);
    let flushed = 0;
    for (let n = 0; n < 32; n += 1) client.socket.write(chunk, () => (flushed += 1));
    await new Promise((resolve) => setTimeout(resolve, 100)); // silence has no event
    expect(flushed).toBeLessThan(32);
    expect(client.socket.writableLength).toBeGreaterThan(0);
  });
});
