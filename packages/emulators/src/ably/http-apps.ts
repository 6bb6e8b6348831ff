/** Apps for tests, made and removed as the vendor's test environment does it; and their statistics. @see SOURCE.md#ably-rest */
import { createApp, randomId, type Key } from './app.ts';
import { canonical, everything, parseCapability } from './capability.ts';
import { takeChannel } from './channel.ts';
import { taken } from './codec.ts';
import { AblyError } from './errors.ts';
import type { Call, Result } from './http.ts';
import type { AblyNamespace } from './options.ts';
import { ordered, pageOf } from './paging.ts';
import { presenceActions, type WirePresence } from './protocol.ts';

interface AppSpec {
  readonly keys?: readonly { readonly capability?: unknown }[];
  readonly namespaces?: readonly AblyNamespace[];
  readonly channels?: readonly {
    readonly name: string;
    readonly presence?: readonly WirePresence[];
  }[];
}

export function createTestApp(call: Call): Result {
  const { world } = call;
  const { keys = [], namespaces = [], channels = [] } = Object(call.body()) as AppSpec;
  const app = createApp(randomId(6), namespaces);
  const made = keys.map(({ capability }, at): Key => {
    const allowed = capability == null ? everything : parseCapability(capability);
    const key = { name: `${app.id}.${randomId(6)}`, secret: randomId(16), capability: allowed };
    app.keys.set(key.name, key);
    void at;
    return key;
  });
  for (const { name, presence = [] } of channels) {
    const channel = takeChannel(app, name);
    for (const given of presence) {
      const member: WirePresence = {
        ...taken(given),
        ...{ connectionId: 'fixture', id: `fixture:0:${channel.members.size}` },
        ...{ action: presenceActions.enter, timestamp: world.clock.now() },
      };
      channel.members.set(`${member.clientId}:fixture`, { presence: member, stopGrace() {} });
      channel.position += 1;
      channel.presenceLog.push({ position: channel.position, presence: member });
    }
  }
  world.apps.set(app.id, app);
  const body = {
    ...{ id: app.id, appId: app.id, accountId: 'emulated', status: 0, namespaces },
    keys: made.map(({ name, secret, capability }) => ({
      ...{ id: name.split('.')[1], keyName: name, keySecret: secret, value: secret },
      ...{ keyStr: `${name}:${secret}`, capability: canonical(capability), status: 0 },
    })),
  };
  return { status: 201, body };
}

/** @throws {AblyError} 40300, for who is not of this app */
export function removeApp(call: Call): Result {
  const [id = ''] = call.names;
  const { app } = call.grant();
  if (app.id !== id) throw new AblyError(40300);
  call.world.apps.delete(id);
  return { status: 200, body: {} };
}

interface Stat {
  readonly intervalId: string;
}

export function addStats(call: Call): Result {
  const { app } = call.grant();
  const given = [call.body()].flat() as Stat[];
  app.stats.push(...given);
  return { status: 201, body: given.map(({ intervalId }) => ({ intervalId })) };
}

/** As they were added, by the minute; nothing is counted here. */
export function readStats(call: Call): Result {
  const { app } = call.grant();
  const all = (app.stats as Stat[])
    .toSorted((one, other) => (one.intervalId < other.intervalId ? -1 : 1))
    .map((item) => ({ at: item.intervalId, item }));
  const msOf = ({ intervalId }: Stat): number =>
    Date.parse(`${intervalId.slice(0, 10)}T${intervalId.slice(11) || '00:00'}:00Z`);
  const { items, links } = pageOf('stats', call.query, ordered(call.query, all, msOf));
  return { body: items, links };
}
