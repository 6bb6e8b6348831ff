/**
 * Every attack that the server is hardened against: what it does, and what the attacker gets for it. Tests run each beside
 * well-behaved clients; a comparison of their throughput with and without it can, too.
 *
 * @see hardening.faults.test.ts · README.md#hardening
 */
import type { WebSocket } from 'ws';
import type { MeterReading, ServerOptions } from '../../src/index.ts';
import { attackInTurns, type Target, type Turn } from './attacker.ts';

export interface Attack {
  readonly name: string;
  /** What the attacker sees, once or more. */
  readonly seen: string;
  /** What the server has counted of it; undefined: the HTTP server refuses it. */
  counted(meter: MeterReading): number | undefined;
  /** Attacks until `signal` fires, and leaves nothing open. */
  run(target: Target, signal: AbortSignal): Promise<void>;
}

/** Bounds that a test reaches soon; a server with its defaults is attacked in the same way. */
export const attackedOptions: ServerOptions = {
  trustedProxies: ['127.0.0.1'],
  heartbeatMs: 1_000,
  limits: {
    connectTimeoutMs: 1_000,
    outboundBytes: 262_144,
    channels: 8,
    frameRate: 400,
    frameBurst: 800,
    publishRate: 100,
    publishBurst: 200,
    userPublishRate: 150,
    userPublishBurst: 300,
    requestRate: 20,
    requestBurst: 40,
    userConnections: 6,
    addressConnections: 20,
    addressRate: 30,
    addressBurst: 40,
  },
  authenticate({ token }) {
    if (token === 'wrong') throw new Error('this is no token');
    return token === undefined ? {} : { clientId: token };
  },
  authorize: ({ client, channel }) => channel !== 'secret' || !client.clientId?.startsWith('eve'),
};

type Own = WebSocket & { readonly nonce?: string };
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const frame = (t: string, rest: object): string => JSON.stringify({ t, ...rest });
const publish = (socket: Own, n: number, rest: object = {}, d: unknown = n): string =>
  frame('publish', { r: n + 1, c: 'noise', i: `${socket.nonce}:${n}`, e: 'm', ...rest, d });

const upgrade = (line: string): string =>
  [
    ...['GET /anywire HTTP/1.1', 'Host: 127.0.0.1', 'Connection: Upgrade', 'Upgrade: websocket'],
    ...['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==', line, '', ''],
  ].join('\r\n');

/** A turn with one connection, to its end or that of the attack. */
const withOne =
  (act: (socket: Own, flood: (make: (n: number) => string) => Promise<void>) => unknown): Turn =>
  async (attacker) => {
    const socket = await attacker.open();
    if (!socket) return;
    await act(socket, (make) => attacker.flood(socket, (n) => socket.send(make(n))));
    await attacker.ended(socket);
  };
/** The same frame again and again, as requests. */
const flooding = (t: string, rest: (n: number) => object): Turn =>
  withOne((_, flood) => flood((n) => frame(t, { r: n + 1, ...rest(n) })));
/** Connections, and more of them, all held. */
const holding =
  (count: number, headers: (address: string) => Record<string, string>, token?: string): Turn =>
  async (attacker, address) => {
    const options = { headers: headers(address), ...(token === undefined ? {} : { token }) };
    for (let n = 0; n < count && !attacker.isOver; n++) await attacker.open(options);
    const last = await attacker.open(options);
    if (last) await attacker.ended(last);
  };

const limited = (limit: string) => (meter: MeterReading) => meter.limited.get(limit) ?? 0;
const refused = (code: string) => (meter: MeterReading) => meter.refusals.get(code) ?? 0;
const closed = (reason: string) => (meter: MeterReading) => meter.closes.get(reason) ?? 0;
const byWs = (): undefined => undefined;

