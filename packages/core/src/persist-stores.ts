/**
 * Where records can live: in memory, in `localStorage`, in IndexedDB. Any other place needs the two functions of
 * {@link RecordStore}.
 *
 * @see packages/core/test/persist.browser.test.ts
 */

/** A place for short texts. May answer at once or later, and throw or reject. */
export interface RecordStore {
  /** Every key with its text. */
  read(): Iterable<readonly [string, string]> | Promise<Iterable<readonly [string, string]>>;
  /** All of the changes, or none of them; `undefined` removes. */
  write(changes: ReadonlyMap<string, string | undefined>): void | Promise<void>;
}

/** Keeps nothing over a reload: for tests, and to share one outbox among clients of one process. */
export function memoryStore(): RecordStore {
  const texts = new Map<string, string>();
  return { read: () => [...texts], write: (changes) => apply(texts, changes) };
}

function apply(to: Map<string, string>, changes: ReadonlyMap<string, string | undefined>): void {
  for (const [key, text] of changes)
    if (text === undefined) to.delete(key);
    else to.set(key, text);
}

/**
 * `localStorage`: about 5 MB for the whole origin, and every write holds up the page. For few and short messages.
 *
 * @param name - Begins every key. One for each backend that the origin talks to. @default 'anywire'
 * @param storage - @default the page's, looked up when it is needed
 */
export function webStorage(name = 'anywire', storage?: Storage): RecordStore {
  const prefix = `${name}.outbox:`;
  const place = (): Storage => storage ?? localStorage;
  const set = (key: string, text: string | null | undefined): void => {
    if (text == null) place().removeItem(prefix + key);
    else place().setItem(prefix + key, text);
  };
  return {
    read: () =>
      Object.keys(place())
        .filter((key) => key.startsWith(prefix))
        .map((key) => [key.slice(prefix.length), place().getItem(key) ?? ''] as const),
    write(changes) {
      const before = new Map<string, string | null>();
      try {
        for (const [key, text] of changes) {
          before.set(key, place().getItem(prefix + key));
          set(key, text);
        }
      } catch (error) {
        for (const [key, text] of before) set(key, text); // shorter than what is there, or the same
        throw error;
      }
    },
  };
}

/**
 * IndexedDB: as much as the browser gives, off the page's thread.
 *
 * @param name - Of the database. One for each backend that the origin talks to. @default 'anywire'
 * @param factory - @default the page's, looked up when it is needed
 */
export function indexedDb(name = 'anywire', factory?: IDBFactory): RecordStore {
  const table = 'outbox';
  const open = (): Promise<IDBDatabase> =>
    new Promise((resolve, reject) => {
      const request = (factory ?? indexedDB).open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(table);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(failed(request.error));
    });
  /** A connection for each use: none is left to block another tab, or the back/forward cache. */
  const use = async <Value>(
    mode: IDBTransactionMode,
    fn: (records: IDBObjectStore) => () => Value,
  ): Promise<Value> => {
    const database = await open();
    try {
      const transaction = database.transaction(table, mode);
      const result = fn(transaction.objectStore(table));
      await new Promise((resolve, reject) => {
        transaction.oncomplete = resolve;
        transaction.onabort = () => reject(failed(transaction.error));
      });
      return result();
    } finally {
      database.close();
    }
  };
  return {
    read: () =>
      use('readonly', (records) => {
        const [keys, texts] = [records.getAllKeys(), records.getAll()];
        return () =>
          keys.result.map((key, index) => [String(key), String(texts.result[index])] as const);
      }),
    write: (changes) =>
      use('readwrite', (records) => {
        for (const [key, text] of changes)
          if (text === undefined) records.delete(key);
          else records.put(text, key);
        return () => {};
      }),
  };
}

const failed = (cause: unknown): Error => new Error('IndexedDB failed', { cause });
