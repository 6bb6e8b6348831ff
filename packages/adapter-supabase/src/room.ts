/**
 * One channel of the vendor's client: it is joined once, and thrown away when anything ends it, for the client would join again by
 * itself, for ever, and as nobody.
 *
 * @see docs/adapters/supabase.md · session.ts
 */
import type {
  AttachRequest,
  Drop,
  Link,
  MemberInfo,
  Outbound,
  PublishOutcome,
} from '@anywire/core';
import { RealtimeError } from '@anywire/core/errors';
import { leftEvent, toInbound, toMember, toPayload, toShown } from './messages.ts';
import { toDrop } from './refusals.ts';
import type { ChannelLike, RealtimeLike } from './supabase-like.ts';

export interface Room {
  /** Resolves when the service has taken it. */
  readonly joined: Promise<void>;
  /** Tells who is there, from now on. */
  watch(): void;
  show(data: unknown): Promise<void>;
  hide(): Promise<void>;
  publish(message: Outbound): Promise<PublishOutcome>;
  /** Hears nothing more. */
  end(): void;
}

interface Seat {
  readonly link: Link;
  readonly client: RealtimeLike;
  readonly name: string;
  readonly clientId: string | undefined;
  /** It is over: the session forgets it. */
  readonly ended: () => void;
  /** The connection is gone, and the channels are told first. */
  readonly lost: (drop: Drop) => void;
}

const ofConnection = /^socket closed|heartbeat timeout/;

export function openRoom(seat: Seat, { spec }: AttachRequest): Room {
  const { link, client, name, clientId, ended, lost } = seat;
  const { instanceId } = link;
  const channel = client.channel(name, {
    config: {
      broadcast: { ack: true, self: false },
      presence: { key: instanceId, enabled: true },
      private: spec.kind !== 'public',
    },
  });
  let state: 'joining' | 'joined' | 'over' = 'joining';
  let lastWords = '';
  /** The service has told who is there. */
  let isSynced = false;
  let isWatched = false;
  let isMember = false;
  const members = createMembers();
  let resolve = (): void => {};
  let reject = (_: RealtimeError): void => {};
  const joined = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  joined.catch(() => {}); // or nobody waits for it any more

  function end(): void {
    if (state === 'over') return;
    state = 'over';
    void client.removeChannel(channel as never);
    ended();
  }

  function over(drop: Drop): void {
    // One token is for all channels: another one is for another connection.
    if (drop.retry === 'fresh-token') return lost(drop);
    const was = state;
    end();
    if (was === 'joining') reject(drop.error);
    if (was === 'joined') link.detached(name, drop);
  }

  const statuses: Readonly<Record<string, (error?: Error) => void>> = {
    SUBSCRIBED() {
      state = 'joined';
      resolve();
    },
    CHANNEL_ERROR({ message } = new Error('the channel failed')) {
      if (!ofConnection.test(message)) return over(toDrop(message));
      lost({ error: new RealtimeError('connection_failed', message), retry: 'backoff' });
    },
    TIMED_OUT: () =>
      over({ error: new RealtimeError('timeout', 'no answer to the join'), retry: 'backoff' }),
    CLOSED: () => over(toDrop(lastWords || 'the service closed the channel')),
  };

  function tell(isWhole: boolean): void {
    if (!isWatched || !isSynced || state === 'over') return;
    if (isWhole) link.presence(name, { action: 'sync-start' });
    for (const change of members.changes(channel)) link.presence(name, change);
    if (isWhole) link.presence(name, { action: 'sync-end' });
  }

  function sync(): void {
    const isFirst = !isSynced;
    isSynced = true;
    tell(isFirst);
  }

  function heard(native: { event: string; payload?: unknown }): void {
    if (state === 'over') return;
    if (native.event === leftEvent) members.leaves(native.payload);
    else link.received(name, toInbound(native.event, native.payload, native));
  }

  channel.on(...(['broadcast', { event: '*' }, heard] as never[]));
  channel.on(...(['presence', { event: 'sync' }, sync] as never[]));
  const told = ({ status, message }: { status: string; message: string }): void => {
    if (status === 'error') lastWords = message;
  };
  channel.on(...(['system', {}, told] as never[]));
  // A passing state is told by none of the four.
  channel.subscribe((status: string, error) => {
    if (state !== 'over') statuses[status]?.(error);
  });

  const send = (event: string, payload: object): Promise<string> =>
    channel.send({ type: 'broadcast', event, payload } as never);

  return {
    joined,
    watch() {
      if (isWatched) return;
      isWatched = true;
      tell(true);
    },
    async show(data) {
      if (clientId === undefined)
        throw new RealtimeError('client_id_required', 'a member needs a client id');
      isMember = true;
      const answer = await channel.track(toShown(clientId, instanceId, data));
      if (answer === 'error') throw new RealtimeError('forbidden', 'the service refused it');
      if (answer !== 'ok') throw new RealtimeError('timeout', 'the service did not answer');
    },
    async hide() {
      if (!isMember || state !== 'joined') return;
      isMember = false;
      // Nobody can see in a leave whether it was meant.
      void send(leftEvent, { c: clientId, i: instanceId });
      await channel.untrack();
    },
    async publish(message) {
      // Unless it is joined, the vendor's client would send it over HTTP: past the order, and back to us.
      if (state !== 'joined' || !client.isConnected())
        return { error: new RealtimeError('connection_failed', 'the channel is not joined') };
      const answer = send(message.event, toPayload(message, clientId));
      if (message.volatile) return { level: 'written' };
      return outcomeOf(await answer);
    },
    end,
  };
}

const outcomeOf = (answer: string): PublishOutcome =>
  answer === 'ok'
    ? { level: 'accepted' }
    : {
        error:
          answer === 'error'
            ? new RealtimeError('payload_too_large', 'the service takes no message of this size')
            : new RealtimeError(
                'outcome_unknown',
                'no answer: it was lost, or this client may not write here',
              ),
      };

type Change = Parameters<Link['presence']>[1];

/** Who is there, by the vendor's state: each change of it is one change of ours. */
function createMembers() {
  const known = new Map<string, { readonly ref: string; readonly member: MemberInfo }>();
  const leaving = new Set<string>();
  const keyOf = (clientId: unknown, instanceId: unknown): string =>
    JSON.stringify([clientId, instanceId]);
  return {
    leaves(payload: unknown): void {
      const { c, i } = Object(payload) as { c?: unknown; i?: unknown };
      leaving.add(keyOf(c, i));
    },
    *changes(channel: ChannelLike): Generator<Change> {
      const now = new Map(
        Object.entries(channel.presenceState()).flatMap(([name, all]) =>
          all.map((shown) => {
            const member = toMember(name, shown);
            const key = keyOf(member.clientId, member.instanceId);
            return [key, { ref: shown.presence_ref, member }] as const;
          }),
        ),
      );
      for (const [key, { member }] of known) {
        if (now.has(key)) continue;
        known.delete(key);
        yield { action: 'leave', member, reason: leaving.delete(key) ? 'left' : 'lost' };
      }
      for (const [key, one] of now) {
        const before = known.get(key);
        known.set(key, one);
        if (!before) yield { action: 'enter', member: one.member };
        else if (before.ref !== one.ref) yield { action: 'update', member: one.member };
      }
    },
  };
}
