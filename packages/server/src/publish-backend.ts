/**
 * Messages of the app itself: no hook is asked, and no connection is behind them.
 *
 * A batch is looked at before the first of it is stored, so that what cannot be is refused whole. Then all go to the
 * engine in one tick, in their order: an engine that writes the publishes of a tick together writes the batch once.
 *
 * @see publish.ts for messages of clients · backend.ts · publish-backend.test.ts
 */
import { RealtimeError } from '@anywire/core/errors';
import { isDeeper, isEventName, maxExtrasLength } from '@anywire/protocol';
import { contentOf, jsonOf } from './content.ts';
import type { Appended } from './engine.ts';
import { errorText } from './error-text.ts';
import { chain, type MaybePromise } from './flow.ts';
import { besideText, senderText, type MessageParts } from './frame.ts';
import type { Hub } from './hub.ts';
import { append, measure } from './publish.ts';

/** What travels beside the data, as an object of at most 1,024 characters of JSON. */
export type Extras = Readonly<Record<string, unknown>>;

export interface PublishOptions {
  /** Makes the publish idempotent: the same id in the same channel is stored once within 120 s. @default a new one */
  readonly id?: string;
  /** For interceptors and tools; receivers find it as `extras`. @default none */
  readonly extras?: Extras;
  /** On behalf of whom: receivers see it as the verified sender. @default nobody: the app itself */
  readonly clientId?: string;
}

/** A message of a batch. */
export interface BatchMessage extends PublishOptions {
  readonly channel: string;
  readonly event: string;
  /** A JSON value, or a `Uint8Array`. */
  readonly data: unknown;
}

/** What a publish of the app's own backend proved. */
export interface Published {
  readonly id: string;
  readonly serial: number;
  /** ms since 1970. */
  readonly timestamp: number;
  /** This id was known in this channel: nothing was stored or sent. */
  readonly duplicate: boolean;
}

/** A message of a batch that the engine did not take. */
export interface NotPublished {
  readonly id: string;
  readonly error: RealtimeError;
}

interface Draft {
  readonly channel: string;
  readonly parts: MessageParts;
}

type NamedMessage = BatchMessage & { readonly id: string };

/** @throws {RealtimeError} invalid, payload_too_large, server_error */
export async function publishFromBackend(hub: Hub, message: NamedMessage): Promise<Published> {
  return { id: message.id, ...(await store(hub, draftOf(hub, message))) };
}

/** @throws {RealtimeError} invalid, payload_too_large, limit_exceeded; nothing is stored then */
export async function publishBatch(
  hub: Hub,
  messages: readonly NamedMessage[],
): Promise<readonly (Published | NotPublished)[]> {
  const drafts = messages.map((message, at) => {
    try {
      return draftOf(hub, message);
    } catch (cause) {
      const error = RealtimeError.from(cause);
      throw new RealtimeError(error.code, `messages[${at}]: ${errorText(error)}`, { cause });
    }
  });
  const stored = drafts.map(async (draft): Promise<Published | NotPublished> => {
    const { id } = draft.parts;
    try {
      return { id, ...(await store(hub, draft)) };
    } catch (cause) {
      if (!RealtimeError.is(cause))
        hub.parts.log('error', 'a message of a batch failed', { error: cause });
      const says = 'the server could not store this message';
      const error = RealtimeError.is(cause)
        ? cause
        : new RealtimeError('server_error', says, { cause });
      return { id, error };
    }
  });
  return Promise.all(stored);
}

/** Holds a message to the rules. @throws {RealtimeError} invalid, payload_too_large */
function draftOf(hub: Hub, { channel, event, data, id, extras, clientId }: NamedMessage): Draft {
  const { limits, rules, clock } = hub.parts;
  rules(channel);
  if (!isEventName(event)) throw new RealtimeError('invalid', 'an event has 1 to 128 characters');
  if (!isEventName(id)) throw new RealtimeError('invalid', 'an id has 1 to 128 characters');
  if (clientId !== undefined && !isEventName(clientId))
    throw new RealtimeError('invalid', 'a client id has 1 to 128 characters');
  if (extras !== undefined) checkExtras(extras, limits.depth);
  const { payload, packed, isBytes } = contentOf(data, limits);
  const beside = besideText(extras === undefined ? {} : { x: extras }, isBytes);
  const sender = senderText(undefined, clientId);
  const parts = { id, event, sender, timestamp: clock.now(), beside, payload, packed };
  return { channel, parts };
}

/** What a client may not send would make it end the connection over what it receives. */
function checkExtras(extras: unknown, depth: number): void {
  const isObject = typeof extras === 'object' && extras !== null && !Array.isArray(extras);
  const json = isObject ? jsonOf(extras) : '';
  if (!json.startsWith('{') || json.length > maxExtrasLength || isDeeper(extras, depth))
    throw new RealtimeError(
      'invalid',
      `"extras" is an object of at most ${maxExtrasLength} characters as JSON, nested at most ${depth} deep`,
    );
}

function store(hub: Hub, { channel, parts }: Draft): MaybePromise<Appended> {
  return chain(append(hub, channel, parts), (appended) => {
    measure(hub, appended);
    return appended;
  });
}
