/**
 * Packets that get lost or come twice below the session, as long polling does when it repeats a request whose connection broke:
 * the numbers of a pipe tell, and nothing is lost or doubled by it.
 */
import type { Gap, Realtime } from '@anywire/core';
import type { Server } from 'socket.io';
import { afterEach, describe, expect, it } from 'vitest';
import { socketio } from '../src/index.ts';
import { startScene, type Scene } from './scene.ts';

let scene: Scene;
afterEach(() => scene.close());

/** What happens to one packet. */
type Fate = 'lost' | 'doubled' | undefined;

/** Decides, for each connection below, about each packet with an event of ours that goes out. */
function meddle(io: Server, fateOf: (text: string) => Fate): void {
  io.on('connection', ({ conn }) => {
    const write = conn.write.bind(conn);
    conn.write = (...[data, ...rest]: Parameters<typeof write>) => {
      const fate = typeof data === 'string' ? fateOf(data) : undefined;
      if (fate === 'lost') return conn;
      if (fate === 'doubled') write(data, ...rest);
      return write(data, ...rest);
    };
  });
}

/** The first packet in which `test` is true has this fate. */
function once(fate: Fate, test: (text: string) => boolean): (text: string) => Fate {
  let isDone = false;
  return (text) => {
    if (isDone || !test(text)) return undefined;
    isDone = true;
    return fate;
  };
}

interface Listening {
  readonly heard: unknown[];
  readonly gaps: Gap[];
  /** Connections that the client has had. */
  readonly ids: Set<string>;
}

function listen(client: Realtime): Listening {
  const listening: Listening = { heard: [], gaps: [], ids: new Set() };
  const room = client.channel('room');
  room.on('said', (data) => void listening.heard.push(data));
  room.onGap((gap) => void listening.gaps.push(gap));
  client.connection.state.subscribe(() => {
    const id = client.native<{ readonly id?: string }>()?.id;
    if (id !== undefined) listening.ids.add(id);
  });
  return listening;
}

/** What was lost last is noticed by the next that comes: a heartbeat, where nothing else does. */
const server = { heartbeatMs: 100 };
const counts = Array.from({ length: 20 }, (_, n) => n + 1);

describe.each(['websocket', 'polling'] as const)('over %s', (transport) => {
  const adapter = () => socketio({ url: scene.url, options: { transports: [transport] } });

  it('an ack that is lost is noticed within a heartbeat, and its publish is sent again: 20 are heard once', async () => {
    const isAck = (text: string): boolean => text.includes('\\"t\\":\\"ack\\"');
    let lost = 0;
    const fate = once('lost', isAck);
    scene = await startScene({
      server,
      prepare: (io) =>
        meddle(io, (text) => {
          const is = fate(text);
          if (is) lost += 1;
          return is;
        }),
    });
    const client = scene.client(adapter());
    const { heard, gaps } = listen(client);
    const room = client.channel('room');
    await room.attach();
    const receipts = await Promise.all(counts.map((n) => room.publish('said', n)));
    expect(lost).toBe(1);
    expect(receipts.some(({ attempts }) => attempts > 1)).toBe(true);
    expect(new Set(receipts.map(({ serial }) => serial)).size).toBe(20);
    await expect.poll(() => heard).toEqual(counts);
    expect(gaps).toEqual([]);
  });

  it.each([
    ['lost', 2],
    ['doubled', 1],
  ] as const)(
    'a message that is %s makes %i connections, and 20 are heard once and in order',
    async (fate, connections) => {
      scene = await startScene({
        server,
        prepare: (io) =>
          meddle(
            io,
            once(fate, (text) => text.includes('third')),
          ),
      });
      const client = scene.client(adapter());
      const { heard, gaps, ids } = listen(client);
      await client.channel('room').attach();
      const said = counts.map((n) => (n === 3 ? 'third' : n));
      for (const data of said) await scene.server.publish('room', 'said', data);
      await expect.poll(() => heard).toEqual(said);
      expect(gaps).toEqual([]);
      expect(ids.size).toBe(connections);
    },
  );
});
