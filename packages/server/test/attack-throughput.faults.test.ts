/**
 * What an attack costs those beside it. Server, attacker and clients are three processes; a steady load far below what the server
 * can do is measured without and with each attack, in turns, so that whatever else the machine does falls on both.
 *
 * The gate on the wall clock is one of the full tier; in the quick one everything has to arrive, and that is all.
 *
 * @see support/attacks.ts · hardening.faults.test.ts for what the attacker gets
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { scale, tier } from '../../../tests/tier.ts';
import type { Order, Report } from './support/attack-process.ts';
import { attacks } from './support/attacks.ts';
import { perSecond, steadyClients, type SteadyClients } from './support/steady-clients.ts';

const roundMs = scale(100, 500);
/** Of each kind. When their medians say that an attack costs too much, more are taken: it may have been somebody else. */
const rounds = scale(1, 4);
const mostRounds = scale(1, 16);
/** Of the throughput without an attack. */
const leastRatio = 0.95;

let server: ChildProcess;
let attacker: ChildProcess;
let port: number;
let clients: SteadyClients;
const table: string[] = [];

const start = (name: string): ChildProcess =>
  fork(fileURLToPath(new URL(`support/${name}.ts`, import.meta.url)), {
    execArgv: ['--conditions=@anywire/source'],
  });

beforeAll(async () => {
  server = start('attacked-server');
  [port] = (await once(server, 'message')) as [number];
  attacker = start('attack-process');
  await once(attacker, 'message');
  clients = await steadyClients(port);
});
afterAll(async () => {
  clients.close();
  for (const child of [attacker, server]) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  if (tier === 'full') console.log(['messages/s beside an attack', ...table].join('\n'));
});

/** Resolves when the attacker says so. */
async function order(what: Order, until: Report): Promise<void> {
  const said = once(attacker, 'message');
  attacker.send(what);
  expect(await said).toEqual([until, undefined]);
}

async function connections(): Promise<number> {
  const said = once(server, 'message');
  server.send('how many');
  return (await said)[0] as number;
}

/** Everything arrives, once, in one order, which keeps that of each publisher. @returns messages per second. */
async function throughput(): Promise<number> {
  const { tookMs, sent, heard, strange } = await clients.round(roundMs);
  expect(strange).toEqual([]);
  const [{ serials: [first = 0], data }] = heard as [(typeof heard)[number]]; // prettier-ignore
  const inOrder = Array.from(sent, (_, at) => first + at);
  for (const ear of heard) expect(ear).toEqual({ serials: inOrder, data });
  expect(data.toSorted((a, b) => Number(a) - Number(b))).toEqual(sent);
  return (sent.length * 1_000) / tookMs;
}

async function throughputBeside(attack: string): Promise<number> {
  await order({ attack, port }, 'seen');
  const result = await throughput();
  await order('stop', 'over');
  // What it has left would be there in the round without it.
  await expect.poll(connections, { timeout: 10_000, interval: 10 }).toBe(clients.count);
  return result;
}

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.floor(half)] ?? 0) + (sorted[Math.ceil(half) - 1] ?? 0)) / 2;
};

it.each(attacks)(
  `every one of ${perSecond} messages a second arrives, in order and once, beside $name${tier === 'full' ? `, at ${leastRatio * 100} % of the throughput` : ''}`,
  async ({ name }) => {
    const without: number[] = [];
    const beside: number[] = [];
    const ratio = (): number => median(beside) / median(without);
    while (without.length < rounds || (ratio() < leastRatio && without.length < mostRounds)) {
      without.push(await throughput());
      beside.push(await throughputBeside(name));
    }
    const figures = [median(without), median(beside)].map((each) => each.toFixed(1));
    table.push(`${[...figures, ratio().toFixed(3), without.length].join('  ')}  ${name}`);
    if (tier === 'full') expect(ratio()).toBeGreaterThanOrEqual(leastRatio);
  },
);
