/**
 * A publish as it is kept: one text for each, under a key that is unique in the store.
 *
 * @see persist-keeper.ts
 */
import type { Client } from './context.ts';
import { type ErrorCode, errorCodes } from './errors.ts';
import { fromBase64, toBase64 } from './base64.ts';
import type { Capabilities } from './capabilities.ts';
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
  /** Its data: JSON, or bytes. */
  readonly json?: string;
  readonly base64?: string;
  readonly extras?: Readonly<Record<string, unknown>>;
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
  const { attachment, event, data, key, sequence, extras, queuedAt, writtenAt } = entry;
  const json = entry.json;
  return {
    v: version,
    owner,
    ...nameOf(entry),
    echo: attachment.echo,
    event,
    ...(json === undefined ? { base64: toBase64(data as Uint8Array) } : { json }),
    queuedAt,
    ...(user !== undefined && { user }),
    ...(key !== undefined && { key }),
    ...(sequence !== undefined && { sequence }),
    ...(extras && { extras }),
    ...(writtenAt !== Infinity && { writtenAt }),
  };
}

/** @throws when it is none */
export function dataOf({ json, base64 }: Pick<StoredPublish, 'json' | 'base64'>): unknown {
  return base64 === undefined ? JSON.parse(json as string) : fromBase64(base64);
}

export function toDraft(record: StoredPublish, attachment: ChannelCore): Draft {
  const { id, event, key, sequence, extras, queuedAt, user, writtenAt = Infinity } = record;
  return {
    attachment,
    id,
    event,
    json: record.json,
    data: dataOf(record),
    key,
    ...(extras && { extras }),
    ...(sequence !== undefined && { sequence }),
    volatile: false,
    queuedAt,
    writtenAt,
    attempts: writtenAt === Infinity ? 0 : 1,
    restoredFor: { user },
  };
}

/** Why a later page does not send it by itself: it has failed, or may have arrived and would not be known again. */
export function whyNotSent(
  { failed, writtenAt = Infinity }: StoredPublish,
  { idempotencyWindowMs, resendAfterReload = false }: Capabilities,
  now: number,
): ErrorCode | undefined {
  const windowMs = resendAfterReload ? idempotencyWindowMs : 0;
  const isLate = writtenAt !== Infinity && now - writtenAt >= windowMs;
  return failed ?? (isLate ? 'outcome_unknown' : undefined);
}

/** Whether the backend takes its id from this client. */
export function mayKeepId(
  { nonce, connection }: Client,
  { id, restoredFor, attachment }: Entry,
): boolean {
  if (!restoredFor || id.startsWith(`${nonce}:`)) return true;
  return attachment.capabilities.resendAfterReload === true && connection.clientId !== undefined;
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
  queuedAt: 'number',
};

const optional: typeof types = {
  json: 'string',
  base64: 'string',
  extras: 'object',
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
  dataOf(found);
  return found as StoredPublish;
}
