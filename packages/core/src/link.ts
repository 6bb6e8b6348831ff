/**
 * What an adapter reports, handed to whom it concerns. Calls of a session that is over are facts about the past: they
 * are ignored.
 *
 * @see contract.ts · connection.test.ts
 */
import type { Attachment } from './attachment.ts';
import type { Client } from './context.ts';
import type { Link } from './contract.ts';

/** @param isCurrent whether the session that it is for is not over */
export function createLink(
  client: Client,
  isCurrent: () => boolean,
  { opened, dropped, alive }: Pick<Link, 'opened' | 'dropped' | 'alive'>,
): Link {
  const { active, connection, nonce, secret, clientId, clock, random, log } = client;
  const to = (channel: string): Attachment | undefined =>
    isCurrent() ? active.get(channel) : undefined;
  return {
    opened: (info) => isCurrent() && opened(info),
    dropped: (drop) => isCurrent() && dropped(drop),
    alive: () => isCurrent() && alive(),
    attached: (channel, info) => to(channel)?.attached(info),
    replayed: (channel) => to(channel)?.replayed(),
    detached: (channel, drop) => to(channel)?.dropped(drop),
    received: (channel, message) => to(channel)?.delivery.received(message),
    presence: (channel, change) => to(channel)?.presence.changed(change),
    report: (error, channel = '') => (to(channel) ?? client).report(error),
    authorize: (request) => connection.credentials.get(request),
    nonce,
    secret,
    clientId,
    instanceId: connection.instanceId,
    clock,
    random,
    log,
  };
}
