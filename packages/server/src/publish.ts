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
import { chain, type MaybePromise } from './flow.ts';
import { ackFrame, Frame, messageHead, messageTail, type MessageParts } from './frame.ts';
import type { Hub } from './hub.ts';

/** A client's message. */
export function publish(
  hub: Hub,
  connection: Connection,
  frame: PublishFrame,
  payload: string,
): MaybePromise<void> {
  const { client } = connection;
  if (!client) return undefined;
  const { gate, rules } = hub.parts;
  checkSize(payload, hub.parts.limits.payloadBytes);
  if (!frame.i.startsWith(connection.idPrefix))
    throw new RealtimeError('forbidden', 'this id does not begin with the nonce of this client');
  // Made anew, from parts that are not slices of the frame: the engine keeps ids for minutes, and frames are large.
  const id = connection.idPrefix + frame.i.slice(connection.idPrefix.length);
  const { c: channel, e: event, d: data } = frame;
  const { history } = rules(channel);
  if (!gate.asksBeforePublish)
    return commit(hub, connection, frame, { id, event, payload, history });

  const request = { client, channel, event } as const;
  return chain(gate.authorize({ ...request, action: 'publish' }), () =>
    chain(gate.publish({ ...request, data, id, volatile: frame.r === undefined }), (message) => {
      // Its answer would reach nobody: the client tries again.
      if (connection.state === 'closed') return undefined;
      if (!isEventName(message.event))
        throw new RealtimeError('server_error', 'the server chose an event that cannot be');
      const text = message.data === data ? payload : jsonOf(message.data);
      checkSize(text, hub.parts.limits.payloadBytes);
      return commit(hub, connection, frame, { id, event: message.event, payload: text, history });
    }),
  );
}

function commit(
  hub: Hub,
  connection: Connection,
  { r, c: channel }: PublishFrame,
  {
    id,
    event,
    payload,
    history,
  }: Pick<MessageParts, 'id' | 'event' | 'payload'> & Pick<ChannelRules, 'history'>,
): MaybePromise<void> {
  const timestamp = hub.parts.clock.now();
  const parts = { id, event, sender: connection.sender, timestamp, payload };
  if (r === undefined) return broadcast(hub, channel, parts);
  return chain(append(hub, channel, parts), (appended) =>
    // What is kept for resumes alone is accepted, not stored.
    connection.send(ackFrame(r, history ? appended : { ...appended, serial: undefined })),
  );
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
  const payload = jsonOf(data);
  checkSize(payload, hub.parts.limits.payloadBytes);
  const timestamp = hub.parts.clock.now();
  const appended = await append(hub, channel, { id, event, sender: '', timestamp, payload });
  return { id, ...appended };
}

// --- into the engine ---

function append(hub: Hub, channel: string, parts: MessageParts): MaybePromise<Appended> {
  const { id, timestamp } = parts;
  return hub.parts.engine.append(channel, { id, timestamp, tail: messageTail(parts) });
}

function broadcast(hub: Hub, channel: string, parts: MessageParts): MaybePromise<void> {
  const frame = new Frame(`${messageHead(channel)}${messageTail(parts)}`);
  return hub.parts.engine.broadcast(channel, parts.id, frame);
}

// --- payloads ---

/** @throws {RealtimeError} payload_too_large */
export function checkSize(json: string, maxBytes: number): void {
  // A UTF-16 unit has at most three bytes in UTF-8, so most texts need no count.
  if (json.length * 3 > maxBytes && Buffer.byteLength(json) > maxBytes)
    throw new RealtimeError(
      'payload_too_large',
      `the data has more than ${maxBytes} bytes as JSON`,
    );
}

/** @throws {RealtimeError} invalid */
export function jsonOf(data: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(data);
  } catch (cause) {
    throw new RealtimeError('invalid', 'the data cannot be JSON', { cause });
  }
  if (json === undefined) throw new RealtimeError('invalid', 'the data is no JSON value');
  return json;
}
