/** The vendor's client in parts, `ably/modular`, in a page, against the emulator: its own WebSocket, its own requests across origins. */
import {
  BaseRealtime,
  FetchRequest,
  MsgPack,
  RealtimePresence,
  Rest,
  WebSocketTransport,
} from 'ably/modular';
import { afterEach, describe, expect, inject, it } from 'vitest';
import type {} from '../../../../tests/support/browser-setup.ts';

const port = inject('ablyPort');
const remote = inject('ablyRemote');
const clients: BaseRealtime[] = [];
let rooms = 0;
const room = (): string => `room-${(rooms += 1)}`;

afterEach(() => {
  for (const one of clients.splice(0)) one.close();
});

/** One of the controls of the emulator. */
async function control(...given: unknown[]): Promise<unknown> {
  const response = await fetch(`${remote}/do`, { method: 'POST', body: JSON.stringify(given) });
  return response.json();
}

const plugins = { WebSocketTransport, FetchRequest, RealtimePresence, Rest };

describe.each([
  ['JSON', plugins, false],
  ['MessagePack', { ...plugins, MsgPack }, true],
])('in a page, in %s', (_, parts, useBinaryProtocol) => {
  function client(options: object = {}): BaseRealtime {
    const one = new BaseRealtime({
      ...('authCallback' in options ? {} : { key: 'app.key:secret' }),
      ...{ endpoint: '127.0.0.1', port, tls: false, transports: ['web_socket'] },
      ...{ plugins: parts, useBinaryProtocol, disconnectedRetryTimeout: 20 },
      ...{ logHandler: () => {} },
      ...options,
    });
    clients.push(one);
    return one;
  }

  it('publishes, and hears it with its serial; bytes are bytes', async () => {
    const channel = client().channels.get(room());
    const heard: unknown[] = [];
    await channel.subscribe(({ data }) => heard.push(data));
    const published = await channel.publish('e', { a: 1 });
    expect(published.serials).toHaveLength(1);
    await channel.publish('e', new Uint8Array([1, 2]));
    await expect.poll(() => heard).toHaveLength(2);
    expect(heard[0]).toEqual({ a: 1 });
    expect(new Uint8Array(heard[1] as ArrayBuffer)).toEqual(new Uint8Array([1, 2]));
  });

  it('has members, also for who comes later', async () => {
    const name = room();
    await client({ clientId: 'ann' }).channels.get(name).presence.enter('here');
    const members = await client().channels.get(name).presence.get();
    expect(members.map(({ clientId, data }) => [clientId, data as unknown])).toEqual([
      ['ann', 'here'],
    ]);
  });

  it('reads history across origins, in pages, and up to the attach', async () => {
    const channel = client().channels.get(room());
    for (const n of ['1', '2', '3']) await channel.publish('e', n);
    await channel.attach();
    await channel.publish('e', '4');
    const page = await channel.history({ untilAttach: true, limit: 2 });
    expect(page.items.map(({ data }) => data as unknown)).toEqual(['3', '2']);
    expect((await page.next())?.items.map(({ data }) => data as unknown)).toEqual(['1']);
  });

  it('begins with what was said before', async () => {
    const name = room();
    await client().channels.get(name).publish('e', 'before');
    const channel = client().channels.get(name, { params: { rewind: '1' } });
    const heard: unknown[] = [];
    await channel.subscribe(({ data }) => heard.push(data));
    await expect.poll(() => heard).toEqual(['before']);
  });

  it('is resumed after a drop, with what was missed', async () => {
    const [ann, bob] = [client(), client()];
    const name = room();
    const channel = bob.channels.get(name);
    const heard: unknown[] = [];
    await channel.subscribe(({ data }) => heard.push(data));
    await ann.connection.whenState('connected');
    const attached = new Promise<{ resumed?: boolean }>((resolve) =>
      channel.once('attached', resolve),
    );
    await control('drop', { connectionId: bob.connection.id });
    await ann.channels.get(name).publish('e', 'missed');
    expect((await attached).resumed).toBe(true);
    await expect.poll(() => heard).toEqual(['missed']);
  });

  it('asks for a token across origins, and is refused what that does not allow', async () => {
    const one = client({
      authCallback: (__: unknown, answer: (error: null, token: unknown) => void) => {
        void fetch(`http://127.0.0.1:${port}/keys/app.key/requestToken`, {
          method: 'POST',
          headers: {
            authorization: `Basic ${btoa('app.key:secret')}`,
            'content-type': 'application/json',
          },
          body: JSON.stringify({ clientId: 'ann', capability: '{"open":["publish"]}' }),
        })
          .then((response) => response.json())
          .then((token) => answer(null, token));
      },
    });
    await one.channels.get('open').publish('e', 'x');
    expect(one.auth.clientId).toBe('ann');
    await expect(one.channels.get('closed').attach()).rejects.toMatchObject({ code: 40160 });
  });
});
