/**
 * Starts a server, whose first line of output is its address, and makes a round trip with each transport.
 *
 *     node round-trip.mjs <command …>
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { sse } from '@anywire/adapter-sse';
import { createRealtime } from '@anywire/core';

const [file = '', ...args] = process.argv.slice(2);
const server = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
process.once('exit', () => server.kill());
const [url] = await once(createInterface(server.stdout), 'line');
for (const transport of /** @type {const} */ (['stream', 'poll'])) await roundTrip(transport);
server.kill();
await once(server, 'exit');

/** @param {'stream' | 'poll'} transport */
async function roundTrip(transport) {
  const client = () => createRealtime({ adapter: sse({ url, transport }), log: () => {} });
  const [ann, bob] = [client(), client()];
  const name = `room:${transport}`;
  const [said, room] = [ann.channel(name), bob.channel(name)];
  /** @type {unknown[]} */
  const heard = [];
  const twenty = new Promise((resolve) => {
    room.on('n', (data) => heard.push(data) === 20 && resolve(undefined));
  });
  const bytes = new Promise((resolve) => room.on('bytes', resolve));
  await room.attach();
  const numbers = Array.from({ length: 20 }, (_, index) => index + 1);
  for (const n of numbers) {
    const { level, serial } = await said.publish('n', n);
    equal([level, serial], ['stored', n], `${transport}: receipt`);
  }
  await said.publish('bytes', new Uint8Array([0, 127, 255]));
  await twenty;
  equal(heard, numbers, `${transport}: heard`);
  equal([...(await bytes)], [0, 127, 255], `${transport}: bytes`);
  for await (const { items } of room.history({ limit: 5 })) {
    equal(items.length, 5, `${transport}: history`);
    break;
  }
  await Promise.all([ann.close(), bob.close()]);
}

/** @param {unknown} actual @param {unknown} expected @param {string} what */
function equal(actual, expected, what) {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== should) throw new Error(`${what}: ${is} in place of ${should}`);
}
