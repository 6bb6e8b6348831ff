/** What requests hold, as tables: unknown names are refused, for one that is misspelt would be ignored for months. @see routes.ts */
import { RealtimeError } from '@anywire/core/errors';
import { membersIn, type Members, type Parameters } from '@anywire/server/kit';
import type { KeptMessage } from '@anywire/server/store';
import type { Given } from './publish-terms.ts';

export const invalid = (message: string): RealtimeError => new RealtimeError('invalid', message);

type Member = Members extends ReadonlyMap<string, infer Rule> ? Rule : never;

const text: Member = { type: 'text' };
const mustText: Member = { type: 'text', must: true };
const json: Member = { type: 'json' };
const object: Member = { type: 'object' };
const mustList: Member = { type: 'list', must: true };

export const authMembers: Members = new Map<string, Member>([
  ['channel', text],
  ['channels', { type: 'list' }],
  ['connectionRef', text],
  ['instanceId', text],
  ['presence', object],
]);
export const publishMembers: Members = new Map<string, Member>([
  ['channel', mustText],
  ['connectionRef', text],
  ['instanceId', text],
  ['secret', text],
  ['messages', mustList],
]);
export const messageMembers: Members = new Map<string, Member>([
  ['id', mustText],
  ['event', mustText],
  ['data', json],
  ['bytes', text],
  ['extras', object],
  ['sequence', json],
  ['volatile', json],
]);
export const positionMembers: Members = new Map<string, Member>([['channels', mustList]]);
export const presenceMembers: Members = new Map<string, Member>([
  ['channel', mustText],
  ['connectionRef', text],
  ['instanceId', mustText],
  ['data', json],
]);
export const historyParameters: Parameters = new Map<string, 'text' | 'count'>([
  ['channel', 'text'],
  ['limit', 'count'],
  ['direction', 'text'],
  ['from', 'text'],
  ['start', 'count'],
  ['end', 'count'],
]);
export const channelParameters: Parameters = new Map<string, 'text' | 'count'>([
  ['channel', 'text'],
]);

/** A message of a publish. @throws {RealtimeError} invalid */
export function messageIn(value: unknown, at: number): Given {
  const given = membersIn(value, messageMembers, `messages[${at}]: `);
  const { id, event, data, bytes, extras, sequence, volatile } = Object.fromEntries(
    given,
  ) as unknown as Given & { readonly bytes: string };
  if (given.has('data') === given.has('bytes'))
    throw invalid(`messages[${at}]: either "data" or "bytes"`);
  if (sequence !== undefined && !Number.isSafeInteger(sequence))
    throw invalid(`messages[${at}]: "sequence" is a whole number`);
  const content: unknown = given.has('bytes') ? new Uint8Array(Buffer.from(bytes, 'base64')) : data;
  return { id, event, data: content, extras, sequence, volatile };
}

/** A stored message, as it travels. */
export function shown({ data, ...message }: KeptMessage): object {
  return data instanceof Uint8Array
    ? { ...message, bytes: Buffer.from(data).toString('base64') }
    : { ...message, data };
}