// prettier-ignore
const table: readonly [name: string, seen: string, counted: Attack['counted'], turn: Turn][] = [
  // --- too fast ---
  ['a flood of pings', 'close 4004', limited('frameRate'), withOne((_, flood) => flood(() => frame('ping', {})))],
  ['many frames in each message', 'close 4004', limited('frameRate'), withOne((_, flood) => flood(() => Array(2_000).fill(frame('pong', {})).join('\n')))],
  ['a flood of pings of WebSocket', 'close 4004', limited('frameRate'), async (attacker) => {
    const socket = await attacker.open();
    if (socket) await attacker.flood(socket, () => socket.ping('x'.repeat(125)));
    if (socket) await attacker.ended(socket);
  }],
  ['a flood of volatile publishes', 'close 4004', limited('publishRate'), withOne((socket, flood) => flood((n) => publish(socket, n, { r: undefined })))],
  ['a flood of publishes', 'error rate_limited', limited('publishRate'), withOne((socket, flood) => flood((n) => publish(socket, n)))],
  ['publishes of one user over 4 connections', 'error rate_limited', limited('userPublishRate'), async (attacker) => {
    const sockets: Own[] = [];
    for (let n = 0; n < 4; n++) sockets.push(...[await attacker.open() ?? []].flat());
    for (let n = 0; n < 150; n++) for (const socket of sockets) socket.send(publish(socket, n));
    await Promise.all(sockets.map(async (socket) => (setTimeout(() => socket.close(), 50), attacker.ended(socket))));
  }],
  ['a flood of attaches', 'error rate_limited', limited('requestRate'), flooding('attach', (n) => ({ c: `room ${n % 8}` }))],
  ['a flood of members who come and go', 'error rate_limited', limited('requestRate'), withOne(async (socket, flood) => {
    socket.send(frame('attach', { r: 1, c: 'noise', presence: 'watch' }));
    await flood((n) => n % 2 ? frame('leave', { r: n, c: 'noise' }) : frame('enter', { r: n, c: 'noise', d: n }));
  })],
  ['a flood of pages of history', 'error rate_limited', limited('requestRate'), flooding('history', () => ({ c: 'pair', limit: 1_000, dir: 'backwards' }))],
  ['a flood of tokens', 'error rate_limited', limited('requestRate'), flooding('token', () => ({ token: 'eve' }))],
  // --- too many ---
  ['many channels', 'error limit_exceeded', refused('limit_exceeded'), flooding('attach', (n) => ({ c: `room ${n}` }))],
  ['many connections of one user', 'close 4003', limited('userConnections'), holding(8, () => ({}))],
  ['many connections of one address', 'http 429', limited('addressConnections'), async (attacker, address) => {
    for (let n = 0; n < 21 && !attacker.isOver; n++) await attacker.open({ connects: false });
    await attacker.open({ headers: { 'X-Forwarded-For': address } });
  }],
  ['connections of one address under forged ones', 'http 429', limited('addressConnections'), async (attacker, address) => {
    for (let n = 0; n < 22 && !attacker.isOver; n++)
      await attacker.open({ connects: false, headers: { 'X-Forwarded-For': `1.2.3.${n}, ${address}`, Forwarded: `for=1.2.3.${n}` } });
  }],
  ['many attempts to connect', 'http 429', limited('addressRate'), async (attacker) => {
    const some = Array.from({ length: 50 }, async () => attacker.open({ connects: false }));
    for (const socket of await Promise.all(some)) socket?.terminate();
  }],
  // --- slow, or silent ---
  ['a handshake that never ends', 'http 408', byWs, async (attacker) => attacker.ended(await attacker.tcp('GET /anywire HTTP/1.1\r\nHost: x\r\n'))],
  ['a handshake that is refused, and a socket that is never closed', 'reset', byWs, async (attacker) => {
    const socket = await attacker.tcp(upgrade('Origin: https://evil.example'));
    // It would keep its half open for ever; a socket that the server has let go of answers a write with a reset.
    while (!socket.destroyed && !attacker.isOver) await new Promise((resolve) => setTimeout(() => socket.write('x', resolve), 10));
  }],
  ['no connect', 'close 4202', closed('no_connect'), async (attacker) => {
    const socket = await attacker.open({ connects: false });
    if (socket) await attacker.ended(socket);
  }],
  ['half a connect', 'close 4202', closed('no_connect'), async (attacker) => {
    const socket = await attacker.open({ connects: false });
    socket?.send('{"t":"connect"', { fin: false });
    if (socket) await attacker.ended(socket);
  }],
  ['half a frame, and no word after it', 'close 4002', closed('silent'), withOne((socket) => socket.send('{"t":"pub', { fin: false }))],
  ['reading nothing of a busy channel', 'close 4001', closed('slow_consumer'), async (attacker, address) => {
    const [reader, writer] = [await attacker.open(), await attacker.open({ token: `eve, who writes to ${address}` })] as [Own?, Own?];
    if (!reader || !writer) return;
    reader.send(frame('attach', { r: 1, c: 'noise' }));
    await new Promise((resolve) => reader.on('message', (data: Buffer) => data.includes('attached') && resolve(0)));
    reader.pause();
    for (let n = 0; n < 180; n++) writer.send(publish(writer, n, {}, 'x'.repeat(60_000)));
    await new Promise((resolve) => writer.on('message', (data: Buffer) => data.includes('"r":180,') && resolve(0)));
    reader.resume();
    await attacker.ended(reader);
    writer.close();
    await attacker.ended(writer);
  }],
  // --- what cannot be ---
  ['a message that is too long', 'close 1009', byWs, withOne((_, flood) => flood(() => 'x'.repeat(131_073)))],
  ['fragments without end', 'close 1008', byWs, withOne((socket) => { for (let n = 0; n < 2_000; n++) socket.send('x', { fin: false }); })],
  ['no JSON', 'close 4400', closed('bad_frame'), withOne((socket) => socket.send('hello'))],
  ['a type that does not exist', 'close 4404', closed('unknown_type'), withOne((socket) => socket.send(frame('__proto__', {})))],
  ['deep payloads', 'error invalid', refused('invalid'), withOne((socket, flood) => flood((n) => publish(socket, n).replace(/"d":.*/, `"d":${nested(5_000)}}`)))],
  ['large payloads', 'error payload_too_large', refused('payload_too_large'), withOne((socket, flood) => flood((n) => publish(socket, n, {}, 'x'.repeat(65_536))))],
  // --- what is not theirs ---
  ['a page of another origin', 'http 403', byWs, async (attacker) => attacker.open({ headers: { Origin: 'https://127.0.0.1.evil.example' } })],
  ['wrong tokens', 'close 4201', closed('token_refused'), async (attacker) => {
    const socket = await attacker.open({ token: 'wrong' });
    if (socket) await attacker.ended(socket);
  }],
  ['a channel that is forbidden', 'error forbidden', refused('forbidden'), flooding('attach', () => ({ c: 'secret' }))],
  ['ids of somebody else', 'error forbidden', refused('forbidden'), withOne((_, flood) => flood((n) => frame('publish', { r: n + 1, c: 'pair', i: `nonce-of-ann:${n}`, e: 'm', d: 1 })))],
];

export const attacks: readonly Attack[] = table.map(([name, seen, counted, turn]) => ({
  name,
  seen,
  counted,
  run: async (target, signal) => attackInTurns(turn, target, signal),
}));
