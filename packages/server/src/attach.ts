/**
 * `attach` and `detach`: from a request to a live attachment, without a hole and without a duplicate.
 *
 * The order is what makes it right, also where the engine answers later: first hear of live messages (and let them
 * pass), then read what is stored, page by page, until nothing newer has been reported; then be live from that serial on.
 * The store itself is the buffer, so a slow client costs a page and not a queue.
 *
 * @see resume.ts for where it begins · docs/protocol.md#attach
 */
import { RealtimeError } from '@anywire/core/errors';
import { formatCursor, parseCursor, type AttachFrame, type DetachFrame } from '@anywire/protocol';
import type { Attachment } from './attachment.ts';
import type { Connection } from './connection.ts';
import type { Slice } from './engine.ts';
import { wait, type Flow } from './flow.ts';
import { frameOf } from './frame.ts';
import type { Grant } from './hooks.ts';
import type { Hub } from './hub.ts';
import { enterAs, memberData, sync } from './presence.ts';
import { askPresence } from './reauthorize.ts';
import { resumeAt, startOf, type Start } from './resume.ts';

/** One page of a backlog. */
const pageItems = 200;

export function* attach(
  hub: Hub,
  connection: Connection,
  frame: AttachFrame,
  payload: string | undefined,
): Flow {
  let isAnswered = false;
  try {
    const { presence } = frame;
    const { asked, grant, data, attachment } = yield* joined(hub, connection, frame, payload);
    attachment.echo = frame.echo !== false;
    if (presence === 'enter') yield* enterAs(hub, attachment, data);
    const begun = yield* begin(hub, attachment, frame);
    isAnswered = true;
    yield* catchUp(hub, attachment, begun);
    // It may have ended meanwhile, and must not come back to life as a watcher.
    if (attachment.index < 0) return;
    attachment.channel.unwatch(attachment);
    if (presence !== undefined) yield* sync(hub, attachment, frame.v);
    // They were taken back while the engine answered, and who asked for all did not find a member or a watcher here yet.
    if (asked !== hub.channels.revision) yield askPresence(hub, attachment);
    if (attachment.index < 0) return;
    attachment.expiresAt = grant.expiresAt;
    hub.channels.grants.watch(attachment);
  } catch (error) {
    failed(hub, connection.attachments.get(frame.c), isAnswered, error);
  }
}

/** After an error the channel is not attached, also where it was before. */
function failed(
  hub: Hub,
  attachment: Attachment | undefined,
  isAnswered: boolean,
  error: unknown,
): void {
  if (!isAnswered) {
    if (attachment) hub.channels.part(attachment, 'left');
    throw error;
  }
  // An error frame would be an answer to a request that has one; the client would take itself for attached.
  hub.parts.log('error', 'an attachment failed', { error });
  if (attachment)
    hub.channels.detach(attachment, 'server_error', 'the server could not go on', 'broke');
}

/** @throws {RealtimeError} invalid, unsupported, forbidden, client_id_required */
function* permit(
  hub: Hub,
  { client }: Connection,
  { c: channel, rewind = 0, presence }: AttachFrame,
): Flow<{ attach: Grant; presence: Grant }> {
  const { gate, rules } = hub.parts;
  if (!client) throw new Error('attach came before connect');
  const { history, presence: hasMembers } = rules(channel);
  if (rewind > 0 && !history)
    throw new RealtimeError('unsupported', 'this channel has no history to rewind');
  if (presence !== undefined && !hasMembers)
    throw new RealtimeError('unsupported', 'this channel has no presence');
  const request = { client, channel, event: undefined };
  const attach = yield* wait(gate.authorize({ ...request, action: 'attach' }));
  if (rewind > 0) yield* wait(gate.authorize({ ...request, action: 'history' }));
  const grant =
    presence === undefined
      ? {}
      : yield* wait(gate.authorize({ ...request, action: 'presence', event: presence }));
  return { attach, presence: grant };
}

