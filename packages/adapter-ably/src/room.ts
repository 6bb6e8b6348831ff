/**
 * One channel: what the vendor's client tells of it becomes continuity, messages and members.
 *
 * @see docs/adapters/ably.md#continuity
 */
import type { AttachRequest, Link } from '@anywire/core';
import type {
  AblyChangeLike,
  AblyChannelLike,
  AblyMemberLike,
  AblyMessageLike,
} from './ably-like.ts';
import { toInbound, toMember, toMemberData } from './messages.ts';
import { toError } from './refusals.ts';

export interface Room {
  readonly channel: AblyChannelLike;
  attach(request: AttachRequest): Promise<void>;
  enter(data: unknown): Promise<void>;
  update(data: unknown): Promise<void>;
  /** If we are a member. */
  leave(): Promise<void>;
  /** The connection is back: a channel that was closed with it is not attached again by itself. */
  resume(): void;
  /** Hears nothing more. */
  end(): void;
}

/** The client could not enter again by itself: says nothing of messages. */
const reentryFailed = 91_004;

export function openRoom(
  link: Link,
  name: string,
  channel: AblyChannelLike,
  isConnected: () => boolean,
  failed: () => void,
): Room {
  /** It was attached, and core has heard so. */
  let isKnown = false;
  let isWatched = false;
  let isMember = false;
  let isOver = false;
  /** By whom each instance is there: a leave of an earlier connection of it is none of it. */
  const connections = new Map<string, string>();

  const keyOf = (clientId: string, instanceId: string): string =>
    JSON.stringify([clientId, instanceId]);

  function attached(continuity: 'initial' | 'kept' | 'lost', reason?: string): void {
    isKnown = true;
    link.attached(name, { continuity, ...(reason !== undefined && { reason }) });
    void sync();
  }

  const changed = ({ current, resumed = false, reason }: AblyChangeLike): void => {
    const isNews = reason?.code !== reentryFailed;
    if (current === 'attached' && isNews)
      return attached(resumed ? 'kept' : isKnown ? 'lost' : 'initial', reason?.message);
    const isFailed = current === 'failed';
    // With the connection everything comes back by itself.
    const isPassing = !isConnected() || current === 'attached' || current === 'detaching';
    if (isKnown && (isFailed || !isPassing))
      link.detached(name, { error: toError(reason), retry: isFailed ? 'never' : 'backoff' });
    if (isFailed) failed();
  };

  const heard = (native: AblyMessageLike): void => {
    const inbound = toInbound(native);
    if (inbound) link.received(name, inbound);
  };

  // --- members ---

  const present = (native: AblyMemberLike): void => {
    const member = toMember(native);
    const key = keyOf(member.clientId, member.instanceId);
    const isLeave = native.action === 'leave';
    if (isLeave && connections.get(key) !== native.connectionId) return;
    if (isLeave) connections.delete(key);
    else connections.set(key, native.connectionId);
    const action = isLeave ? 'leave' : native.action === 'update' ? 'update' : 'enter';
    link.presence(name, { action, member });
  };

  /** The whole set, once the vendor's client has it. */
  async function sync(): Promise<void> {
    if (!isWatched) return;
    const members = await channel.presence.get().catch(() => undefined);
    if (!members || isOver) return;
    link.presence(name, { action: 'sync-start' });
    for (const member of members) present({ ...member, action: 'present' });
    link.presence(name, { action: 'sync-end' });
  }

  const membership = async (verb: 'enter' | 'update', data: unknown): Promise<void> => {
    isMember = true;
    await channel.presence[verb](toMemberData(link.instanceId, data));
  };
  const leave = async (): Promise<void> => {
    if (isMember) await channel.presence.leave();
    isMember = false;
  };

  channel.on(changed as never);
  return {
    channel,
    async attach({ presence, presenceData }) {
      const isAgain = channel.state === 'attached';
      // Its promise is that of the attach, which is asked for below.
      channel.subscribe(heard as never).catch(() => {});
      const wasWatched = isWatched;
      isWatched ||= presence === 'watch' || presence === 'enter';
      if (isWatched && !wasWatched) channel.presence.subscribe(present as never).catch(() => {});
      await channel.attach();
      // An app's channel may have been attached before; and core may ask once more.
      if (isAgain) attached(isKnown ? 'kept' : 'initial');
      if (presence === 'enter') await membership('enter', presenceData);
    },
    enter: (data) => membership('enter', data),
    update: (data) => membership('update', data),
    leave,
    resume() {
      if (isKnown && channel.state === 'detached') channel.attach().catch(() => {});
    },
    end() {
      isOver = true;
      channel.off(changed as never);
      channel.unsubscribe(heard as never);
      if (isWatched) channel.presence.unsubscribe(present as never);
    },
  };
}
