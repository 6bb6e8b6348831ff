/**
 * A publish as it is kept: one text for each, under a key that is unique in the store.
 *
 * @see persist-keeper.ts
 */
import { type ErrorCode, errorCodes } from './errors.ts';
import type { ChannelCore } from './channel.ts';
import type { Draft, Entry, EntryName } from './outbox-entry.ts';

/** Another number means another layout: such records are left to the version that wrote them. */
const version = 1;

/** What is kept of one publish. */
export interface StoredPublish extends EntryName {
  readonly v: typeof version;
  /** The nonce of the client that may touch it while it lives. */
  readonly owner: string;
  /** Who published it; absent where nobody said. */
  readonly user?: string;
  /** Of its channel. */
  readonly echo: boolean;
  readonly event: string;
  readonly json: string;
  readonly key?: string;
  readonly sequence?: number;
  readonly queuedAt: number;
  /** Absent: it was never handed to a transport, or every try was refused. */
  readonly writtenAt?: number;
  /** It waits for the app. */
  readonly failed?: ErrorCode;
}

/** No id has a blank. */
export const keyOf = ({ id, channel }: EntryName): string => `${id} ${channel}`;

export const nameOf = ({ id, attachment }: Entry): EntryName => ({ id, channel: attachment.name });

export function toRecord(entry: Entry, owner: string, user: string | undefined): StoredPublish {
  const { attachment, event, json, key, sequence, queuedAt, writtenAt } = entry;
  return {
    v: version,
    owner,
    ...nameOf(entry),
    echo: attachment.echo,
    event,
    json,
    queuedAt,
    ...(user !== undefined && { user }),
    ...(key !== undefined && { key }),
    ...(sequence !== undefined && { sequence }),
    ...(writtenAt !== Infinity && { writtenAt }),
  };
}

export function toDraft(record: StoredPublish, attachment: ChannelCore): Draft {
  const { id, event, json, key, sequence, queuedAt, user, writtenAt = Infinity } = record;
  return {
    attachment,
    id,
    event,
    json,
    data: JSON.parse(json) as unknown,
    key,
    ...(sequence !== undefined && { sequence }),
    volatile: false,
    queuedAt,
    writtenAt,
    attempts: writtenAt === Infinity ? 0 : 1,
    restoredFor: { user },
  };
}

/** As if it were published now. */
export function anew(record: StoredPublish, now: number): StoredPublish {
  const again: { -readonly [Member in keyof StoredPublish]: StoredPublish[Member] } = {
    ...record,
    queuedAt: now,
  };
  delete again.writtenAt;
  delete again.failed;
  return again;
}

const types: Readonly<Partial<Record<keyof StoredPublish, string>>> = {
  owner: 'string',
  id: 'string',
  channel: 'string',
  echo: 'boolean',
  event: 'string',
  json: 'string',
  queuedAt: 'number',
};

const optional: typeof types = {
  user: 'string',
  key: 'string',
  sequence: 'number',
  writtenAt: 'number',
  failed: 'string',
};

/** The record; nothing for one of another version. @throws when it is none */
export function parseRecord(key: string, text: string): StoredPublish | undefined {
  const found = JSON.parse(text) as Partial<StoredPublish> | null;
  if (typeof found?.v === 'number' && found.v !== version) return undefined;
  const has = ([name, type]: [string, string]): boolean =>
    typeof found?.[name as keyof StoredPublish] === type;
  const isWhole =
    found?.v === version &&
    Object.entries(types).every(has) &&
    Object.entries(optional).every((member) => !(member[0] in found) || has(member)) &&
    (found.failed === undefined || errorCodes.includes(found.failed)) &&
    keyOf(found as StoredPublish) === key;
  if (!isWhole) throw new TypeError('no publish');
  JSON.parse(found.json as string);
  return found as StoredPublish;
}