interface Joined {
  /** The revision of the permissions that allowed it. */
  readonly asked: number;
  readonly grant: Grant;
  /** Of its member. */
  readonly data: string;
  readonly attachment: Attachment;
}

/** An attachment that is allowed, and hears of live messages. */
function* joined(
  hub: Hub,
  connection: Connection,
  frame: AttachFrame,
  payload: string | undefined,
): Flow<Joined> {
  for (;;) {
    const asked = hub.channels.revision;
    const { attach: grant, presence } = yield* permit(hub, connection, frame);
    // Permissions were taken back while the app answered: its answer may be of before.
    if (asked !== hub.channels.revision) continue;
    const data = frame.presence === 'enter' ? memberData(hub, connection, presence, payload) : '';
    const attachment = hub.channels.join(connection, frame.c);
    attachment.after = Infinity;
    yield* wait(attachment.channel.ready);
    // Or while the engine did.
    if (asked === hub.channels.revision && attachment.index >= 0)
      return { asked, grant, data, attachment };
  }
}

/** Where an attachment stands between its answer and being live. */
interface Begun {
  readonly epoch: string;
  /** The newest message at the time of the answer: the end of the backlog. */
  readonly until: number;
  readonly after: number;
}

/** Reads where the channel stands, and answers. */
function* begin(hub: Hub, attachment: Attachment, frame: AttachFrame): Flow<Begun> {
  const { connection } = attachment;
  const { r, c, cursor, rewind } = frame;
  const from = cursor === undefined ? undefined : parseCursor(cursor)?.serial;
  const slice = yield* read(hub, c, from, 0);
  // Its client has been told `detached`, and would take an answer for a new beginning.
  if (attachment.index < 0)
    throw new RealtimeError('server_error', 'the attachment has ended before it began');
  const { epoch, serial: until } = slice;
  const start: Start = cursor === undefined ? startOf(slice, rewind) : resumeAt(cursor, slice);
  const { continuity, after, reason } = start;
  hub.parts.meter.resumes[continuity] += 1;
  connection.send(
    frameOf({
      t: 'attached',
      r,
      c,
      continuity,
      cursor: formatCursor(slice),
      backlog: after < until,
      ...(reason ? { reason } : {}),
    }),
  );
  return { epoch, until, after };
}

/** Sends what the client does not have, and makes the attachment live. */
function* catchUp(hub: Hub, attachment: Attachment, { epoch, until, after }: Begun): Flow {
  const { connection, channel } = attachment;
  const { outboundBytes } = hub.parts.limits;
  let at = after;
  // What came in since the answer is stored too; when nothing is newer, no turn of the loop is between here and live.
  while (attachment.index >= 0 && at < Math.max(until, channel.serial)) {
    const slice = yield* read(hub, channel.name, at, pageItems);
    if (slice.epoch !== epoch || slice.entries[0]?.serial !== at + 1) {
      // Told at its next attach, by a cursor that is no longer stored.
      hub.end(connection, 'slow_consumer', 'the backlog was gone before it could be sent');
      return;
    }
    for (const entry of slice.entries) {
      connection.send(entry.frame);
      at = entry.serial;
      hub.parts.meter.deliveries += 1;
      if (at === until) connection.send(frameOf({ t: 'replayed', c: channel.name }));
    }
    if (connection.waitingBytes > outboundBytes / 2) yield connection.drained();
  }
  attachment.after = at;
}

function read(hub: Hub, channel: string, from: number | undefined, limit: number): Flow<Slice> {
  const maxBytes = hub.parts.limits.outboundBytes / 4;
  const query = { direction: 'forwards', from, limit, maxBytes } as const;
  return wait(hub.parts.engine.read(channel, query));
}

/** Leaves at once, where it was a member. */
export function detach(hub: Hub, connection: Connection, { c, r }: DetachFrame): void {
  const attachment = connection.attachments.get(c);
  if (attachment) hub.channels.part(attachment, 'left');
  // Its member is held by another of its pipes, which may be gone.
  else if (connection.isExchange) hub.channels.leave(connection, c);
  connection.send(frameOf({ t: 'ok', r }));
}
