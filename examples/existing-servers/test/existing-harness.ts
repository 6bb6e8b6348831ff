/**
 * What the conformance suite meets behind each dialect of this folder: the server as it is, fresh for each case, behind real
 * TCP with one fault proxy for each client. In real time.
 *
 * @see carried.ts for how any channel, event and data get there
 */
import { randomUUID } from 'node:crypto';
import type { Adapter, Credentials } from '@anywire/core';
import type { Dialect } from '@anywire/core/dialect';
import type { ConformanceBackend, ConformanceHarness, FaultTarget } from '@anywire/testkit';
import { startFaultProxy, type FaultProxy } from '@anywire/testkit/proxy';
import { startServer, type ServerName } from '../servers.ts';
import { carried, type Carrying } from './carried.ts';

/** One case's server. */
export interface Stage extends ConformanceBackend {
  readonly proxies: readonly FaultProxy[];
  /** What the app signs tokens with. */
  secret: string;
  /** Ends the server and starts it at the same place, with nothing that it knew. @param secret - That of the server. */
  restart(secret?: string): Promise<void>;
}

export interface ExistingServer {
  readonly server: ServerName;
  readonly dialect: Pick<Dialect, 'capabilities'>;
  /** The adapter at `127.0.0.1:{port}`. */
  readonly adapter: (host: string) => Adapter;
  readonly carrying: Carrying;
  readonly leftOut: number;
  /** Why there is one channel alone. */
  readonly oneChannel?: string;
  /** Cases by title, and why the server cannot pass them. */
  readonly cannot?: Readonly<Record<string, string>>;
  /** @default there are no tokens */
  readonly credentials?: (
    secret: string,
    who: { readonly clientId: string | undefined; readonly ttlMs: number },
  ) => Promise<Credentials>;
}

/** The bytes of a frame, about: a case that counts frames meets one here and there. */
const frameBytes = 120;

const noTokens = 'the server knows no tokens: a client says by itself who it is';
const noOrders = 'the server is not ours to command';

const noData = 'who is in a room is present, and the server keeps no data of members';

/** Of servers on which who joins is present, and that know no more of a member than a name. */
export const joiningIsEntering = {
  'enter, leave and enter in one go end as a member, with the last data': noData,
  'where a member cannot be updated, update() is unsupported, and the member stays as it is':
    noData,
};
/** The same, where one can be in several rooms. */
export const joiningManyIsEntering = {
  ...joiningIsEntering,
  'a member of 2 channels is a member of each with its own data, and leaves one alone': noData,
};

const proxiesOf = ({ proxies }: Stage, { client }: FaultTarget): readonly FaultProxy[] =>
  client ? [proxies[client.index] as FaultProxy] : proxies;
const cut = (stage: Stage, target: FaultTarget): void => {
  for (const proxy of proxiesOf(stage, target)) proxy.cut();
};

async function openStage({ server: name, adapter, carrying }: ExistingServer): Promise<Stage> {
  let secret: string = randomUUID();
  let server = await startServer(name, { secret });
  const port = Number(new URL(server.url).port);
  const proxies = await Promise.all([0, 1, 2, 3].map(() => startFaultProxy({ target: { port } })));
  const stage: Stage = {
    proxies,
    secret,
    async restart(next = secret) {
      secret = next;
      await server.close();
      server = await startServer(name, { port, secret });
    },
    adapter: ({ index }) => carried(adapter(`127.0.0.1:${proxies[index]?.port}`), carrying),
    options: {
      ...{ reconnectMinMs: 20, reconnectMaxMs: 100 },
      ...{ timeoutMs: 4_000, presenceGraceMs: 300 },
    },
    async heal() {
      for (const proxy of proxies) proxy.heal();
      if (secret !== stage.secret) await stage.restart(stage.secret);
    },
    async close() {
      for (const proxy of proxies) await proxy.close();
      await server.close();
    },
  };
  return stage;
}

export function existingHarness(existing: ExistingServer): ConformanceHarness<Stage> {
  const { dialect, leftOut, oneChannel, cannot, credentials } = existing;
  const { capabilities } = dialect;
  return {
    ...{ capabilities, leftOut },
    ...(oneChannel !== undefined && { oneChannel }),
    ...(cannot && { cannot }),
    setup: () => openStage(existing),
    credentials: credentials ? ({ secret }, who) => credentials(secret, who) : noTokens,
    faults: {
      drop: cut,
      refuse(stage, target) {
        for (const proxy of proxiesOf(stage, target)) proxy.refuse();
        cut(stage, target);
      },
      forget: (stage) => stage.restart(),
      dropAfter(stage, target) {
        for (const proxy of proxiesOf(stage, target)) proxy.dropAfter(target.count * frameBytes);
      },
      holdAcks:
        capabilities.ack === 'written'
          ? 'the server acknowledges nothing'
          : (stage, target) => {
              for (const proxy of proxiesOf(stage, target)) proxy.halfOpen('toClient');
            },
      delayAcks({ proxies }, { count }) {
        for (const proxy of proxies) proxy.delay(count / 2); // there and back
      },
      refuseAuth: credentials ? (stage) => stage.restart(randomUUID()) : noTokens,
      expireTokens: credentials
        ? (stage) => stage.restart((stage.secret = randomUUID()))
        : noTokens,
      halfOpen: 'the server may be silent for longer than a case waits',
      sleep: 'real time cannot be moved',
      loseAcks: noOrders,
      narrow: 'the server states no limits',
      duplicate: noOrders,
      reorder: 'TCP delivers in order, and so does the server',
      forbid: noOrders,
      endChannel: noOrders,
    },
  };
}
