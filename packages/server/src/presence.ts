/**
 * Members: `enter`, `update`, `leave`, and the set that a new watcher gets.
 *
 * A member is one instance of one client, held by a connection. When that connection breaks, the member stays for
 * the grace and goes only if no other connection has taken it over by then; the engine compares (engine.ts, `leave`).
 *
 * @see docs/protocol.md#presence · hub.ts for the grace
 */
import { RealtimeError } from '@anywire/core/errors';
import { memberText, syncText, type EnterFrame, type LeaveFrame } from '@anywire/protocol';
import type { Attachment } from './attachment.ts';
import type { Connection } from './connection.ts';
import { checkSize, jsonOf } from './content.ts';
import { wait, type Flow } from './flow.ts';
import { Frame, frameOf } from './frame.ts';
import type { Grant } from './hooks.ts';
import type { Hub } from './hub.ts';

/** Members of one `sync` frame. */
const pageMembers = 100;

/** `enter` and `update` are the same: the channel knows whether the instance is there. */
export function* enter(
  hub: Hub,
  connection: Connection,
  { c: channel, r }: EnterFrame,
  payload: string | undefined,
): Flow {
  const { client } = connection;
  if (!client) return;
  const attachment = connection.attachments.get(channel);
  if (!attachment) throw new RealtimeError('invalid', 'attach to the channel first');
  if (!hub.parts.rules(channel).presence)
    throw new RealtimeError('unsupported', 'this channel has no presence');
  const request = { client, channel, action: 'presence', event: 'enter' } as const;
  let asked;
  let grant;
  do {
    asked = hub.channels.revision;
    grant = yield* wait(hub.parts.gate.authorize(request));
    // Permissions were taken back while the app answered: its answer may be of before.
  } while (asked !== hub.channels.revision);
  // Nobody would take out the member of an attachment that has ended.
  if (attachment.index < 0)
    throw new RealtimeError('invalid', 'the attachment has ended meanwhile');
  yield* enterAs(hub, attachment, memberData(hub, connection, grant, payload));
  connection.send(frameOf({ t: 'ok', r }));
}

/** What the member shows: what the app granted, else what the client sent. */
export function memberData(
  hub: Hub,
  connection: Connection,
  { presenceData }: Grant,
  payload = 'null',
): string {
  if (connection.client?.clientId === undefined)
    throw new RealtimeError('client_id_required', 'presence needs a client id');
  const data = presenceData === undefined ? payload : jsonOf(presenceData);
  checkSize(data, hub.parts.limits.presenceBytes);
  return data;
}

/** @throws {RealtimeError} limit_exceeded */
export function* enterAs(hub: Hub, attachment: Attachment, data: string): Flow {
  const { connection, channel } = attachment;
  const { engine, limits } = hub.parts;
  // Before the answer: a connection that ends meanwhile must take its member along. Leaving without one is harmless.
  attachment.hasEntered = true;
  const { id: connectionId, hold, memberKey } = connection;
  const member = { ...memberKey, connectionId, hold, data };
  const entered = yield* wait(engine.enter(channel.name, member, limits.members));
  if (entered === 'full')
    throw new RealtimeError('limit_exceeded', 'this channel has no room for another member');
}

export function* leave(hub: Hub, connection: Connection, { c, r }: LeaveFrame): Flow {
  const attachment = connection.attachments.get(c);
  // Also without having entered: the member may have been left by an attachment that broke before.
  if (attachment) attachment.hasEntered = false;
  if (attachment || connection.isExchange)
    yield* wait(hub.parts.engine.leave(c, connection.memberKey, connection.holdToLeave));
  connection.send(frameOf({ t: 'ok', r }));
}

/**
 * Makes the attachment a watcher, and sends it the set; changes meanwhile follow after it.
 *
 * @param known - The version that the client has: when it is this one, the set is not sent again.
 */
export function* sync(hub: Hub, attachment: Attachment, known: string | undefined): Flow {
  const { connection, channel } = attachment;
  const { name: c } = channel;
  attachment.heldPresence = [];
  channel.watch(attachment);
  const { members, version } = yield* wait(hub.parts.engine.members(c));
  // The permission to watch was taken back meanwhile.
  if (!channel.isWatching(attachment)) return;
  const end = version === known ? 0 : Math.max(members.length, 1);
  for (let at = 0; at < end; at += pageMembers) {
    const more = at + pageMembers < members.length;
    const texts = members
      .slice(at, at + pageMembers)
      .map(({ clientId: u, instanceId: x, connectionId: k, data }) =>
        memberText({ u, x, k }, data),
      );
    const page = {
      c,
      first: at === 0 ? true : undefined,
      more: more ? true : undefined,
      v: more ? undefined : version,
    };
    connection.send(new Frame(syncText(page, texts)));
    if (connection.waitingBytes > hub.parts.limits.outboundBytes / 2) yield connection.drained();
    if (!channel.isWatching(attachment)) return;
  }
  const held = attachment.heldPresence ?? [];
  attachment.heldPresence = undefined;
  for (const frame of held) connection.send(frame);
}
