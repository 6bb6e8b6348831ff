/** What clients push, event by event. @see SOURCE.md#supabase-events */
import { announceChanges } from './changes.ts';
import { may, type Channel } from './channel.ts';
import { answer, reply, type Connection } from './connection.ts';
import { end, recheck, shutDown, watchToken } from './ending.ts';
import type { Broadcast, Incoming } from './frames.ts';
import { join, prefix, tokenIn } from './join.ts';
import { track, untrack } from './presence.ts';
import { fanOut, store } from './room.ts';

type Handler = (channel: Channel, frame: Incoming) => void;

const handlers: Readonly<Record<string, Handler>> = {
  access_token: takeToken,
  broadcast,
  presence,
  phx_leave(channel, frame) {
    answer(channel.connection, frame, 'ok', {});
    end(channel);
  },
};

export function receive(connection: Connection, frame: Incoming): void {
  const { topic, event, joinRef } = frame;
  if (topic === 'phoenix') {
    if (event === 'heartbeat') answer(connection, { ...frame, joinRef: null }, 'ok', {});
    return;
  }
  if (event === 'phx_join' && topic.startsWith(prefix)) {
    join(connection, frame);
    return;
  }
  const channel = connection.channels.get(topic);
  if (!channel) {
    const isLeave = event === 'phx_leave';
    const response = isLeave ? {} : { reason: 'unmatched topic' };
    answer(connection, { ...frame, joinRef: null }, isLeave ? 'ok' : 'error', response);
    return;
  }
  // Meant for a join that is over.
  if (joinRef !== null && joinRef !== channel.joinRef) return;
  // What is not known is never answered.
  if (Object.hasOwn(handlers, event)) handlers[event]?.(channel, frame);
}

function takeToken(channel: Channel, { payload }: Incoming): void {
  const token = tokenIn(payload);
  if (token === undefined || token === channel.token || !recheck(channel, token)) return;
  watchToken(channel);
  announceChanges(channel);
}

function broadcast(channel: Channel, frame: Incoming): void {
  const { connection, room } = channel;
  const { world } = connection;
  const { limits, rates } = world;
  rates.messages.add();
  if (rates.messages.perSecond() > limits.messagesPerSecond) {
    shutDown(channel, 'Too many messages per second');
    return;
  }
  const sent = frame.broadcast ?? readText(frame.payload);
  // Who may not write is not told so.
  if (!may(channel, 'broadcast', 'write')) return;
  const bytes = sent.data instanceof Uint8Array ? sent.data : JSON.stringify(sent.data ?? {});
  if (Buffer.byteLength(bytes) > limits.payloadBytes) {
    if (channel.wantsAcks) reply(connection, frame, 'error', 'payload_size_exceeded');
    return;
  }
  const shown = { ...sent, ...(sent.meta?.['persist'] === true && keep(channel, sent)) };
  const send = (): void => fanOut(world, room, shown, channel.hearsItself ? undefined : channel);
  inSomeOrder(channel, send, () => {
    if (channel.wantsAcks) reply(connection, frame, 'ok');
  });
}

function keep(channel: Channel, { event, data }: Broadcast): Pick<Broadcast, 'meta'> {
  const { connection, room } = channel;
  return { meta: { id: store(connection.world, room, event, data) } };
}

function readText(payload: unknown): Broadcast {
  const { event, payload: data } = Object(payload) as Record<string, unknown>;
  return { event: String(event ?? ''), data, isFramed: false };
}

function presence(channel: Channel, frame: Incoming): void {
  const { connection, presenceCalls: calls } = channel;
  const { clock, limits } = connection.world;
  const { event, payload: shown } = Object(frame.payload) as Record<string, unknown>;
  calls.splice(0, calls.filter((at) => at <= clock.now() - 30_000).length);
  calls.push(clock.now());
  if (calls.length > limits.presencePer30s) {
    shutDown(channel, 'Client presence rate limit exceeded');
    return;
  }
  channel.showsMembers = true;
  const wanted = String(event).toLowerCase();
  const isObject = typeof shown === 'object' && shown !== null && !Array.isArray(shown);
  if (wanted === 'untrack') {
    inSomeOrder(
      channel,
      () => untrack(channel),
      () => reply(connection, frame, 'ok'),
    );
  } else if (wanted === 'track' && isObject && may(channel, 'presence', 'write')) {
    const show = (): void => track(channel, shown as Record<string, unknown>);
    inSomeOrder(channel, show, () => reply(connection, frame, 'ok'));
  } else reply(connection, frame, 'error', { reason: 'unable to track presence' });
}

/** At the service an answer and what it is about race each other. */
function inSomeOrder({ connection }: Channel, effect: () => void, answered: () => void): void {
  const isAnsweredFirst = connection.world.random() < 0.5;
  for (const task of isAnsweredFirst ? [answered, effect] : [effect, answered]) task();
}
