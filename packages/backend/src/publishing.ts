/**
 * From a publish to its outcome: allowed, checked, stored once, sent.
 *
 * With a store a message counts when it is stored; without one, when the service has taken it.
 *
 * @see docs/backend.md#publish
 */
import { RealtimeError } from '@anywire/core/errors';
import { contentOf, type ChannelRules, type Client, type Gate } from '@anywire/server/kit';
import type { Clock, Store } from '@anywire/server/store';
import { defaults } from './options.ts';
import type { Outgoing, Provider, ProviderChannel } from './provider.ts';
import { check, failed, type Done, type Given, type Outcome } from './publish-terms.ts';
import { keyOf, type Sending } from './sending.ts';
import { remember } from './window.ts';

export interface Publishing {
  /** Never rejects: one outcome for each message, in their order. */
  publish(
    channel: string,
    messages: readonly Given[],
    sender: Client | undefined,
    except: string | undefined,
  ): Promise<readonly Outcome[]>;
}

export interface PublishingParts {
  readonly provider: Provider;
  readonly store: Store | undefined;
  readonly sending: Sending;
  readonly gate: Gate;
  readonly rules: (channel: string) => ChannelRules;
  readonly clock: Clock;
}

interface Job {
  readonly at: number;
  readonly message: Outgoing;
}

export function createPublishing({
  provider,
  store,
  sending,
  gate,
  rules,
  clock,
}: PublishingParts): Publishing {
  /** What this process has sent, or is sending: with a store the sign that a duplicate need not go out again. */
  const sent = remember<Promise<Outcome>>(
    clock,
    defaults.idempotencyWindowMs,
    defaults.rememberedIds,
  );

  /** As the app wants it. @throws {RealtimeError} why not */
  async function allow(
    to: ProviderChannel,
    given: Given,
    client: Client | undefined,
  ): Promise<Outgoing> {
    let { event, data } = given;
    const channel = to.name;
    check(given);
    if (client) {
      const request = { client, channel, event };
      await gate.authorize({ ...request, action: 'publish' });
      ({ event, data } = await gate.publish({
        ...request,
        data,
        id: given.id,
        volatile: given.volatile ?? false,
      }));
    }
    const { payloadBytes } = provider.limits;
    contentOf(data, { payloadBytes, depth: 64 });
    const { id, extras, sequence } = given;
    const clientId = client ? client.clientId : given.clientId;
    const message: Outgoing = {
      ...{ id, event, data, timestamp: clock.now() },
      ...(extras && { extras }),
      ...(sequence !== undefined && { sequence }),
      ...(clientId !== undefined && { clientId }),
      ...(client?.connectionId && { connectionId: client.connectionId }),
      ...(given.volatile && { volatile: true }),
    };
    provider.check?.(to, message);
    return message;
  }

  /** Stores it, unless it is there; `undefined` where it was, and has gone out. */
  async function keep(
    into: Store,
    channel: string,
    message: Outgoing,
  ): Promise<{ readonly message: Outgoing; readonly done: Done; readonly isOut: boolean }> {
    const { serial, cursor, timestamp, duplicate } = await into.append(channel, message);
    const isPending = sending.isPending(channel, message.id);
    // Stored and perhaps never sent: an earlier process may have ended in between. Who has it drops the second one.
    const isOut = duplicate && (isPending || sent.get(keyOf(channel, message.id)) !== undefined);
    const done: Done = {
      level: 'stored',
      serial,
      timestamp,
      ...(duplicate && { duplicate }),
      ...(isPending && { pending: true }),
    };
    return { message: { ...message, serial, cursor, timestamp }, done, isOut };
  }

  async function publishAll(
    channel: string,
    messages: readonly Given[],
    client: Client | undefined,
    except: string | undefined,
  ): Promise<Outcome[]> {
    const { kind, history } = rules(channel);
    const to: ProviderChannel = { name: channel, kind };
    const outcomes: Outcome[] = messages.map(() =>
      failed(new RealtimeError('server_error', 'not done')),
    );
    const jobs: Job[] = [];
    for (const [at, given] of messages.entries()) {
      try {
        jobs.push({ at, message: await allow(to, given, client) });
      } catch (error) {
        outcomes[at] = failed(error);
      }
    }
    const isVolatile = ({ at }: Job): boolean => messages[at]?.volatile ?? false;
    const lasting = jobs.filter((job) => !isVolatile(job));
    const passing = jobs.filter(isVolatile).map(({ message }) => message);
    for (const { at } of jobs.filter(isVolatile)) outcomes[at] = { level: 'none' };
    const volatileDone =
      passing.length > 0 ? sending.send(to, passing, except).catch(() => {}) : undefined;
    if (store && history) await storeAndSend(store, to, lasting, outcomes, except);
    else await sendOnce(to, lasting, outcomes, except);
    await volatileDone;
    return outcomes;
  }

  async function storeAndSend(
    into: Store,
    to: ProviderChannel,
    jobs: readonly Job[],
    outcomes: Outcome[],
    except: string | undefined,
  ): Promise<void> {
    const kept = await Promise.all(
      jobs.map(({ at, message }) =>
        keep(into, to.name, message).then(
          (one) => ({ at, ...one }),
          (error: unknown) => {
            outcomes[at] = failed(error);
            return undefined;
          },
        ),
      ),
    );
    const fresh = kept.filter((one) => one !== undefined && !one.isOut) as {
      at: number;
      message: Outgoing;
      done: Done;
    }[];
    for (const one of kept) if (one) outcomes[one.at] = one.done;
    if (fresh.length === 0) return;
    const work = sending.sendStored(
      to,
      fresh.map(({ message }) => message),
      except,
    );
    for (const { message, done } of fresh)
      sent.set(keyOf(to.name, message.id), Promise.resolve(done));
    const state = await work;
    if (state === 'pending')
      for (const { at, done } of fresh) outcomes[at] = { ...done, pending: true };
  }

  async function sendOnce(
    to: ProviderChannel,
    jobs: readonly Job[],
    outcomes: Outcome[],
    except: string | undefined,
  ): Promise<void> {
    const fresh: Job[] = [];
    const known: Promise<void>[] = [];
    for (const job of jobs) {
      const earlier = sent.get(keyOf(to.name, job.message.id));
      if (!earlier) fresh.push(job);
      else
        known.push(
          earlier.then((outcome) => {
            outcomes[job.at] = 'error' in outcome ? outcome : { ...outcome, duplicate: true };
          }),
        );
    }
    const work = sending.send(
      to,
      fresh.map(({ message }) => message),
      except,
    );
    for (const { at, message } of fresh) {
      const key = keyOf(to.name, message.id);
      const outcome = work.then(
        (): Outcome => ({ level: 'accepted', timestamp: message.timestamp }),
        (error: unknown) => {
          // Tried again with the same id; who got it the first time drops the second one.
          sent.delete(key);
          return failed(error);
        },
      );
      sent.set(key, outcome);
      known.push(outcome.then((found) => void (outcomes[at] = found)));
    }
    await Promise.all(known);
  }

  return {
    publish: (channel, messages, sender, except) =>
      publishAll(channel, messages, sender, except).catch((error: unknown) =>
        messages.map(() => failed(error)),
      ),
  };
}
