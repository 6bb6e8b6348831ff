/**
 * A client of the memory hub without core: what the adapter reports, as lines. For the hub's unit tests.
 */
import { virtualClock, type VirtualClock } from '@anywire/testkit/clock';
import type { AttachRequest, Inbound, Link, Outbound, Session } from '../src/contract.ts';
import { createMemoryHub, memory, type MemoryHub, type MemoryHubOptions } from '../src/memory.ts';

export let clock: VirtualClock;
export let hub: MemoryHub;
export const { signal }: AbortController = new AbortController();
export const request: AttachRequest = {
  spec: { name: 'room', kind: 'private', history: true, presence: true },
  presence: 'none',
  echo: true,
  signal,
};

/** A connected client of the hub, and a line for each report that it got. */
export interface Client {
  readonly session: Session;
  readonly notes: string[];
  /** The data of each message. */
  readonly received: unknown[];
  readonly messages: Inbound[];
  take(): string[];
}

export async function client(
  clientId: string,
  options: { token?: string; instanceId?: string } = {},
): Promise<Client> {
  const notes: string[] = [];
  const received: unknown[] = [];
  const messages: Inbound[] = [];
  const { token, instanceId = '1' } = options;
  const link: Link = {
    opened: ({ clientId: who }) => void notes.push(`opened ${who}`),
    dropped: ({ error, retry }) => void notes.push(`dropped ${error.code} ${retry}`),
    attached: (_, { continuity, cursor, backlog }) =>
      void notes.push(`attached ${continuity} ${cursor}${backlog ? ' backlog' : ''}`),
    replayed: () => void notes.push('replayed'),
    detached: (_, { error }) => void notes.push(`detached ${error.code}`),
    received(_, message) {
      const { id, serial, data, replayed, sender } = message;
      messages.push(message);
      received.push(data);
      const from = `${sender?.clientId}${sender?.verified ? '!' : ''}`;
      notes.push(`${replayed ? 'old' : 'live'} ${id} ${serial} ${from}`);
    },
    presence(_, change) {
      const { action } = change;
      if (action === 'occupancy') notes.push(`${change.members} of ${change.clients}`);
      else if ('member' in change) {
        const { member, reason } = change;
        const what = reason ? `${action} ${reason}` : action;
        notes.push(`${what} ${member.clientId} ${JSON.stringify(member.data)}`);
      } else notes.push(action);
    },
    alive: () => {},
    report: () => {},
    authorize: () => Promise.resolve(token === undefined ? {} : { token }),
    nonce: clientId,
    secret: 'secret-of-this-one',
    clientId,
    instanceId,
    clock,
    random: () => 0,
    log: () => {},
  };
  const session = memory({ hub }).open(link);
  await clock.settle();
  return { session, notes, received, messages, take: () => notes.splice(0) };
}

/** A new hub and a new clock, at 0. */
export function start(options: MemoryHubOptions = {}): void {
  clock = virtualClock(0);
  hub = createMemoryHub({ clock, ...options });
}
export const outbound = (id: string, data: unknown = id, volatile = false): Outbound => ({
  id,
  event: 'e',
  data,
  json: JSON.stringify(data),
  volatile,
});
export const publish = (from: Client, ...ids: string[]): ReturnType<Session['publish']> =>
  from.session.publish(
    'room',
    ids.map((id) => outbound(id)),
    signal,
  );
