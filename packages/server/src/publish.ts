/**
 * `publish`, and messages of the app's own backend: checked, allowed, stored once, sent to all, acknowledged.
 *
 * The hot path: without hooks, and with an engine that answers at once, it is one run of plain calls.
 *
 * @see docs/protocol.md#publish
 */
import { RealtimeError } from '@anywire/core/errors';
import { isEventName, type PublishFrame } from '@anywire/protocol';
import type { ChannelRules } from './channel-rules.ts';
import type { Connection } from './connection.ts';
import type { Appended } from './engine.ts';
import { claimEarlier } from './earlier-nonces.ts';
import { chain, type MaybePromise } from './flow.ts';
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

/** A client's message. @param job - Its data: as JSON text, and as a binary codec wrote them. */
export function publish(
  hub: Hub,
  connection: Connection,
  frame: PublishFrame,
  job: { readonly payload: string | undefined; readonly packed?: Uint8Array | undefined },
): MaybePromise<void> {
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
): MaybePromise<void> {
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
): MaybePromise<void> {
  const { r, c: channel } = frame;
  const timestamp = hub.parts.clock.now();
  const { payload, packed, isBytes } = content;
  const beside = besideText(frame, isBytes);
  const parts = { id, event, sender: connection.sender, timestamp, beside, payload, packed };
  if (r === undefined) return broadcast(hub, channel, parts);
  return chain(append(hub, channel, parts), (appended) => {
    measure(hub, appended);
    // What is kept for resumes alone is accepted, not stored.
    connection.send(ackFrame(r, history ? appended : { ...appended, serial: undefined }));
  });
}

// --- from the backend ---

/** What a publish of the app's own backend proved. */
export interface Published {
  readonly id: string;
  readonly serial: number;
  /** ms since 1970. */
  readonly timestamp: number;
  /** This id was known in this channel: nothing was stored or sent. */
  readonly duplicate: boolean;
}

/** @throws {RealtimeError} invalid, payload_too_large, server_error */
export async function publishFromBackend(
  hub: Hub,
  channel: string,
  event: string,
  data: unknown,
  id: string,
): Promise<Published> {
  hub.parts.rules(channel);
  if (!isEventName(event)) throw new RealtimeError('invalid', 'an event has 1 to 128 characters');
  if (!isEventName(id)) throw new RealtimeError('invalid', 'an id has 1 to 128 characters');
  const { payload, packed, isBytes } = contentOf(data, hub.parts.limits);
  const timestamp = hub.parts.clock.now();
  const beside = besideText({}, isBytes);
  const parts = { id, event, sender: '', timestamp, beside, payload, packed };
  const appended = await append(hub, channel, parts);
  measure(hub, appended);
  return { id, ...appended };
}

// --- into the engine ---

function measure({ parts: { meter } }: Hub, { duplicate }: Appended): void {
  if (duplicate) meter.duplicates += 1;
  else meter.stored += 1;
}

function append(hub: Hub, channel: string, parts: MessageParts): MaybePromise<Appended> {
  const { id, timestamp, packed: payload } = parts;
  return hub.parts.engine.append(channel, { id, timestamp, tail: messageTail(parts), payload });
}

function broadcast(hub: Hub, channel: string, parts: MessageParts): MaybePromise<void> {
  hub.parts.meter.volatile += 1;
  const frame = new Frame(`${messageHead(channel)}${messageTail(parts)}`, -1, parts.packed);
  return hub.parts.engine.broadcast(channel, parts.id, frame);
}
