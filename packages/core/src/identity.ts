/**
 * The names of a client: a nonce that begins its message ids, new for each client object, and an instance id that
 * names this tab or device in presence and survives a reload.
 *
 * @see docs/decisions/0005-message-ids.md · identity.test.ts
 */
import type { Client } from './context.ts';
import type { Environment } from './environment.ts';

const storageKey = 'anywire.instance';

/** 16 characters, about 82 bits. `getRandomValues` because `randomUUID` exists only on secure origins. */
export function randomName(): string {
  const bytes = [...crypto.getRandomValues(new Uint8Array(16))];
  return bytes.map((byte) => (byte % 36).toString(36)).join('');
}

/** Counts in one channel, and on from every other one, so that a channel object made anew repeats no id. */
export function messageIds({ nonce, outbox }: Pick<Client, 'nonce' | 'outbox'>): () => string {
  let count = outbox.highest;
  return () => {
    outbox.highest = Math.max(outbox.highest, ++count);
    return `${nonce}:${count}`;
  };
}

/**
 * Takes the instance id out of the tab's storage, or makes one. It is put back by {@link leaveInstanceId} when the page
 * goes away: a duplicated tab gets a copy of the storage while the id is out, and so an id of its own.
 */
export function takeInstanceId({ storage }: Environment): string {
  const id = storage?.getItem(storageKey) ?? randomName();
  storage?.removeItem(storageKey);
  return id;
}

/** @see takeInstanceId */
export function leaveInstanceId({ storage }: Environment, id: string): void {
  try {
    storage?.setItem(storageKey, id);
  } catch {
    // It is full: the next page gets another id.
  }
}
