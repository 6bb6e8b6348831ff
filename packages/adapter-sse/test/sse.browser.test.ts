/** What a browser's own `fetch` and `EventSource` do, against a real server of another origin. */
import { sse, type SseOptions } from '@anywire/adapter-sse';
import { ws } from '@anywire/adapter-ws';
import { createRealtime, type Adapter, type Realtime } from '@anywire/core';
import { afterEach, describe, expect, inject, it } from 'vitest';
import type {} from '../../../tests/support/browser-setup.ts';

const host = inject('serverHost');
let clients: Realtime[] = [];
let rooms = 0;

afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  clients = [];
});

function client(adapter: Adapter, name: string): Realtime {
  const made = createRealtime({
    adapter,
    auth: () => name,
    ...{ reconnectMinMs: 10, reconnectMaxMs: 50, log: () => {} },
  });
  clients.push(made);
  return made;
}

const byHttp = (options: Omit<SseOptions, 'url'>, at = host): Adapter =>
  sse({ url: `http://${at}/anywire`, ...options });

const bySocket = (): Adapter => ws({ url: `ws://${host}/anywire` });

async function listen(realtime: Realtime, name: string) {
  const room = realtime.channel(name);
  const heard: unknown[] = [];
  const gaps: unknown[] = [];
  const tellers = new Set<() => void>();
  room.on('n', (data) => {
    heard.push(data);
    for (const tell of tellers) tell();
  });
  room.onGap((gap) => gaps.push(gap));
  await room.attach();
  const count = (n: number): Promise<void> =>
    new Promise((resolve) => {
      const tell = (): void => {
        if (heard.length >= n) resolve();
      };
      tellers.add(tell);
      tell();
    });
  return { room, heard, gaps, count };
}

/** Breaks every connection of the server; its own answer is lost with them. */
const cut = (): Promise<unknown> =>
  fetch(`http://${host}/cut`, { method: 'POST', mode: 'no-cors' }).catch(() => {});

describe.each([
  ['fetch', { transport: 'stream' }],
  ['long polling', { transport: 'poll' }],
  ['the EventSource of the browser', { transport: 'eventsource' }],
] as const)('over %s', (_, options) => {
  it('publishes with receipts, hears a ws client, and misses none of 5 messages when all connections break', async () => {
    const name = `browser-${(rooms += 1)}`;
    const ann = client(byHttp(options), 'ann');
    const atAnn = await listen(ann, name);
    const bob = client(bySocket(), 'bob').channel(name);
    expect(await atAnn.room.publish('n', 0)).toMatchObject({ level: 'stored', serial: 1 });
    await bob.publish('n', 1);
    await atAnn.count(2);
    await cut();
    for (const n of [2, 3, 4, 5, 6]) await bob.publish('n', n);
    await atAnn.count(7);
    expect([atAnn.heard, atAnn.gaps]).toEqual([[0, 1, 2, 3, 4, 5, 6], []]);
  });

  it('leaves at once when it is closed: its member does not wait for the grace of 15 s', async () => {
    const name = `browser-${(rooms += 1)}`;
    const bob = client(bySocket(), 'bob').channel(name);
    const left = new Promise<void>((resolve) => {
      let isHere = false;
      bob.presence.members.subscribe((members) => {
        isHere ||= members.length === 1;
        if (isHere && members.length === 0) resolve();
      });
    });
    await bob.attach();
    const ann = client(byHttp(options), 'ann');
    await ann.channel(name).presence.enter({ n: 1 });
    await ann.close();
    await left;
  });
});

it('the native object is the one of the browser', async () => {
  const streaming = client(byHttp({}), 'ann');
  await streaming.connection.connect();
  expect(streaming.native()).toBeInstanceOf(Response);
  const events = client(byHttp({ transport: 'eventsource' }), 'ann');
  await events.connection.connect();
  expect(events.native()).toBeInstanceOf(EventSource);
});

it('auto polls behind a proxy that holds answers back, and remembers: 2 connections, 1 stream tried', async () => {
  const asked: string[] = [];
  const adapter = byHttp(
    { streamTimeoutMs: 300, fetch: (url, init) => (asked.push(url), fetch(url, init)) },
    inject('bufferedHost'),
  );
  const bob = client(bySocket(), 'bob');
  for (const name of [`browser-${(rooms += 1)}`, `browser-${(rooms += 1)}`]) {
    const ann = client(adapter, 'ann');
    const atAnn = await listen(ann, name);
    for (const n of [0, 1, 2]) await bob.channel(name).publish('n', n);
    await atAnn.count(3);
    expect([atAnn.heard, ann.native()]).toEqual([[0, 1, 2], undefined]);
    await ann.close();
  }
  expect(asked.filter((url) => url.endsWith('/sse'))).toHaveLength(1);
});

it('a page of an origin that is not listed is told which host does not answer', async () => {
  const ann = client(byHttp({}, inject('strictHost')), 'ann');
  const refused = new Promise<Error | undefined>((resolve) => {
    ann.connection.state.subscribe((state) => {
      if (state === 'reconnecting') resolve(ann.connection.error);
    });
  });
  ann.connection.connect().catch(() => {});
  const error = await refused;
  expect(error).toMatchObject({ code: 'connection_failed' });
  expect(error?.message).toContain(`no answer from ${inject('strictHost')}`);
});
