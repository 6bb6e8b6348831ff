/**
 * The channels of one connection: which are joined, whose join waits, who is present, what they begin with.
 *
 * @see dialect-session.ts
 */
import type { AttachRequest, Inbound, Link } from './contract.ts';
import { createMembers, type Members } from './dialect-members.ts';
import type { RealtimeError } from './errors.ts';

/** A channel that was asked for. */
export interface Room {
  readonly channel: string;
  request: AttachRequest;
  isJoined: boolean;
  readonly members: Members;
  /** The first live message since the join, by what history knows it by. */
  first?: string | undefined;
  /** Ends the wait for the server to confirm the join. */
  settle?: ((error?: RealtimeError) => void) | undefined;
}

export function createRoom(link: Link, channel: string, request: AttachRequest): Room {
  return {
    channel,
    request,
    isJoined: false,
    members: createMembers((change) => link.presence(channel, change)),
  };
}

/**
 * Data flows: core is told how it goes on, and gets what was asked of the backlog.
 *
 * @param isBack - Something may have been missed: it was attached before.
 * @param backlog - What the server sent with the join, oldest first.
 */
export function begin(
  link: Link,
  { channel, request }: Room,
  isBack: boolean,
  backlog: readonly Inbound[],
): void {
  const { rewind = 0 } = request;
  const wanted = rewind > 0 ? backlog.slice(-rewind) : [];
  link.attached(channel, {
    continuity: isBack ? 'unknown' : 'initial',
    ...(isBack && { reason: 'the server does not say what it sent meanwhile' }),
    ...(wanted.length > 0 && { backlog: true }),
  });
  if (wanted.length === 0) return;
  for (const message of wanted) link.received(channel, { ...message, replayed: true });
  link.replayed(channel);
}
