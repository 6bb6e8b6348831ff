/** What an earlier page left and this one may not send by itself: it waits for the app. */
import type { OutboxEntry } from './channel-api.ts';
import type { RealtimeError } from './errors.ts';
import { dataOf, keyOf, type StoredPublish } from './persist-record.ts';
import type { RecordWriter } from './persist-writer.ts';

export class Failed {
  readonly #writer: RecordWriter;
  /** As the app sees them. */
  readonly views: Map<string, OutboxEntry> = new Map();
  readonly #records = new Map<string, StoredPublish>();

  constructor(writer: RecordWriter) {
    this.#writer = writer;
  }

  add(record: StoredPublish, error: RealtimeError): void {
    const { id, channel, event, queuedAt } = record;
    const data = dataOf(record);
    const view = { id, channel, event, data, state: 'failed', queuedAt, error } as const;
    this.views.set(keyOf(record), view);
    this.#records.set(keyOf(record), record);
    this.#writer.put({ ...record, failed: error.code });
  }

  /** Takes one out. */
  take(key: string): StoredPublish | undefined {
    const record = this.#records.get(key);
    this.views.delete(key);
    this.#records.delete(key);
    return record;
  }

  /** Forgets what is not of this user; all without one. They stay in the store. */
  leave(user?: { readonly id: string | undefined }): void {
    for (const [key, record] of this.#records) if (!user || record.user !== user.id) this.take(key);
  }
}
