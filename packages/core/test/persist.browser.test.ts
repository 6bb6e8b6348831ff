/**
 * What only a browser shows of an outbox that outlives its page: real reloads and closed tabs, IndexedDB, `localStorage`
 * and Web Locks. A page is a frame: it is a document of its own, with timers and locks that end with it.
 */
import type * as Core from '@anywire/core';
import type { Realtime } from '@anywire/core';
import { indexedDb, webStorage, type RecordStore } from '@anywire/core/persist';
import type * as Persist from '@anywire/core/persist';
import { fakeAdapter, type FakeAdapter } from '@anywire/testkit/fake';
import { afterEach, describe, expect, it } from 'vitest';

interface Page {
  readonly realtime: Realtime;
  readonly fake: FakeAdapter;
  /** What was handed over, in order. */
  sent(): unknown[];
  reload(state: 'connected' | 'offline'): Promise<Page>;
  close(): void;
}

type Loaded = (core: typeof Core, persistence: typeof Persist) => void;

const stores: readonly [string, (from: Pick<typeof Persist, 'indexedDb' | 'webStorage'>, name: string) => RecordStore][] = [
  ['IndexedDB', (from, name) => from.indexedDb(name)],
  ['localStorage', (from, name) => from.webStorage(name)],
]; // prettier-ignore

const frames = new Set<HTMLIFrameElement>();
const databases = new Set<string>();
let made = 0;

afterEach(() => {
  for (const frame of frames) frame.remove();
  frames.clear();
  for (const name of databases) indexedDB.deleteDatabase(name);
  localStorage.clear();
});

/** A name that no other test uses. */
function freshName(): string {
  const name = `anywire-test-${Date.now()}-${(made += 1)}`;
  databases.add(name);
  return name;
}

/** Resolves when the frame has loaded core and persist, as a new document does. */
function loaded(frame: HTMLIFrameElement, act: () => void): Promise<Parameters<Loaded>> {
  return new Promise((resolve) => {
    Object.assign(globalThis, {
      [frame.name]: (...modules: Parameters<Loaded>) => resolve(modules),
    });
    act();
  });
}

async function openPage(
  name: string,
  makeStore: (typeof stores)[number][1],
  state: 'connected' | 'offline',
  frame: HTMLIFrameElement = document.createElement('iframe'),
): Promise<Page> {
  frame.name ||= `page${(made += 1)}`;
  const [core, from] = await loaded(frame, () => {
    if (frame.isConnected) return frame.contentWindow?.location.reload();
    const urls = ['../src/index.ts', '../src/persist.ts'].map(
      (path) => new URL(path, import.meta.url).href,
    );
    frame.srcdoc = `<script type="module">
      import * as core from ${JSON.stringify(urls[0])};
      import * as persistence from ${JSON.stringify(urls[1])};
      parent[window.name](core, persistence);
    </script>`;
    frames.add(frame);
    document.body.append(frame);
  });
  const fake = fakeAdapter({ capabilities: { resendAfterReload: true } });
  if (state === 'offline') fake.hold('open');
  const realtime = core.createRealtime({
    adapter: fake,
    clientId: 'ann',
    heartbeatMs: 0,
    outboxStore: from.persist(makeStore(from, name)),
  });
  const connected = realtime.connection.connect();
  if (state === 'connected') await connected;
  else connected.catch(() => {});
  return {
    realtime,
    fake,
    sent: () => fake.all('publish').flatMap(({ batch }) => batch.map(({ data }) => data)),
    reload: (next) => openPage(name, makeStore, next, frame),
    close: () => frame.remove(),
  };
}

const publish = ({ realtime }: Page, data: unknown): void =>
  void realtime
    .channel('room')
    .publish('e', data)
    .catch(() => {});

