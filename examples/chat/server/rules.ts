/**
 * Who may do what, and what a message may say. Both run on the server: a page may claim anything, so names and ids
 * in messages are set here, from the token.
 */
import { RealtimeError } from '@anywire/core';
import type { Client, Hooks } from '@anywire/server';
import { maxTextLength, type ChatMessage, type Direct, type Sent } from '../channels.ts';

/** What `authenticate` in server.ts puts into the connection. */
interface Claims {
  readonly name: string;
}

/** Rooms are open to all who are signed in; `user:{id}` is read by its owner alone, and others may only write to it. */
export const authorize: NonNullable<Hooks['authorize']> = ({ client, channel, action, event }) => {
  if (client.clientId === undefined) return false;
  const isOwn = channel === `user:${client.clientId}`;
  if (channel.startsWith('user:')) return isOwn || (action === 'publish' && event === 'direct');
  return action === 'presence' && event === 'enter'
    ? { presenceData: { name: nameOf(client) } }
    : true;
};

/** What an event may carry, by the kind of its channel. */
const checks = new Map<string, (data: Record<string, unknown>, client: Client) => unknown>([
  [
    'room message',
    ({ text }, client): ChatMessage => ({ text: textOf(text), name: nameOf(client) }),
  ],
  ['room typing', ({ on }) => ({ on: on === true })],
  [
    'user direct',
    ({ text }, client): Direct => ({
      text: textOf(text),
      fromId: client.clientId ?? '',
      fromName: nameOf(client),
    }),
  ],
  [
    'user sent',
    ({ text, toId, toName, ref }): Sent => ({
      text: textOf(text),
      toId: textOf(toId),
      toName: textOf(toName),
      ref: textOf(ref),
    }),
  ],
]);

/** Runs before a message is stored and sent. @throws {RealtimeError} invalid, to its sender */
export const checkMessage: NonNullable<Hooks['onPublish']> = ({ channel, event, data, client }) => {
  const [kind] = channel.split(':', 1);
  const check = checks.get(`${kind} ${event}`);
  if (!check) throw new RealtimeError('invalid', `there is no '${event}' in ${kind} channels`);
  const isObject = typeof data === 'object' && data !== null;
  return { data: check(isObject ? (data as Record<string, unknown>) : {}, client) };
};

function textOf(value: unknown): string {
  if (typeof value !== 'string' || value.trim() === '')
    throw new RealtimeError('invalid', 'a message has a text');
  if (value.length > maxTextLength)
    throw new RealtimeError('payload_too_large', `a text has at most ${maxTextLength} characters`);
  return value;
}

const nameOf = ({ claims }: Client): string => (claims as Claims).name;
