/**
 * An outbox that outlives its page: what waits to be sent survives a reload, a crash and a closed tab.
 *
 *     createRealtime({ adapter, outboxStore: persist(indexedDb(), { scope: user.id }) });
 *
 * @see docs/semantics.md#after-a-reload
 * @module
 */
import type { OutboxStore } from './api.ts';
import type { OpenKeeper } from './outbox-entry.ts';
import { OutboxKeeper } from './persist-keeper.ts';
import { type Locks, OwnLock } from './persist-lock.ts';
import type { RecordStore } from './persist-stores.ts';
import { RecordWriter } from './persist-writer.ts';

export { indexedDb, memoryStore, type RecordStore, webStorage } from './persist-stores.ts';
export type { Locks } from './persist-lock.ts';
export type { OutboxStore } from './api.ts';

/** How long, for whom, and under whose lock. */
export interface PersistOptions {
  /**
   * Whose publishes these are: what another user has left is neither shown nor sent. Known before there is a connection, so
   * that what waits is shown while offline.
   *
   * @default the client id that the service states, else the `clientId` of the client
   */
  readonly scope?: string;
  /** How long a publish may wait, over all pages; stands in for `outboxAgeMs`. @default 86_400_000 */
  readonly ageMs?: number;
  /** How long the store may take for one answer before it is given up. @default 2_000 */
  readonly timeoutMs?: number;
  /** Without them nothing is kept: two tabs would send the same. @default navigator.locks */
  readonly locks?: Locks;
}

/** Keeps the outbox in `store`. Nothing is read or written before the client connects. */
export function persist(store: RecordStore, options: PersistOptions = {}): OutboxStore {
  const { scope, ageMs = 86_400_000, timeoutMs = 2_000 } = options;
  const open: OpenKeeper = (client, openChannel) => {
    const locks = options.locks ?? (globalThis.navigator as Navigator | undefined)?.locks;
    const lock = locks && new OwnLock(locks, client.nonce);
    const writer = new RecordWriter(client, store, lock, timeoutMs);
    return new OutboxKeeper({
      client,
      open: openChannel,
      writer,
      locks,
      scope,
      ageMs,
      timeoutMs,
    });
  };
  return { open };
}
