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
import type { Client, Grant } from './hooks.ts';
import type { Hub } from './hub.ts';
import { enterAs, memberData, sync } from './presence.ts';
import { resumeAt, startOf, type Start } from './resume.ts';

/** One page of a backlog. */
const pageItems = 200;

export function* attach(
  hub: Hub,
  connection: Connection,
  frame: AttachFrame,
  payload: string | undefined,
): Flow {
  const { client } = connection;
  if (!client) return;
  const { presence, c: name } = frame;
  const grants = yield* permit(hub, client, frame);
  const data = presence === 'enter' ? memberData(hub, connection, grants.presence, payload) : '';

  const attachment = hub.channels.join(connection, name);
  attachment.echo = frame.echo !== false;
  attachment.after = Infinity;
  try {
    yield* wait(attachment.channel.ready);
    yield* replay(hub, attachment, frame);
    attachment.channel.unwatch(attachment);
    if (presence === 'enter') yield* enterAs(hub, attachment, data);
    if (presence !== undefined) yield* sync(hub, attachment);
    attachment.expiresAt = grants.attach.expiresAt;
    hub.channels.grants.watch(attachment);
  } catch (error) {
    hub.channels.part(attachment, 'left');
    throw error;
  }
}

/** @throws {RealtimeError} invalid, unsupported, forbidden, client_id_required */
function* permit(
  hub: Hub,
  client: Client,
  { c: channel, rewind = 0, presence }: AttachFrame,
): Flow<{ attach: Grant; presence: Grant }> {
  const { gate, rules } = hub.parts;
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

/** Answers, sends what the client missed, and makes the attachment live. */
function* replay(hub: Hub, attachment: Attachment, frame: AttachFrame): Flow {
  const { connection, channel } = attachment;
  const { r, c, cursor, rewind } = frame;
  const { engine, limits } = hub.parts;
  const maxBytes = limits.outboundBytes / 4;
  const read = (from: number | undefined, limit: number): Flow<Slice> =>
    wait(engine.read(c, { direction: 'forwards', from, limit, maxBytes }));

  let slice = yield* read(cursor === undefined ? undefined : parseCursor(cursor)?.serial, 0);
  const { epoch, serial } = slice;
  const start: Start = cursor === undefined ? startOf(slice, rewind) : resumeAt(cursor, slice);
  const { continuity, reason } = start;
  let { after } = start;
  const backlog = after < serial;
  const position = formatCursor(slice);
  connection.send(
    frameOf({
      t: 'attached',
      r,
      c,
      continuity,
      cursor: position,
      backlog,
      ...(reason ? { reason } : {}),
    }),
  );

  let isReplaying = backlog;
  while (after < Math.max(serial, channel.serial)) {
    slice = yield* read(after, pageItems);
    if (slice.epoch !== epoch || slice.entries[0]?.serial !== after + 1) {
      // Told at its next attach, by a cursor that is no longer stored.
      hub.end(connection, 'slow_consumer', 'the backlog was gone before it could be sent');
      throw new RealtimeError('server_error', 'the backlog is gone');
    }
    for (const entry of slice.entries) {
      connection.send(entry.frame);
      after = entry.serial;
      if (isReplaying && after === serial) {
        connection.send(frameOf({ t: 'replayed', c }));
        isReplaying = false;
      }
    }
    if (connection.waitingBytes > limits.outboundBytes / 2) yield connection.drained();
  }
  attachment.after = after;
}

/** Leaves at once, where it was a member. */
export function detach(hub: Hub, connection: Connection, { c, r }: DetachFrame): void {
  const attachment = connection.attachments.get(c);
  if (attachment) hub.channels.part(attachment, 'left');
  connection.send(frameOf({ t: 'ok', r }));
}
