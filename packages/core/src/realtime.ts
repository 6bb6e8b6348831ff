/**
 * `createRealtime`: ties the parts of one client together. Nothing connects here.
 *
 * @see docs/architecture.md
 */
import type { Channel, ChannelOptions, OutboxEntry, Realtime, RealtimeOptions } from './api.ts';
import { ChannelCore } from './channel.ts';
import { channelResolver, type Channels } from './channels.ts';
import { Connection } from './connection.ts';
import { type Client, createContext } from './context.ts';
import { until } from './deadline.ts';
import { RealtimeError } from './errors.ts';
import { narrowing } from './narrow.ts';
import type { OpenKeeper } from './outbox-entry.ts';
import { Outbox } from './outbox.ts';
import { Rates } from './rates.ts';
import { addRequirements, features } from './unsupported.ts';

/** A client for one backend. Connects at the first operation or at `connection.connect()`. */
export function createRealtime<const Defined extends Channels = Channels>(
  options: RealtimeOptions<Defined>,
): Realtime<Defined> {
  const client = createContext(options) as { -readonly [Key in keyof Client]: Client[Key] };
  const active = (client.active = new Map());
  client.kept = new Map();
  client.rates = new Rates(client);
  const connection = (client.connection = new Connection(client));
  const outbox = (client.outbox = new Outbox(client));
  // The first subscriber is told first: when the app hears of a state, core is in it.
  connection.state.subscribe(() => {
    outbox.connectionChanged();
    for (const attachment of [...active.values()]) attachment.connectionChanged();
  });
  const interception = (client.interception = options.interceptors?.(client));
  if (interception) connection.state.subscribe(interception.onState);

  const narrowed = narrowing(client.adapter.capabilities);
  const resolve = channelResolver(options.channels);
  const known = new Map<string, WeakRef<ChannelCore>>();
  const forgotten = new FinalizationRegistry<string>((name) => {
    if (!known.get(name)?.deref()) known.delete(name);
  });
  const channel = (name: string, { require, echo, fetchSince }: ChannelOptions = {}): Channel => {
    let found = known.get(name)?.deref();
    if (!found) {
      found = new ChannelCore(client, resolve(name), echo ?? true);
      known.set(name, new WeakRef(found));
      forgotten.register(found, name);
    } else if (echo !== undefined && echo !== found.echo)
      throw new RealtimeError('invalid', `'${name}' was made with echo: ${found.echo}`);
    if (fetchSince) found.delivery.fetchSince = fetchSince;
    if (require) addRequirements(found, require);
    return found;
  };
  outbox.keeper = (options.outboxStore?.open as OpenKeeper | undefined)?.(
    client,
    (name, echo) => known.get(name)?.deref() ?? (channel(name, { echo }) as ChannelCore),
  );

  return {
    connection,
    channel: channel as Realtime<Defined>['channel'],
    supports: (feature) => features[feature](narrowed(connection.info?.limits)),
    outbox,
    onError: (fn) => client.errors.on(fn),
    native: <Native>() => connection.native as Native | undefined,
    async close({ flushMs = 0 } = {}) {
      const isDone = (entries: readonly OutboxEntry[]): true | undefined =>
        entries.every(({ state }) => state === 'failed') || undefined;
      const isEmpty = async (signal: AbortSignal): Promise<boolean> => {
        await interception?.settled();
        return until(outbox.entries, signal, isDone);
      };
      // What is left is rejected by `close`.
      if (flushMs > 0)
        await client.within('flush', [connection.life], isEmpty, flushMs).catch(() => {});
      await connection.close();
    },
  };
}
