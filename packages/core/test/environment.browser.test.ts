/**
 * What only a browser shows: the events of the page and the network, `sessionStorage`, and that importing does nothing.
 */
import type * as Core from '@anywire/core';
import { createRealtime, type Hint } from '@anywire/core';
import { fakeAdapter } from '@anywire/testkit/fake';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { browserEnvironment } from '../src/environment.ts';
import { leaveInstanceId, takeInstanceId } from '../src/identity.ts';

let hints: Hint[] = [];
let stop = (): void => {};

beforeEach(() => {
  hints = [];
  sessionStorage.clear();
  stop = browserEnvironment.watch((hint) => hints.push(hint));
});
afterEach(() => stop());

/** The page is shown or hidden, as the browser says it. */
function show(state: DocumentVisibilityState): void {
  Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  Reflect.deleteProperty(document, 'visibilityState');
}

describe('browserEnvironment', () => {
  it('says online and offline', () => {
    window.dispatchEvent(new Event('offline'));
    window.dispatchEvent(new Event('online'));
    expect(hints).toEqual(['offline', 'online']);
  });

  it('says visible when the page is shown, and nothing when it is hidden', () => {
    show('hidden');
    show('visible');
    expect(hints).toEqual(['visible']);
  });

  it('says leaving when the page goes away', () => {
    window.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
    window.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: false }));
    expect(hints).toEqual(['leaving', 'leaving']);
  });

  it('says visible when the page comes back from the back/forward cache, and nothing at a load', () => {
    window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: false }));
    expect(hints).toEqual([]);
    window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
    expect(hints).toEqual(['visible']);
  });

  it('says nothing after it was stopped, and to 2 watchers each once', () => {
    const other: Hint[] = [];
    const stopOther = browserEnvironment.watch((hint) => other.push(hint));
    window.dispatchEvent(new Event('online'));
    stop();
    stop();
    window.dispatchEvent(new Event('online'));
    stopOther();
    window.dispatchEvent(new Event('online'));
    expect([hints, other]).toEqual([['online'], ['online', 'online']]);
  });

  it('has the session’s storage', () => {
    expect(browserEnvironment.storage).toBe(sessionStorage);
  });
});

describe('the instance id', () => {
  it('is out of the storage while the page lives, and back in it when it goes', async () => {
    const fake = fakeAdapter();
    const realtime = createRealtime({ adapter: fake, heartbeatMs: 0 });
    await realtime.connection.connect();
    const { instanceId } = fake.link;
    expect(Object.values({ ...sessionStorage })).not.toContain(instanceId);
    window.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: false }));
    expect(Object.values({ ...sessionStorage })).toContain(instanceId);

    const reloaded = fakeAdapter();
    const next = createRealtime({ adapter: reloaded, heartbeatMs: 0 });
    await next.connection.connect();
    expect(reloaded.link.instanceId).toBe(instanceId);
    expect(sessionStorage.length).toBe(0);
    await Promise.all([realtime.close(), next.close()]);
  });

  it('is taken out again when the page comes back from the back/forward cache', async () => {
    const fake = fakeAdapter();
    const realtime = createRealtime({ adapter: fake, heartbeatMs: 0 });
    await realtime.connection.connect();
    window.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
    expect(sessionStorage.length).toBe(1);
    window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
    expect(sessionStorage.length).toBe(0);
    await realtime.close();
    window.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: false }));
    expect(sessionStorage.length).toBe(0); // a closed client leaves nothing
  });

  it('is another one in a duplicated tab, which gets a copy of the storage', () => {
    const id = takeInstanceId(browserEnvironment);
    expect(takeInstanceId(browserEnvironment)).not.toBe(id);
    leaveInstanceId(browserEnvironment, id);
    expect(takeInstanceId(browserEnvironment)).toBe(id);
  });
});

describe('a connection in a browser', () => {
  it('is probed at `offline` and tried again at `online`', async () => {
    const fake = fakeAdapter();
    const realtime = createRealtime({ adapter: fake, heartbeatMs: 0, reconnectMinMs: 60_000 });
    await realtime.connection.connect();
    window.dispatchEvent(new Event('offline'));
    expect((await fake.next('ping')).verb).toBe('ping');
    fake.drop();
    const opened = fake.next('open');
    window.dispatchEvent(new Event('online'));
    await opened;
    expect(fake.sessions).toHaveLength(2);
    await realtime.close();
  });
});

describe('importing and constructing', () => {
  /** A page of its own, so that the modules are loaded anew; every call of these is noted. */
  function freshPage(): { page: Window & typeof globalThis; touched: string[]; close(): void } {
    const frame = document.body.appendChild(document.createElement('iframe'));
    const page = frame.contentWindow as Window & typeof globalThis;
    const touched: string[] = [];
    const note = (target: object, names: readonly string[]): void => {
      for (const name of names) {
        const before = Reflect.get(target, name) as (...args: unknown[]) => unknown;
        Reflect.set(target, name, function (this: unknown, ...args: unknown[]): unknown {
          touched.push(name);
          return before.apply(this, args);
        });
      }
    };
    note(page, ['addEventListener', 'setTimeout', 'setInterval', 'fetch', 'WebSocket']);
    note(page.document, ['addEventListener']);
    note(page.Storage.prototype, ['getItem', 'setItem', 'removeItem']);
    return { page, touched, close: () => frame.remove() };
  }

  it('add no listener, start no timer, touch neither storage nor network', async () => {
    const { page, touched, close } = freshPage();
    const core = await new Promise<typeof Core>((resolve, reject) => {
      Object.assign(page, { loaded: resolve, failed: reject });
      const script = page.document.createElement('script');
      script.type = 'module';
      const url = new URL('../src/index.ts', import.meta.url).href;
      script.textContent = `import(${JSON.stringify(url)}).then(loaded, failed)`;
      page.document.body.append(script);
    });
    expect(core.createRealtime).not.toBe(createRealtime);
    const realtime = core.createRealtime({ adapter: fakeAdapter() });
    realtime.channel('room').onGap(() => {});
    realtime.connection.state.subscribe(() => {});
    expect(touched).toEqual([]);
    // The notes do work: connecting listens.
    await realtime.connection.connect();
    expect(touched).toContain('addEventListener');
    await realtime.close();
    close();
  });
});
