/**
 * What an adapter reports, handed to whom it concerns. Calls of a session that is over are facts about the past: they
 * are ignored.
 *
 * @see contract.ts · connection.test.ts
 */
import type { Attachment } from './attachment.ts';
import type { Client } from './context.ts';
import type { Drop, Link, OpenedInfo } from './contract.ts';

/** The connection's side of one session. */
export interface LinkEnd {
  readonly isCurrent: () => boolean;
  readonly opened: (info: OpenedInfo) => void;
  readonly dropped: (drop: Drop) => void;
  readonly alive: () => void;
}

export function createLink(client: Client, { isCurrent, opened, dropped, alive }: LinkEnd): Link {
  const { active, connection, nonce, clientId, clock, random, log } = client;
  const to = (channel: string): Attachment | undefined =>
    isCurrent() ? active.get(channel) : undefined;
  return {
    opened: (info) => isCurrent() && opened(info),
    dropped: (drop) => isCurrent() && dropped(drop),
    attached: (channel, info) => to(channel)?.attached(info),
    replayed: (channel) => to(channel)?.replayed(),
    detached: (channel, drop) => to(channel)?.dropped(drop),
    received: (channel, message) => to(channel)?.received(message),
    presence: (channel, change) => to(channel)?.presence.changed(change),
    report: (error, channel = '') => (to(channel) ?? client).report(error),
    alive: () => isCurrent() && alive(),
    authorize: (request) => connection.credentials.get(request, connection.life),
    nonce,
    clientId,
    instanceId: connection.instanceId,
    clock,
    random,
    log,
  };
}
