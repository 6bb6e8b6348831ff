/**
 * Makes what a case works with, and afterwards holds it to what every case promises: `close()` settles, no
 * error went unnoticed, and in virtual time no timer is left.
 *
 * @see case.ts for what each member means
 */
import {
  createRealtime,
  RealtimeError,
  type Auth,
  type Channel,
  type Message,
} from '@anywire/core';
import { expect } from 'vitest';
import type { CaseContext, ClientOptions, TestClient } from './case.ts';
import type { ConformanceBackend, ConformanceClient, ConformanceHarness } from './harness.ts';
import { seededRandom } from './random.ts';
import { Collected, waitReally, waitVirtually, when, type Wait } from './wait.ts';

const clientIds = ['ann', 'bob', 'cat', 'dan'];
const hourMs = 3_600_000;
let cases = 0;
// Two runs against one server that keeps messages must not meet.
const run = Math.floor(Math.random() * 2 ** 32).toString(36);

/** A rejection that nobody waits for any more, because the case has failed already, is no news. */
function quiet<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  return promise;
}

const quietly =
  (wait: Wait): Wait =>
  (what, promise) =>
    quiet(wait(what, promise));

/** Runs `body` in a context of its own, ends everything that it made, and checks what is left. */
export async function inContext<Backend extends ConformanceBackend>(
  harness: ConformanceHarness<Backend>,
  body: (context: CaseContext) => Promise<void>,
): Promise<void> {
  const backend = await harness.setup();
  const { clock } = backend;
  const wait = quietly(clock ? waitVirtually(clock) : waitReally(harness.waitMs ?? 5_000));
  const clients: TestClient[] = [];
  const closeAll = (): Promise<unknown> =>
    Promise.all(clients.map(({ realtime }) => wait('close()', realtime.close())));
  try {
    await body(contextOf(harness, backend, clients, wait));
    await closeAll();
    for (const { realtime, errors } of clients) {
      expect(realtime.connection.state.get()).toBe('closed');
      expect(realtime.outbox.entries.get()).toEqual([]);
      expect(errors).toEqual([]);
    }
  } finally {
    await closeAll().catch(() => {}); // the first failure is the one to tell
    await backend.heal?.();
    await backend.close?.();
  }
  await clock?.settle();
  expect(clock?.pending ?? 0).toBe(0);
}

function contextOf<Backend extends ConformanceBackend>(
  harness: ConformanceHarness<Backend>,
  backend: Backend,
  clients: TestClient[],
  wait: Wait,
): CaseContext {
  const name = `conformance:${run}-${(cases += 1)}`;
  const collect = <Item>(what: string): Collected<Item> => new Collected(what, wait);

  return {
    capabilities: harness.capabilities,
    name,
    other(suffix) {
      if (harness.oneChannel !== undefined)
        throw new Error("the case does not say 'otherChannels'");
      return `${name}:${suffix}`;
    },
    client(clientId, options) {
      const index = clients.length;
      const identity = {
        index,
        clientId: clientId === null ? undefined : (clientId ?? clientIds[index]),
      };
      const client = openClient(harness, backend, identity, options ?? {}, name, wait);
      clients.push(client);
      return client;
    },
    async fault(fault, { client, channel = name, count = 0 } = {}) {
      const inflict = harness.faults[fault];
      if (typeof inflict === 'string') throw new Error(`the case does not name '${fault}'`);
      await inflict(backend, { client, channel, count });
    },
    heal: async () => backend.heal?.(),
    now: () => backend.clock?.now() ?? performance.now(),
    later: quiet,
    wait: (promise, what = 'a promise') => wait(what, promise),
    until: (store, test, what = 'a state') => {
      const passes = typeof test === 'function' ? (test as (value: unknown) => boolean) : undefined;
      return wait(
        `${what} (${passes ? 'as expected' : String(test)})`,
        when(store, (value) => (passes ? passes(value) : value === test)),
      );
    },
    code: (promise) =>
      wait(
        'a rejection',
        promise.then(
          (value) => expect.unreachable(`resolved with ${JSON.stringify(value)}`),
          (error: unknown) => {
            if (RealtimeError.is(error)) return error.code;
            throw error;
          },
        ),
      ),
    async comeBack(rooms, act) {
      const back = rooms.map((room) => {
        let wasAway = false; // an interruption may be over before `act` is
        return when(room.state, (state) => {
          wasAway ||= state !== 'attached';
          return wasAway && state === 'attached';
        });
      });
      await act();
      await wait('attached again', Promise.all(back));
    },
    collect,
    async listen({ realtime }, channel: Channel = realtime.channel(name)) {
      const messages = collect<Message>('messages');
      channel.onAny(messages.add);
      await wait('attach', channel.attach());
      return messages;
    },
  };
}

function openClient<Backend extends ConformanceBackend>(
  { credentials }: ConformanceHarness<Backend>,
  backend: Backend,
  identity: ConformanceClient,
  { ttlMs = hourMs, auth, ...options }: ClientOptions,
  name: string,
  wait: Wait,
): TestClient {
  const { clientId, index } = identity;
  const asked = new Collected<string>('questions for credentials', wait);
  const errors: RealtimeError[] = [];
  const answer: Auth = async (question) => {
    asked.add(question.reason);
    if (typeof credentials === 'string') throw new Error(credentials);
    const usual = async () => credentials(backend, { clientId, ttlMs });
    return auth ? auth(question, usual) : usual();
  };
  const realtime = createRealtime({
    log: () => {},
    random: seededRandom(index + 1),
    ...backend.options,
    ...options,
    ...(backend.clock && { clock: backend.clock }),
    ...(typeof credentials === 'function' && { auth: answer }),
    ...(typeof credentials === 'string' && clientId !== undefined && { clientId }),
    adapter: backend.adapter(identity),
  });
  realtime.onError((error) => errors.push(error));
  const channel: TestClient['channel'] = (given) => realtime.channel(name, given);
  return { ...identity, realtime, errors, asked, channel };
}
