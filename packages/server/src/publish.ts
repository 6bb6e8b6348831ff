/**
 * `publish`: a client's message, checked, allowed, stored once, sent to all, acknowledged.
 *
 * The hot path: without hooks, and with an engine that answers at once, it is one run of plain calls.
 *
 * @see docs/protocol.md#publish · publish-backend.ts for messages of the app itself
 */
import { RealtimeError } from '@anywire/core/errors';
import { isEventName, type PublishFrame } from '@anywire/protocol';
import type { ChannelRules } from './channel-rules.ts';
import type { Connection } from './connection.ts';
import type { Appended } from './engine.ts';
import { claimEarlier } from './earlier-nonces.ts';
import { chain, isPromise, type MaybePromise } from './flow.ts';
import { contentOf, dataOf, received, type Content } from './content.ts';
import {
  ackFrame,
  besideText,
  Frame,
  messageHead,
  messageTail,
  type MessageParts,
} from './frame.ts';
import type { Hub } from './hub.ts';

/** A message that the engine has, in its order, and whose ack is sent later. */
export interface Stored {
  readonly acked: Promise<void>;
}

/**
 * A client's message.
 *
 * @param job - Its data: as JSON text, and as a binary codec wrote them.
 * @returns what is still to come when the engine has taken it; nothing when it has answered at once.
 */
export function publish(
  hub: Hub,
  connection: Connection,
  frame: PublishFrame,
  job: { readonly payload: string | undefined; readonly packed?: Uint8Array | undefined },
): MaybePromise<Stored | undefined> {
  const { limits } = hub.parts;
  const content = received(frame, job, connection.transport.codec, limits.payloadBytes);
  const { i } = frame;
  const { idPrefix } = connection;
  // Made anew, from parts that are not slices of the frame: the engine keeps ids for minutes, and frames are large.
  if (i.startsWith(idPrefix))
    return publishAs(idPrefix + i.slice(idPrefix.length), hub, connection, frame, content);
  return chain(claimEarlier(hub, connection, i), () =>
    publishAs(Buffer.from(i).toString(), hub, connection, frame, content),
  );
}

function publishAs(
  id: string,
  hub: Hub,
  connection: Connection,
  frame: PublishFrame,
  content: Content,
): MaybePromise<Stored | undefined> {
  const { client } = connection;
  if (!client) return undefined;
  const { gate, rules, limits } = hub.parts;
  const { c: channel, e: event } = frame;
  const { history } = rules(channel);
  if (!gate.asksBeforePublish)
    return commit(hub, connection, frame, { id, event, content, history });

  const request = { client, channel, event } as const;
  const data = dataOf(frame);
  return chain(gate.authorize({ ...request, action: 'publish' }), () =>
    chain(gate.publish({ ...request, data, id, volatile: frame.r === undefined }), (message) => {
      // Its answer would reach nobody: the client tries again.
      if (connection.state === 'closed') return undefined;
      if (!isEventName(message.event))
        throw new RealtimeError('server_error', 'the server chose an event that cannot be');
      const chosen = message.data === data ? content : contentOf(message.data, limits);
      return commit(hub, connection, frame, {
        id,
        event: message.event,
        content: chosen,
        history,
      });
    }),
  );
}

function commit(
  hub: Hub,
  connection: Connection,
  frame: PublishFrame,
  {
    id,
    event,
    content,
    history,
  }: Pick<MessageParts, 'id' | 'event'> &
    Pick<ChannelRules, 'history'> & { readonly content: Content },
): Stored | undefined {
  const { r, c: channel } = frame;
  const timestamp = hub.parts.clock.now();
  const { payload, packed, isBytes } = content;
  const beside = besideText(frame, isBytes);
  const parts = { id, event, sender: connection.sender, timestamp, beside, payload, packed };
  if (r === undefined) return later(broadcast(hub, channel, parts));
  return later(
    chain(append(hub, channel, parts), (appended) => {
      measure(hub, appended);
      // What is kept for resumes alone is accepted, not stored.
      connection.send(ackFrame(r, history ? appended : { ...appended, serial: undefined }));
    }),
  );
}

/** Not the promise itself: who waits for the turn of a publish would wait for its commit, too. */
function later(acked: MaybePromise<void>): Stored | undefined {
  return isPromise(acked) ? { acked } : undefined;
}

// --- into the engine ---

/** Counts what an engine has answered. */
export function measure({ parts: { meter } }: Hub, { duplicate }: Appended): void {
  if (duplicate) meter.duplicates += 1;
  else meter.stored += 1;
}

/** Stores a message, unless its id is known in its channel. */
export function append(hub: Hub, channel: string, parts: MessageParts): MaybePromise<Appended> {
  const { id, timestamp, packed: payload } = parts;
  return hub.parts.engine.append(channel, { id, timestamp, tail: messageTail(parts), payload });
}

function broadcast(hub: Hub, channel: string, parts: MessageParts): MaybePromise<void> {
  hub.parts.meter.volatile += 1;
  const frame = new Frame(`${messageHead(channel)}${messageTail(parts)}`, -1, parts.packed);
  return hub.parts.engine.broadcast(channel, parts.id, frame);
}
