import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, vi } from 'vitest';
import { failure, fate, message, testClient, type TestClient } from '../test/client.ts';
import type { Channel } from './api.ts';
import { createRealtime } from './realtime.ts';
import { fakeAdapter } from '@anywire/testkit/fake';

/** Every verb of the API that gives a promise. */
const verbs: Record<string, (room: Channel, client: TestClient) => Promise<unknown>> = {
  'connection.connect': (_, { realtime }) => realtime.connection.connect(),
  attach: (room) => room.attach(),
  publish: (room) => room.publish('e', 1),
  'publish volatile': (room) => room.publish('e', 1, { volatile: true }),
  once: (room) => room.once('e'),
  'messages().next': (room) => room.messages().next(),
  'history().next': (room) => room.history().next(),
  'history from attach': (room) => room.history({ from: 'attach' }).next(),
  'presence.enter': (room) => room.presence.enter('A'),
  'presence.update': (room) => room.presence.update('B'),
  'presence.leave': (room) => room.presence.leave(),
  detach: (room) => room.detach(),
  'close with flush': (_, { realtime }) => realtime.close({ flushMs: 100_000 }),
};

const silent = ['attach', 'detach', 'publish', 'enter', 'update', 'leave', 'history'] as const;

/** How a client gets into each state; from there on its backend answers nothing. */
const states: Record<string, (client: TestClient) => unknown> = {
  idle: ({ fake }) => fake.hold('open'),
  connecting: ({ fake, realtime }) => {
    fake.hold('open');
    void fate(realtime.connection.connect());
  },
  connected: (client) => client.attached('other'),
  'connected, attached': (client) => client.attached('room'),
  'connected, entered': async (client) => {
    const room = await client.attached('room');
    await room.presence.enter('first');
  },
  reconnecting: async (client) => {
    await client.attached('room');
    client.fake.hold('open');
    client.fake.drop();
  },
  suspended: async (client) => {
    await client.attached('room');
    client.fake.hold('open');
    client.fake.drop();
    await client.clock.advance(121_000);
  },
  failed: async (client) => {
    await client.attached('room');
    client.fake.drop({ error: failure('auth_denied'), retry: 'never' });
  },
  closed: async (client) => {
    await client.attached('room');
    await client.realtime.close();
  },
};

const table = Object.keys(states).flatMap((state) =>
  Object.keys(verbs).map((verb) => [verb, state] as const),
);

describe('everything settles', () => {
  it.each(table)('%s, asked while %s, is settled by close()', async (verb, state) => {
    const client = testClient();
    await states[state]?.(client);
    client.fake.hold(...silent);
    const asked = fate(verbs[verb]!(client.realtime.channel('room'), client));
    await client.clock.settle();
    const before = asked.outcome;
    const closing = fate(client.realtime.close());
    await client.clock.settle();
    expect(closing.outcome).toBe('resolved');
    expect(asked.outcome).not.toBe('pending');
    expect(asked.outcome).not.toBe('foreign');
    if (before === 'pending' && verb !== 'messages().next' && verb !== 'close with flush') {
      // What is closed is detached.
      const answers = verb === 'detach' ? ['resolved'] : ['closed', 'outcome_unknown'];
      expect(answers).toContain(asked.outcome);
    }
    expect(client.clock.pending).toBe(0);
    expect(client.realtime.outbox.entries.get()).toEqual([]);
  });

  it.each(table.filter(([verb]) => !['once', 'messages().next'].includes(verb)))(
    '%s, asked while %s, settles by itself within 120 s of silence',
    async (verb, state) => {
      const client = testClient();
      await states[state]?.(client);
      client.fake.hold(...silent);
      const asked = fate(verbs[verb]!(client.realtime.channel('room'), client));
      await client.clock.advance(120_000);
      expect(asked.outcome).not.toBe('pending');
      expect(asked.outcome).not.toBe('foreign');
    },
  );

  it.each(
    Object.keys(verbs).filter((verb) => !/connect|volatile|leave|update|detach|close/.test(verb)),
  )(
    '%s after close() rejects as closed, at once, also when the client had failed before',
    async (verb) => {
      for (const failed of [false, true]) {
        const client = testClient();
        await client.attached('room');
        if (failed) client.fake.drop({ error: failure('auth_denied'), retry: 'never' });
        await client.realtime.close();
        const asked = fate(verbs[verb]!(client.realtime.channel('room'), client));
        await client.clock.settle();
        expect(asked.outcome).toBe(verb === 'messages().next' ? 'resolved' : 'closed');
      }
    },
  );
});

