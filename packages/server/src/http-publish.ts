/**
 * `POST {path}/publish`: one message, or a batch.
 *
 * @see http-api.ts · publish-backend.ts · http-api.test.ts
 */
import { isBase64 } from '@anywire/protocol';
import { errorText } from './error-text.ts';
import type { ApiParts } from './http-api.ts';
import { bodyOf, membersIn, type Members } from './http-input.ts';
import {
  header,
  jsonAnswer,
  Refusal,
  refusedAnswer,
  type HttpAnswer,
  type HttpRequest,
} from './http-request.ts';
import type { BatchMessage, Extras, NotPublished, Published } from './publish-backend.ts';

/** Room for the members beside `data`. */
const overheadBytes = 4_096;

const messageMembers: Members = new Map([
  ['channel', { type: 'text', must: true }],
  ['event', { type: 'text', must: true }],
  ['data', { type: 'json', must: true }],
  ['id', { type: 'text' }],
  ['encoding', { type: 'text' }],
  ['extras', { type: 'object' }],
]);
const batchMembers: Members = new Map([['messages', { type: 'list', must: true }]]);

export async function publishRoute(parts: ApiParts, request: HttpRequest): Promise<HttpAnswer> {
  const { payloadBytes, batchBytes } = parts.limits;
  // Base64 makes four of three.
  const oneBytes = Math.ceil(payloadBytes / 3) * 4 + overheadBytes;
  const body = await bodyOf(request, Math.max(oneBytes, batchBytes));
  const key = idempotencyKey(header(request, 'idempotency-key'));
  if (typeof body === 'object' && body !== null && 'messages' in body) {
    if (key !== undefined)
      throw wrong('a batch has an "id" in each message, and no Idempotency-Key');
    return publishAll(parts, body);
  }
  const { channel, event, data, id, extras } = messageOf(body);
  if (id !== undefined && key !== undefined && id !== key)
    throw wrong('"id" and Idempotency-Key differ');
  const chosen = id ?? key;
  const published = await parts.backend.publish(channel, event, data, {
    ...(chosen === undefined ? {} : { id: chosen }),
    ...(extras === undefined ? {} : { extras }),
  });
  return jsonAnswer(200, shown(published));
}

async function publishAll({ backend, log }: ApiParts, body: object): Promise<HttpAnswer> {
  const list = membersIn(body, batchMembers).get('messages') as readonly unknown[];
  const messages = list.map((message, at) => messageOf(message, `messages[${at}]: `));
  const outcomes = await backend.publishBatch(messages);
  const results = outcomes.map(shown);
  const failed = outcomes.filter((outcome) => 'error' in outcome);
  const [first] = failed;
  if (!first) return jsonAnswer(200, { results });
  // Not 200: who looks at the status alone would take all of it for stored.
  const { status } = refusedAnswer(first.error, log);
  const message = `${failed.length} of ${outcomes.length} messages were not stored`;
  return jsonAnswer(status, { error: { code: first.error.code, message }, results });
}

/** `duplicate` stays inside: a repeated call has the same answer as the first. */
function shown(outcome: Published | NotPublished): unknown {
  if (!('error' in outcome)) {
    const { id, serial, timestamp } = outcome;
    return { id, serial, timestamp };
  }
  const { id, error } = outcome;
  return { id, error: { code: error.code, message: errorText(error) } };
}

/** @see draft-ietf-httpapi-idempotency-key-header: a text in quotes; many send it without. */
function idempotencyKey(given: string | undefined): string | undefined {
  return given === undefined ? undefined : (/^"(.*)"$/.exec(given)?.[1] ?? given);
}

function messageOf(value: unknown, where = ''): BatchMessage {
  const given = membersIn(value, messageMembers, where);
  const encoding = given.get('encoding');
  const data = given.get('data');
  const id = given.get('id') as string | undefined;
  const extras = given.get('extras') as Extras | undefined;
  return {
    channel: given.get('channel') as string,
    event: given.get('event') as string,
    data: encoding === undefined ? data : bytesOf(data, encoding, where),
    ...(id === undefined ? {} : { id }),
    ...(extras === undefined ? {} : { extras }),
  };
}

function bytesOf(data: unknown, encoding: unknown, where: string): Uint8Array {
  if (encoding !== 'base64') throw wrong(`${where}"encoding" is "base64", or absent`);
  if (!isBase64(data)) throw wrong(`${where}"data" is not base64`);
  return Buffer.from(data, 'base64');
}

const wrong = (message: string): Refusal => new Refusal(400, 'invalid', message);