describe.each(stores)('an outbox in %s', (_, makeStore) => {
  const count = async (name: string): Promise<number> =>
    [...(await makeStore({ indexedDb, webStorage }, name).read())].length;

  it('sends after a reload what was published before it, in order and by the same ids', async () => {
    const name = freshName();
    const page = await openPage(name, makeStore, 'offline');
    [1, 2, 3].forEach((n) => publish(page, n));
    const ids = page.realtime.outbox.entries.get().map(({ id }) => id);
    await expect.poll(() => count(name)).toBe(3);
    const next = await page.reload('connected');
    await expect.poll(() => next.sent()).toEqual([1, 2, 3]);
    expect(next.fake.all('publish').map(({ batch }) => batch[0]?.id)).toEqual(ids);
    await expect.poll(() => count(name)).toBe(0);
    await next.realtime.close();
  });

  it('keeps it over 2 reloads offline, and shows it', async () => {
    const name = freshName();
    let page = await openPage(name, makeStore, 'offline');
    publish(page, 'typed');
    await expect.poll(() => count(name)).toBe(1);
    for (let reload = 0; reload < 2; reload += 1) {
      page = await page.reload('offline');
      await expect
        .poll(() => page.realtime.outbox.entries.get())
        .toMatchObject([{ data: 'typed', state: 'waiting' }]);
    }
    await page.realtime.close();
  });

  it('sends again after a reload what was written and not answered', async () => {
    const name = freshName();
    const page = await openPage(name, makeStore, 'connected');
    page.fake.hold('publish');
    publish(page, 'on the wire');
    await expect.poll(() => count(name)).toBe(1);
    expect(page.sent()).toEqual(['on the wire']);
    const next = await page.reload('connected');
    await expect.poll(() => next.sent()).toEqual(['on the wire']);
    const [first, second] = [page, next].map(({ fake }) => fake.last('publish').batch[0]);
    expect([second?.id, second?.sequence]).toEqual([first?.id, 1]);
    await next.realtime.close();
  });

  it('is not touched by a second tab while the first lives, and is taken over when it is closed', async () => {
    const name = freshName();
    const first = await openPage(name, makeStore, 'offline');
    publish(first, 'of the first');
    await expect.poll(() => count(name)).toBe(1);
    const second = await openPage(name, makeStore, 'connected');
    publish(second, 'of the second');
    await expect.poll(() => second.sent()).toEqual(['of the second']);
    expect(second.realtime.outbox.entries.get()).toEqual([]);
    first.close();
    await expect.poll(() => second.sent()).toEqual(['of the second', 'of the first']);
    await expect.poll(() => count(name)).toBe(0);
    await second.realtime.close();
  });

  it('gives what a closed tab left to one of 2 others', async () => {
    const name = freshName();
    const first = await openPage(name, makeStore, 'offline');
    publish(first, 'once');
    await expect.poll(() => count(name)).toBe(1);
    const others = [
      await openPage(name, makeStore, 'connected'),
      await openPage(name, makeStore, 'connected'),
    ];
    first.close();
    await expect.poll(() => others.flatMap((page) => page.sent())).toEqual(['once']);
    await expect.poll(() => count(name)).toBe(0);
    await Promise.all(others.map(({ realtime }) => realtime.close()));
    expect(others.flatMap((page) => page.sent())).toEqual(['once']);
  });

  it('holds no lock once everything is answered, so the page may go into the back/forward cache', async () => {
    const page = await openPage(freshName(), makeStore, 'connected');
    const held = async (): Promise<number> => (await navigator.locks.query()).held?.length ?? 0;
    page.fake.hold('publish');
    publish(page, 1);
    await expect.poll(held).toBe(1);
    page.fake.release('publish');
    await expect.poll(held).toBe(0);
    await page.realtime.close();
  });

  it('writes all of a change or nothing, and reads back what it wrote', async () => {
    const store = makeStore({ indexedDb, webStorage }, freshName());
    await store.write(new Map([['a', '1'], ['b', '"ünï\u2028"']])); // prettier-ignore
    await store.write(new Map([['a', undefined], ['c', '3']])); // prettier-ignore
    expect(new Map(await store.read())).toEqual(new Map([['b', '"ünï\u2028"'], ['c', '3']])); // prettier-ignore
  });
});

it('localStorage that is full takes nothing of a change, and what was there stays', async () => {
  const store = webStorage(freshName());
  await store.write(new Map([['a', 'old']]));
  const change = new Map([['a', 'new'], ['b', 'x'.repeat(6_000_000)]]); // prettier-ignore
  expect(() => void store.write(change)).toThrow(/quota/i);
  expect([...(await store.read())]).toEqual([['a', 'old']]);
});

it('IndexedDB that cannot be opened rejects, and does not hang', async () => {
  const name = freshName();
  await new Promise((resolve) => {
    const request = indexedDB.open(name, 7); // of a newer version
    request.onsuccess = () => {
      request.result.close();
      resolve(undefined);
    };
  });
  await expect(indexedDb(name).read()).rejects.toThrow('IndexedDB failed');
});
