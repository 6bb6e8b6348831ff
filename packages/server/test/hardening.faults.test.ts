/**
 * Each attack over real sockets: it gets what is documented, it is counted, and every message of the well-behaved clients
 * beside it arrives; when it is over, nothing of it is left.
 *
 * @see README.md#hardening · support/attacks.ts
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { attackedOptions, attacks } from './support/attacks.ts';
import type { TestClient } from './support/client.ts';
import { socketServer, type SocketServer } from './support/sockets.ts';

type Client = TestClient & { socket: WebSocket };

let host: SocketServer;
let ann: Client;
let bob: Client;
let said = 0;

beforeAll(async () => {
  const http = { headersTimeout: 300, requestTimeout: 300, connectionsCheckingInterval: 100 };
  host = await socketServer(attackedOptions, http);
  ann = await newcomer('ann', 'nonce-of-ann');
  bob = await newcomer('bob');
});
afterAll(async () => {
  await host.close();
  expect(host.server.stats()).toEqual({ connections: 0, channels: 0 });
  expect(host.server.meter()).toMatchObject({ users: 0, addresses: 0, queueBytes: 0 });
});

/** A client from an address of its own, in the channel of the pair. */
async function newcomer(token: string, nonce?: string): Promise<Client> {
  const headers = { 'X-Forwarded-For': '7.7.7.7' };
  const client = await host.join({ headers, ...(nonce === undefined ? {} : { nonce }) });
  await client.connect({ token, instance: `tab-of-${token}` });
  await client.attach('pair');
  return client;
}

/** Each says something, is acknowledged, and both hear it. */
async function exchange(): Promise<void> {
  said += 1;
  const answers = [ann.publish('pair', `ann ${said}`), bob.publish('pair', `bob ${said}`)];
  for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ t: 'ack' });
  for (const client of [ann, bob])
    await Promise.all(['ann', 'bob'].map(async (name) => client.hears(`${name} ${said}`)));
}

describe('an attack', () => {
  it.each(attacks)('by $name is answered by "$seen"', async ({ seen, counted, run }) => {
    const before = counted(host.server.meter());
    const answers = new Map<string, number>();
    const end = new AbortController();
    const saw = (what: string): unknown => answers.set(what, (answers.get(what) ?? 0) + 1);
    const attack = run({ port: host.port, saw }, end.signal);
    try {
      for (let n = 0; n < 10; n++) await exchange();
      await expect.poll(() => [...answers.keys()], { timeout: 20_000 }).toContain(seen);
      // Also who comes now is let in.
      const late = await newcomer('carol');
      await exchange();
      await late.hears(`bob ${said}`);
      late.end();
      await late.closed;
    } finally {
      end.abort();
      await attack;
    }
    // A close that the attacker does not answer takes 5 s.
    const left = { connections: 2, channels: 1 };
    await expect.poll(() => host.server.stats(), { timeout: 10_000 }).toEqual(left);
    await exchange();
    expect(ann.data()).toEqual(bob.data());
    if (before !== undefined) expect(counted(host.server.meter())).toBeGreaterThan(before);
  });
});

it('the pair never saw anything but its messages', () => {
  const types = new Set([...ann.all, ...bob.all].map(({ t }) => t));
  types.delete('ping');
  expect(types).toEqual(new Set(['connected', 'attached', 'message', 'ack']));
  expect(new Set(ann.data()).size).toBe(2 * said);
});

it('the README names a limit or a metric for what is counted, and only limits that exist', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const table = readme.split('\n## Hardening\n')[1]?.split('\n## ')[0] ?? '';
  for (const [, metric, value] of table.matchAll(/anywire_(\w+)_total\{\w+="(\w+)"\}/g)) {
    const { limited, closes, refusals } = host.server.meter();
    const counters = new Map([['limited', limited], ['closes', closes], ['refusals', refusals]]); // prettier-ignore
    // Tokens that expire are tried in connect.test.ts.
    if (value !== 'token_expired')
      expect(counters.get(metric ?? '')?.get(value ?? ''), value).toBeGreaterThan(0);
  }
});
