/**
 * Attaching: what is granted, where it goes on from, and what was missed.
 *
 * @see SOURCE.md#ably-channels
 */
import type { World } from './app.ts';
import { may } from './auth.ts';
import {
  channelSerial,
  deliver,
  logOf,
  positionOf,
  takeChannel,
  type Attachment,
  type Channel,
  type LogEntry,
} from './channel.ts';
import { send, type Connection } from './connection.ts';
import { AblyError, errorInfo } from './errors.ts';
import { leaveAll, sendSync } from './presence.ts';
import {
  actions,
  allModes,
  defaultModes,
  flags,
  flagsOf,
  modes,
  modesIn,
  type Frame,
  type Mode,
} from './protocol.ts';

/** Params that mean something here; others are not echoed. */
const knownParams = ['rewind', 'modes', 'rewindLimit'];

/** @throws {AblyError} 40010, 40160, 90000: for this channel alone */
export function attach(connection: Connection, frame: Frame): void {
  const { world, grant, attachments } = connection;
  const channel = takeChannel(grant.app, frame.channel);
  const { unanswered } = world.faults;
  if (unanswered && (unanswered.channel ?? channel.name) === channel.name) return;
  const before = attachments.get(channel.name);
  if (!before && attachments.size >= world.limits.channelsPerConnection)
    throw new AblyError(90000, 'maximum number of channels per connection exceeded');
  const requested = requestedModes(frame);
  const granted = grantedModes(connection, channel, requested);
  const params = Object.fromEntries(
    Object.entries(frame.params ?? {}).filter(([name]) => knownParams.includes(name)),
  );
  if (before) return reattach(before, requested, granted, params);
  const attachment: Attachment = { connection, channel, requested, granted, params };
  const { missed, isLost } = backlogOf(world, channel, frame);
  attachments.set(channel.name, attachment);
  channel.attachments.add(attachment);
  const isResumed = frame.channelSerial !== undefined && !isLost;
  sendAttached(attachment, {
    isResumed,
    hasBacklog: missed.length > 0,
    ...(isLost && { error: new AblyError(90003) }),
    at: missed.length > 0 ? (missed[0] as LogEntry).position - 1 : channel.position,
  });
  for (const entry of missed) deliver(attachment, entry);
  sendSync(attachment);
}

/** On a live connection nothing was missed: modes and params change, and a set of members is told again. */
function reattach(
  attachment: Attachment,
  requested: readonly Mode[],
  granted: ReadonlySet<Mode>,
  params: Attachment['params'],
): void {
  Object.assign(attachment, { requested, granted, params });
  sendAttached(attachment, { isResumed: true });
  sendSync(attachment);
}

export interface AttachedInfo {
  readonly isResumed: boolean;
  readonly hasBacklog?: boolean;
  readonly error?: AblyError;
  /** Where live messages begin. @default behind the last one */
  readonly at?: number;
}

/** Also unasked. */
export function sendAttached(
  { connection, channel, granted, params }: Attachment,
  { isResumed, hasBacklog = false, error, at = channel.position }: AttachedInfo,
): void {
  const isShown = channel.members.size > 0 && granted.has('presence_subscribe');
  const bits = [
    [isShown, flags.hasPresence],
    [hasBacklog, flags.hasBacklog],
    [isResumed, flags.resumed],
  ] as const;
  let shown = flagsOf(granted);
  for (const [is, flag] of bits) if (is) shown |= flag;
  send(connection, {
    action: actions.attached,
    channel: channel.name,
    channelSerial: channelSerial(channel, at),
    flags: shown,
    params,
    ...(error && { error: errorInfo(error) }),
  });
}

function requestedModes({ flags: bits = 0, params }: Frame): readonly Mode[] {
  const named = params?.['modes']?.split(',').map((mode) => mode.trim().toLowerCase());
  if (named) return allModes.filter((mode) => named.includes(mode));
  const asked = modesIn(bits);
  return asked.length > 0 ? asked : defaultModes;
}

/** @throws {AblyError} 40160 */
function grantedModes(
  { world, grant }: Connection,
  { name }: Channel,
  requested: readonly Mode[],
): ReadonlySet<Mode> {
  const granted = requested.filter((mode) => may(world, grant, name, modes[mode].operation));
  if (granted.length === 0)
    throw new AblyError(
      40160,
      `Channel denied access based on given capability; channelId = ${name}`,
      401,
    );
  return new Set(granted);
}

/** What is sent first: since a serial, or by a rewind. */
function backlogOf(
  world: World,
  channel: Channel,
  { channelSerial: since, flags: bits = 0, params }: Frame,
): { missed: readonly LogEntry[]; isLost: boolean } {
  const log = logOf(world, channel);
  if (since !== undefined) {
    const from = positionOf(channel, since);
    const isLost = from === undefined || from < channel.forgotten || from > channel.position;
    return { missed: isLost ? [] : log.filter(({ position }) => position > from), isLost };
  }
  const rewind = params?.['rewind'];
  const isRewound = rewind !== undefined && (bits & flags.attachResume) === 0;
  return { missed: isRewound ? rewound(world, log, rewind) : [], isLost: false };
}

/** `10`: so many messages; `2m`, `15s`: of so long. */
function rewound(
  { clock, limits }: World,
  log: readonly LogEntry[],
  rewind: string,
): readonly LogEntry[] {
  const [, amount = '', unit] = /^(\d+)([smh]?)$/.exec(rewind) ?? [];
  if (amount === '') return [];
  if (!unit) {
    const count = Math.min(Number(amount), limits.rewindMessages);
    return count === 0 ? [] : log.slice(-count);
  }
  const ms = Number(amount) * ({ s: 1_000, m: 60_000, h: 3_600_000 }[unit] ?? 0);
  return log.filter(({ atMs }) => atMs >= clock.now() - ms).slice(-limits.rewindMessages);
}

/** What was asked for, by a new grant. Answers whether anything is left. */
export function regrant(attachment: Attachment): void {
  const { connection, channel, requested, granted } = attachment;
  const next = grantedModes(connection, channel, requested);
  if (flagsOf(next) === flagsOf(granted)) return;
  attachment.granted = next;
  sendAttached(attachment, { isResumed: true });
  sendSync(attachment);
}

export function detach(connection: Connection, name: string): void {
  drop(connection, name);
  send(connection, { action: actions.detached, channel: name });
}

/** The attachment ends, and so do the members of this connection. */
export function drop(connection: Connection, name: string): void {
  const attachment = connection.attachments.get(name);
  if (!attachment) return;
  connection.attachments.delete(name);
  attachment.channel.attachments.delete(attachment);
  leaveAll(connection, attachment.channel);
}