describe('what is left behind', () => {
  it('a signal that outlives 12 kinds of calls has no listener left when they have settled', async () => {
    const client = testClient();
    const { signal } = new AbortController();
    const room = await client.attached('room');
    await client.realtime.connection.connect({ signal });
    await room.attach({ signal });
    await room.publish('e', 1, { signal });
    await room.publish('e', 1, { signal, volatile: true });
    await room.history({ signal }).next();
    await room.history({ signal, from: 'attach' }).next();
    await room.presence.enter(1, { signal });
    await room.presence.update(2, { signal });
    await room.presence.leave({ signal });
    const once = room.once('e', { signal });
    const reader = room.messages({ signal });
    const offs = [
      room.on('e', () => {}, { signal }),
      room.onAny(() => {}, { signal }),
      room.presence.on('enter', () => {}, { signal }),
      room.presence.onSync(() => {}, { signal }),
    ];
    client.fake.link.received('room', message(1));
    await once;
    await reader.return?.();
    for (const off of offs) off();
    client.fake.handle('publish', (call) => call.reject(failure('forbidden')));
    await room.publish('e', 1, { signal }).catch(() => {});
    await client.clock.settle();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('of 200 channels that were used, and that nobody holds any more: nothing', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const client = testClient({ lingerMs: 0 });
    const gone: WeakRef<Channel>[] = [];
    const use = async (name: string): Promise<void> => {
      const channel = client.realtime.channel(name);
      gone.push(new WeakRef(channel));
      const off = channel.on('e', () => {});
      await channel.publish('e', 1);
      await client.clock.settle();
      off();
    };
    for (let count = 0; count < 200; count += 1) await use(`room:${count}`);
    await client.realtime.channel('kept').attach();
    (client.fake.calls as unknown[]).length = 0; // the fake remembers every call
    await client.clock.settle();
    collect();
    await client.clock.settle();
    collect();
    expect(gone.filter((channel) => channel.deref())).toHaveLength(0);
    expect(client.realtime.channel('kept').state.get()).toBe('attached');
    const ids = new Set<string>();
    for (let count = 0; count < 2; count += 1)
      ids.add((await client.realtime.channel('room:1').publish('e', 1)).id);
    expect(ids.size).toBe(2);
    expect([...ids].every((id) => Number(id.split(':')[1]) > 1)).toBe(true);
  });
});

describe('createRealtime', () => {
  it('opens nothing, asks nothing, and starts no timer', async () => {
    const client = testClient({ auth: () => expect.unreachable() });
    client.realtime.channel('room');
    client.realtime.supports('history');
    client.realtime.native();
    client.realtime.outbox.entries.get();
    client.realtime.connection.state.subscribe(() => {});
    client.realtime.channel('room').onGap(() => {});
    await client.clock.advance(100_000);
    expect(client.fake.calls).toEqual([]);
    expect(client.watchers).toBe(0);
    expect(client.storage.size).toBe(0);
  });

  it('gives each client a nonce of its own, of 16 characters', async () => {
    const nonces = await Promise.all(
      [1, 2, 3].map(async () => {
        const { realtime, fake } = testClient();
        await realtime.connection.connect();
        return fake.link.nonce;
      }),
    );
    expect(new Set(nonces).size).toBe(3);
    for (const nonce of nonces) expect(nonce).toMatch(/^[a-z0-9]{16}$/);
  });

  it('takes an option that is undefined for one that is not given', async () => {
    const { realtime, clock } = testClient({ lingerMs: undefined, timeoutMs: undefined });
    const off = realtime.channel('room').on('e', () => {});
    await clock.settle();
    off();
    await clock.advance(2_499);
    expect(realtime.channel('room').state.get()).toBe('attached');
    await clock.advance(1);
    expect(realtime.channel('room').state.get()).toBe('detached');
  });

  it('tells the adapter who we are', async () => {
    const { realtime, fake } = testClient({ clientId: 'ann' });
    await realtime.connection.connect();
    expect(fake.link.clientId).toBe('ann');
    expect(realtime.connection.clientId).toBe('ann');
  });
});

describe('errors', () => {
  it('without a listener are logged, never swallowed', async () => {
    const logs: unknown[][] = [];
    const fake = fakeAdapter();
    const realtime = createRealtime({
      adapter: fake,
      heartbeatMs: 0,
      log: (...line) => logs.push(line),
    });
    realtime.channel('room').on('e', () => {
      throw new Error('mine');
    });
    await realtime.channel('room').attach();
    fake.link.received('room', { event: 'e', data: 1, action: 'create' });
    await realtime.close();
    expect(logs.filter(([level]) => level === 'error')).toMatchObject([
      ['error', '[anywire:listener_failed] a listener threw', { code: 'listener_failed' }],
    ]);
  });

  it('go to the console where no `log` is given, and what is only for diagnosis does not', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const others = (['debug', 'warn', 'info', 'log'] as const).map((level) =>
      vi.spyOn(console, level).mockImplementation(() => {}),
    );
    const fake = fakeAdapter();
    const realtime = createRealtime({ adapter: fake, heartbeatMs: 0 });
    realtime.channel('room').on('e', () => {
      throw new Error('mine');
    });
    await realtime.channel('room').attach();
    fake.link.received('room', { event: 'e', data: 1, action: 'create' });
    fake.drop();
    await realtime.close();
    expect(error.mock.calls).toMatchObject([
      ['[anywire] [anywire:listener_failed] a listener threw', { code: 'listener_failed' }],
    ]);
    for (const other of others) expect(other).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });

  it('listener that throws itself is logged, and is no loop', async () => {
    const client = testClient();
    client.realtime.onError(() => {
      throw new Error('in the error listener');
    });
    const room = await client.attached('room');
    room.on('e', () => {
      throw new Error('mine');
    });
    client.fake.link.received('room', { event: 'e', data: 1, action: 'create' });
    expect(client.errors).toHaveLength(1);
    expect(client.logs.filter((line) => line.startsWith('error'))).toHaveLength(1);
  });

  it('never hold tokens or payloads in what is logged', async () => {
    const lines: string[] = [];
    const fake = fakeAdapter({ authorize: true });
    const realtime = createRealtime({
      adapter: fake,
      heartbeatMs: 0,
      auth: () => 'secret-token',
      log: (...line) => lines.push(JSON.stringify(line)),
    });
    await realtime.connection.connect();
    fake.handle('publish', (call) => call.reject(failure('forbidden')));
    await realtime
      .channel('room')
      .publish('e', 'secret-data')
      .catch(() => {});
    await realtime.channel('room').publish('e', 'secret-data', { volatile: true });
    fake.drop({ retry: 'never' });
    await realtime.close();
    expect(lines.join('\n')).not.toContain('secret');
  });
});
