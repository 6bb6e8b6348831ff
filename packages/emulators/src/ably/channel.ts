/**
 * A channel: its log, in which every position has a serial, and how a frame reaches who is attached.
 *
 * @see SOURCE.md#ably-channels
 */
import { randomId, type App, type World } from './app.ts';
import { send, type Connection } from './connection.ts';
import { AblyError } from './errors.ts';
import type { AblyNamespace } from './options.ts';
import { actions, type Mode, type WireMessage, type WirePresence } from './protocol.ts';

/** What went to all at once: the messages of one publish. */
export interface LogEntry {
  readonly position: number;
  readonly atMs: number;
  readonly connectionId: string | undefined;
  readonly messages: readonly WireMessage[];
}

export interface Member {
  readonly presence: WirePresence;
  /** Calls its end off: its connection broke, and may come back. */
  stopGrace: () => void;
}

export interface Attachment {
  readonly connection: Connection;
  readonly channel: Channel;
  /** What was asked for: a better token may allow more of it later. */
  requested: readonly Mode[];
  granted: ReadonlySet<Mode>;
  params: Readonly<Record<string, string>>;
}

export interface Channel {
  readonly app: App;
  readonly name: string;
  /** Another one: nobody can go on from where they were. */
  epoch: string;
  /** Of what was said last. */
  position: number;
  /** What is at or before this is forgotten. */
  forgotten: number;
  log: LogEntry[];
  presenceLog: { readonly position: number; readonly presence: WirePresence }[];
  readonly attachments: Set<Attachment>;
  /** By `clientId:connectionId`. */
  readonly members: Map<string, Member>;
  /** Ids of publishes, and what they were answered. */
  readonly published: Map<string, { readonly atMs: number; readonly serials: readonly string[] }>;
  /** All versions of what was changed, by serial. */
  readonly versions: Map<string, WireMessage[]>;
}

/** @throws {AblyError} 40010 */
export function checkName(name: unknown): string {
  if (typeof name !== 'string' || name === '' || /^[:,]/.test(name))
    throw new AblyError(40010, `invalid channel name "${String(name)}"`);
  if (/^\[(?!meta\])/.test(name))
    throw new AblyError(40010, `invalid channel qualifier in "${name}"; filters are not emulated`);
  return name;
}

/** @throws {AblyError} 40010 */
export function takeChannel(app: App, name: unknown): Channel {
  const checked = checkName(name);
  const known = app.channels.get(checked);
  if (known) return known;
  const channel: Channel = {
    app,
    name: checked,
    epoch: randomId(10),
    position: 0,
    forgotten: 0,
    log: [],
    presenceLog: [],
    attachments: new Set(),
    members: new Map(),
    published: new Map(),
    versions: new Map(),
  };
  app.channels.set(checked, channel);
  return channel;
}

export const namespaceOf = ({ app, name }: Channel): AblyNamespace | undefined =>
  app.namespaces.find(({ id }) => name === id || name.startsWith(`${id}:`));

export const channelSerial = ({ epoch }: Channel, position: number): string =>
  `${epoch}@${position}`;

/** Where a serial points to; undefined where it is of another epoch, or none. */
export function positionOf({ epoch }: Channel, serial: unknown): number | undefined {
  const [, theirs, position] = /^(.*)@(\d+)$/.exec(String(serial)) ?? [];
  return theirs === epoch ? Number(position) : undefined;
}

/** Drops what is too old; the log as it is then. */
export function logOf({ clock, times }: World, channel: Channel): readonly LogEntry[] {
  const keptMs = namespaceOf(channel)?.persisted ? times.persistedMs : times.retentionMs;
  const sinceMs = clock.now() - keptMs;
  const first = channel.log.findIndex(({ atMs }) => atMs >= sinceMs);
  const dropped = channel.log.splice(0, first < 0 ? channel.log.length : first);
  channel.forgotten = dropped.at(-1)?.position ?? channel.forgotten;
  channel.presenceLog = channel.presenceLog.filter(
    ({ presence }) => (presence.timestamp ?? 0) >= sinceMs,
  );
  return channel.log;
}

/** Notes messages that have all their fields, and sends them to who may see them. */
export function append(
  world: World,
  channel: Channel,
  messages: readonly WireMessage[],
  connectionId: string | undefined,
): void {
  logOf(world, channel);
  channel.position += 1;
  const entry = { position: channel.position, atMs: world.clock.now(), connectionId, messages };
  if (!messages.every(isEphemeral)) channel.log.push(entry);
  for (const attachment of channel.attachments) deliver(attachment, entry);
}

/** It is for who is there now: no history, no resume. */
const isEphemeral = ({ extras }: WireMessage): boolean =>
  (Object(extras) as { ephemeral?: unknown }).ephemeral === true;

/** One entry of the log to one who is attached, unless it is not for them. */
export function deliver(attachment: Attachment, entry: LogEntry): void {
  const { channel, connection, granted } = attachment;
  if (!granted.has('subscribe')) return;
  if (entry.connectionId === connection.id && !connection.echo) return;
  const [first] = entry.messages;
  send(connection, {
    action: actions.message,
    channel: channel.name,
    channelSerial: channelSerial(channel, entry.position),
    ...(first?.id !== undefined && { id: first.id.replace(/:\d+$/, '') }),
    ...(entry.connectionId !== undefined && { connectionId: entry.connectionId }),
    timestamp: entry.atMs,
    messages: entry.messages,
  });
}

/** Presence is no part of the log: who comes later is told by a sync. */
export function tellPresence(channel: Channel, presence: WirePresence): void {
  channel.position += 1;
  channel.presenceLog.push({ position: channel.position, presence });
  for (const { connection, granted } of channel.attachments) {
    if (!granted.has('presence_subscribe')) continue;
    send(connection, {
      action: actions.presence,
      channel: channel.name,
      channelSerial: channelSerial(channel, channel.position),
      ...(presence.connectionId !== undefined && { connectionId: presence.connectionId }),
      timestamp: presence.timestamp ?? 0,
      presence: [presence],
    });
  }
}
