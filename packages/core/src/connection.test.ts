import { describe, expect, it } from 'vitest';
import { failure, fate, testClient, type TestClient } from '../test/client.ts';
import type { Drop } from './contract.ts';

async function connected(options: Parameters<typeof testClient>[0] = {}): Promise<TestClient> {
  const client = testClient(options);
  await client.realtime.connection.connect();
  return client;
}

/** Refuses every attempt, and notes when each was made, in ms from now on. */
function refuseAll({ fake, clock }: TestClient, drop: Partial<Drop> = {}): number[] {
  const began = clock.now();
  const at: number[] = [];
  fake.handle('open', () => {
    at.push(clock.now() - began);
    fake.drop(drop);
  });
  return at;
}

describe('connecting', () => {
  it('warns of the first of 5 tries that fail, and why; the others are for debugging', async () => {
    const { realtime, fake, clock, logs } = testClient();
    fake.handle('open', (call) => call.reject(failure('connection_failed')));
    void fate(realtime.connection.connect());
    while (fake.all('open').length < 5) await clock.advance(1_000);
    const dropped = logs.filter((line) => line.includes('dropped'));
    expect(dropped.slice(0, 2)).toEqual(['warn connection dropped', 'debug connection dropped']);
    expect(dropped.filter((line) => line.startsWith('warn'))).toHaveLength(1);
    await realtime.close();
  });

  it('happens at the first operation and not before', async () => {
    const { realtime, fake, clock, states } = testClient();
    realtime.channel('room');
    await clock.advance(60_000);
    expect(fake.calls).toEqual([]);
    expect(clock.pending).toBe(0);
    realtime.channel('room').on('e', () => {});
    await clock.settle();
    expect(states).toEqual(['idle', 'connecting', 'connected']);
  });

  it('is done once for 3 calls of connect, and all resolve', async () => {
    const { realtime, fake, clock } = testClient();
    const calls = [1, 2, 3].map(() => fate(realtime.connection.connect()));
    await clock.settle();
    expect(calls.map(({ outcome }) => outcome)).toEqual(['resolved', 'resolved', 'resolved']);
    expect(fake.sessions).toHaveLength(1);
  });

  it('shows id, clientId and the vendor’s client once connected, and no error', async () => {
    const { realtime, fake } = testClient();
    fake.handle('open', (call) => call.answer({ connectionId: 'c-1', clientId: 'ann' }));
    expect(realtime.native()).toBeUndefined();
    await realtime.connection.connect();
    expect(realtime.connection).toMatchObject({ id: 'c-1', clientId: 'ann', error: undefined });
    expect(realtime.native()).toEqual({ fake: 0 });
  });

  it('is given up after 10 s without an answer: the session is closed and another opened', async () => {
    const { realtime, fake, clock, states } = testClient();
    fake.hold('open');
    void realtime.connection.connect();
    await clock.advance(9_999);
    expect(states.at(-1)).toBe('connecting');
    await clock.advance(1);
    expect(states.at(-1)).toBe('reconnecting');
    expect(realtime.connection.error).toMatchObject({ code: 'connection_failed' });
    expect(fake.session.closed).toBe(true);
    await clock.advance(250);
    expect(fake.sessions).toHaveLength(2);
  });

  it('goes on when `open` throws', async () => {
    const { realtime, fake, clock, states } = testClient();
    const { open } = fake;
    let failures = 2;
    fake.open = (...args) => {
      if (failures-- > 0) throw new TypeError('no WebSocket here');
      return open(...args);
    };
    const connecting = fate(realtime.connection.connect());
    await clock.advance(250 + 500);
    expect(states).toEqual(['idle', 'connecting', 'reconnecting', 'connected']);
    expect(connecting.outcome).toBe('resolved');
  });

  it('stops waiting when its signal fires, and goes on connecting', async () => {
    const { realtime, fake, clock, states } = testClient();
    fake.hold('open');
    const abort = new AbortController();
    const connecting = fate(realtime.connection.connect({ signal: abort.signal }));
    abort.abort();
    await clock.settle();
    expect(connecting.outcome).toBe('aborted');
    fake.release('open');
    await clock.settle();
    expect(states.at(-1)).toBe('connected');
  });
});

describe('reconnecting', () => {
  it('waits for random × 500 ms, 1 s, 2 s, 4 s, 8 s, 16 s, 20 s, 20 s', async () => {
    const client = await connected();
    const at = refuseAll(client);
    client.fake.drop();
    await client.clock.advance(80_000);
    const waits = at.map((time, index) => time - (at[index - 1] ?? 0));
    expect(waits.slice(0, 8)).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  });

  it('begins at the shortest wait again after a connection that held for 1 s', async () => {
    const client = await connected();
    const { fake, clock } = client;
    const at = refuseAll(client);
    fake.drop();
    await clock.advance(250 + 500 + 1_000);
    expect(at).toHaveLength(3);
    fake.release('open');
    await clock.advance(2_000 + 1_000);
    expect(client.states.at(-1)).toBe('connected');
    fake.drop();
    await clock.advance(249);
    expect(client.states.at(-1)).toBe('reconnecting');
    await clock.advance(1);
    expect(client.states.at(-1)).toBe('connected');
  });

  it('waits longer each time when a server accepts and drops within 1 s', async () => {
    const { realtime, fake, clock } = testClient();
    const began = clock.now();
    const at: number[] = [];
    fake.handle('open', (call) => {
      at.push(clock.now() - began);
      call.answer();
      fake.drop({ retry: 'now' });
    });
    void realtime.connection.connect();
    await clock.advance(4_000);
    expect(at).toEqual([0, 250, 750, 1_750, 3_750]);
  });

  it('tries at once after `now`, but only if the connection held for 1 s', async () => {
    const { fake, clock } = await connected();
    await clock.advance(999);
    fake.drop({ retry: 'now' });
    await clock.settle();
    expect(fake.sessions).toHaveLength(1);
    await clock.advance(250);
    expect(fake.sessions).toHaveLength(2);
    await clock.advance(1_000);
    fake.drop({ retry: 'now' });
    await clock.settle();
    expect(fake.sessions).toHaveLength(3);
  });

  it('waits for what the service asks, and the jitter on top', async () => {
    const { fake, clock } = await connected();
    await clock.advance(1_000);
    fake.drop({ retry: 'now', retryAfterMs: 3_000 });
    await clock.advance(2_999);
    expect(fake.sessions).toHaveLength(1);
    await clock.advance(1);
    expect(fake.sessions).toHaveLength(2);
    fake.drop({ retryAfterMs: 3_000 });
    await clock.advance(3_249);
    expect(fake.sessions).toHaveLength(2);
    await clock.advance(1);
    expect(fake.sessions).toHaveLength(3);
  });

  it('hands what the last `opened` gave to the next `open`, also over failed tries', async () => {
    const client = testClient();
    const { fake, clock, realtime } = client;
    fake.handle('open', (call) => call.answer({ resume: { session: 7 } }));
    await realtime.connection.connect();
    refuseAll(client);
    fake.drop();
    await clock.advance(1_000);
    expect(fake.all('open').map(({ resume }) => resume)).toEqual([
      undefined,
      { session: 7 },
      { session: 7 },
    ]);
  });

  it('ignores every call of a session that is over', async () => {
    const client = await connected();
    const { fake, clock, realtime, states } = client;
    const channel = await client.attached('room');
    const data: unknown[] = [];
    channel.onAny((message) => data.push(message.data));
    const [dead] = fake.sessions;
    fake.hold('open', 'attach');
    fake.drop();
    dead?.link.opened({ connectionId: 'ghost' });
    dead?.link.attached('room', { continuity: 'kept' });
    dead?.link.received('room', { event: 'e', data: 1, action: 'create' });
    dead?.link.dropped({ error: failure('auth_denied'), retry: 'never' });
    dead?.link.detached('room', { error: failure('forbidden'), retry: 'never' });
    await clock.settle();
    expect(states.at(-1)).toBe('reconnecting');
    expect(channel.state.get()).toBe('attaching');
    expect(data).toEqual([]);
    expect(realtime.connection.id).toBeUndefined();
    fake.release('open', 'attach');
    await clock.advance(250);
    expect(states.at(-1)).toBe('connected');
  });

  it('takes a second `dropped` of the same session for none', async () => {
    const { fake, clock } = await connected();
    const { link } = fake;
    link.dropped({ error: failure('connection_failed'), retry: 'backoff' });
    link.dropped({ error: failure('connection_failed'), retry: 'backoff' });
    await clock.advance(1_000);
    expect(fake.sessions).toHaveLength(2);
  });
});

describe('hints', () => {
  it.each(['online', 'visible'] as const)('%s: tries at once', async (hint) => {
    const client = await connected();
    const { fake, clock, states } = client;
    refuseAll(client);
    fake.drop();
    await clock.advance(20_000);
    fake.release('open');
    const before = fake.sessions.length;
    client.hint(hint);
    await clock.settle();
    expect(fake.sessions).toHaveLength(before + 1);
    expect(states.at(-1)).toBe('connected');
    await clock.advance(60_000); // the wait that was cut short is over for good
    expect(fake.sessions).toHaveLength(before + 1);
  });

  it('online that comes too early: the waits begin at 250 ms again', async () => {
    const client = await connected();
    const at = refuseAll(client);
    client.fake.drop();
    await client.clock.advance(20_000);
    at.length = 0;
    client.hint('online');
    await client.clock.advance(1_000);
    expect(at.map((time) => time - at[0]!)).toEqual([0, 250, 750]);
  });

  it('offline: does not try', async () => {
    const client = await connected();
    client.fake.drop();
    client.hint('offline');
    await client.clock.advance(249);
    expect(client.fake.sessions).toHaveLength(1);
  });

  it('online while an attempt is under way: opens no second one', async () => {
    const client = testClient();
    client.fake.hold('open');
    void client.realtime.connection.connect();
    await client.clock.settle();
    client.hint('online');
    client.hint('visible');
    await client.clock.settle();
    expect(client.fake.sessions).toHaveLength(1);
  });

  it('are let go of once, also by a close after a failure', async () => {
    let stops = 0;
    const environment = { watch: () => () => void (stops += 1), storage: undefined };
    const client = testClient({ environment });
    await client.realtime.connection.connect();
    client.fake.drop({ error: failure('auth_denied'), retry: 'never' });
    await client.realtime.close();
    expect(stops).toBe(1);
    await client.realtime.connection.connect();
    await client.realtime.close();
    expect(stops).toBe(2);
  });

  it('are watched from the first connect on, once, and not after close', async () => {
    const client = testClient();
    expect(client.watchers).toBe(0);
    await client.realtime.connection.connect();
    await client.realtime.connection.connect();
    expect(client.watchers).toBe(1);
    await client.realtime.close();
    expect(client.watchers).toBe(0);
    await client.realtime.connection.connect();
    expect(client.watchers).toBe(1);
  });

  it('leaving: puts the instance id back, and visible takes it out again', async () => {
    const client = await connected();
    const id = client.fake.link.instanceId;
    expect(client.storage.size).toBe(0);
    client.hint('leaving');
    expect([...client.storage.values()]).toEqual([id]);
    client.hint('visible');
    expect(client.storage.size).toBe(0);
    expect(client.fake.link.instanceId).toBe(id);
  });

  it('do nothing to a client that is closed or has failed', async () => {
    const client = await connected();
    client.fake.drop({ retry: 'never' });
    client.hint('online');
    await client.clock.advance(30_000);
    expect(client.fake.sessions).toHaveLength(1);
    expect(client.states.at(-1)).toBe('failed');
  });
});

describe('suspension', () => {
  it('begins 120 s after the drop: publishes and attaches that wait reject, tries go on', async () => {
    const client = await connected();
    const { realtime, fake, clock, states } = client;
    await client.attached('old');
    const at = refuseAll(client);
    fake.drop();
    await clock.advance(70_000);
    const publish = fate(realtime.channel('a').publish('e', 1));
    await clock.advance(45_000);
    const attach = fate(realtime.channel('b').attach());
    const once = fate(realtime.channel('b').once('e'));
    const connecting = fate(realtime.connection.connect());
    await clock.advance(4_999);
    expect(states.at(-1)).toBe('reconnecting');
    expect([publish, attach, connecting].map(({ outcome }) => outcome)).toEqual([
      'pending',
      'pending',
      'pending',
    ]);
    await clock.advance(1);
    expect(states.at(-1)).toBe('suspended');
    expect([publish, attach, connecting].map(({ outcome }) => outcome)).toEqual([
      'suspended',
      'suspended',
      'suspended',
    ]);
    expect(once.outcome).toBe('pending'); // it waits for an event, however long that takes
    expect(realtime.channel('old').state.get()).toBe('suspended');
    const before = at.length;
    await clock.advance(60_000);
    expect(at.length).toBeGreaterThanOrEqual(before + 5);
    expect(states.filter((state) => state === 'suspended')).toHaveLength(1);
  });

  it('rejects at once what is asked meanwhile', async () => {
    const client = await connected();
    const { realtime, clock } = client;
    const old = await client.attached('old');
    refuseAll(client);
    client.fake.drop();
    await clock.advance(121_000);
    const fates = [
      fate(realtime.channel('a').publish('e', 1)),
      fate(realtime.channel('a').attach()),
      fate(old.attach()),
      fate(realtime.channel('a').history().next()),
      fate(realtime.channel('a').presence.enter(1)),
      fate(old.presence.enter(1)),
    ];
    await clock.settle();
    expect(fates.map(({ outcome }) => outcome)).toEqual(fates.map(() => 'suspended'));
  });

  it('ends with the next success: channels attach again, and an attach that follows resolves', async () => {
    const client = await connected();
    const { fake, clock, states } = client;
    const old = await client.attached('old');
    refuseAll(client);
    fake.drop();
    await clock.advance(121_000);
    fake.release('open');
    fake.hold('attach');
    client.hint('online');
    await clock.settle();
    expect(states.slice(-2)).toEqual(['suspended', 'connected']);
    const attach = fate(old.attach()); // connected, and its attach is on its way
    await clock.settle();
    expect(attach.outcome).toBe('pending');
    fake.release('attach');
    await clock.settle();
    expect(old.state.get()).toBe('attached');
    expect(attach.outcome).toBe('resolved');
    await expect(old.publish('e', 1)).resolves.toMatchObject({ attempts: 1 });
  });

  it('also begins 120 s after a first connect that never succeeds', async () => {
    const client = testClient();
    refuseAll(client);
    const connecting = fate(client.realtime.connection.connect());
    await client.clock.advance(119_999);
    expect(connecting.outcome).toBe('pending');
    await client.clock.advance(1);
    expect(connecting.outcome).toBe('suspended');
  });

  it('is left by connect(), which tries at once and may suspend again after 120 s', async () => {
    const client = testClient();
    const { realtime, clock, states } = client;
    const at = refuseAll(client);
    void fate(realtime.connection.connect());
    await clock.advance(121_000);
    const before = at.length;
    const connecting = fate(realtime.connection.connect());
    await clock.settle();
    expect(at).toHaveLength(before + 1);
    expect(states.slice(-3)).toEqual(['suspended', 'connecting', 'reconnecting']);
    await clock.advance(119_999);
    expect(connecting.outcome).toBe('pending');
    await clock.advance(1);
    expect(connecting.outcome).toBe('suspended');
  });
});

describe('ending', () => {
  it('never: the state is failed, everything that waits rejects with the reason, no timer is left', async () => {
    const client = await connected();
    const { realtime, fake, clock, states } = client;
    const room = await client.attached('room');
    fake.hold('publish', 'history', 'attach', 'enter');
    const fates = [
      fate(room.once('e')),
      fate(room.messages().next()),
      fate(room.history().next()),
      fate(room.presence.enter(1)),
      fate(realtime.channel('b').attach()),
    ];
    const written = fate(room.publish('e', 1));
    await clock.settle();
    fake.drop({ error: failure('auth_denied'), retry: 'never' });
    await clock.settle();
    expect(states.at(-1)).toBe('failed');
    expect(realtime.connection.error?.code).toBe('auth_denied');
    expect(fates.map(({ outcome }) => outcome)).toEqual(fates.map(() => 'auth_denied'));
    expect(written.outcome).toBe('outcome_unknown');
    expect(room.state.get()).toBe('failed');
    expect(clock.pending).toBe(0);
    const late = [fate(room.publish('e', 1)), fate(room.attach()), fate(room.history().next())];
    await clock.settle();
    expect(late.map(({ outcome }) => outcome)).toEqual(late.map(() => 'auth_denied'));
  });

  it('failed: connect() tries afresh and attaches the channels again', async () => {
    const client = await connected();
    const room = await client.attached('room');
    client.fake.drop({ error: failure('auth_denied'), retry: 'never' });
    await client.realtime.connection.connect();
    await client.clock.settle();
    expect(room.state.get()).toBe('attached');
    expect(client.realtime.connection.error).toBeUndefined();
  });

  it('close() in each of 7 states leads to closed, and leaves no timer', async () => {
    const refused = (client: TestClient): void => {
      refuseAll(client);
      void fate(client.realtime.connection.connect());
    };
    const ways: Record<string, (client: TestClient) => unknown> = {
      idle: () => {},
      connecting: ({ fake, realtime }) => {
        fake.hold('open');
        void fate(realtime.connection.connect());
      },
      connected: ({ realtime }) => realtime.connection.connect(),
      reconnecting: refused,
      suspended: async (client) => {
        refused(client);
        await client.clock.advance(121_000);
      },
      failed: async ({ realtime, fake }) => {
        await realtime.connection.connect();
        fake.drop({ retry: 'never' });
      },
      closed: ({ realtime }) => realtime.close(),
    };
    for (const [state, reach] of Object.entries(ways)) {
      const client = testClient();
      await reach(client);
      await client.clock.settle();
      expect(client.states.at(-1)).toBe(state);
      const closing = fate(client.realtime.close());
      await client.clock.settle();
      expect([state, closing.outcome, client.states.at(-1)]).toEqual([state, 'resolved', 'closed']);
      expect(client.realtime.connection.error?.code).toBe('closed');
      expect(client.clock.pending).toBe(0);
      const sessions = client.fake.sessions.length;
      await client.clock.advance(200_000);
      expect(client.fake.sessions).toHaveLength(sessions);
    }
  });

  it('close() closes the session once, and resolves after 10 s when that never ends', async () => {
    const client = await connected();
    client.fake.hold('close');
    const closing = fate(client.realtime.close());
    const again = fate(client.realtime.close());
    await client.clock.advance(9_999);
    expect(closing.outcome).toBe('pending');
    await client.clock.advance(1);
    expect([closing.outcome, again.outcome]).toEqual(['resolved', 'resolved']);
    expect(client.fake.all('close')).toHaveLength(1);
    expect(client.logs.filter((line) => line.startsWith('warn'))).toHaveLength(1);
  });

  it('connect() after close() opens again, with the channels and the instance of before', async () => {
    const client = await connected();
    const room = await client.attached('room');
    const data: unknown[] = [];
    room.onAny((message) => data.push(message.data));
    const { instanceId } = client.fake.link;
    await client.realtime.close();
    expect(room.state.get()).toBe('detached');
    await client.realtime.connection.connect();
    await client.clock.settle();
    expect(room.state.get()).toBe('attached');
    client.fake.link.received('room', { event: 'e', data: 1, action: 'create' });
    expect(data).toEqual([1]);
    expect(client.fake.link.instanceId).toBe(instanceId);
    expect(client.states).toEqual([
      'idle',
      'connecting',
      'connected',
      'closed',
      'connecting',
      'connected',
    ]);
  });

  it('stays closed when it is closed inside a subscriber that sees `reconnecting`', async () => {
    const client = await connected();
    client.realtime.connection.state.subscribe((state) => {
      if (state === 'reconnecting') void client.realtime.close();
    });
    client.fake.drop();
    await client.clock.advance(200_000);
    expect(client.states.at(-1)).toBe('closed');
    expect(client.fake.sessions).toHaveLength(1);
    expect(client.clock.pending).toBe(0);
  });

  it('is connected when a subscriber that sees `closed` connects again', async () => {
    const client = await connected();
    const room = await client.attached('room');
    let reopened = false;
    client.realtime.connection.state.subscribe((state) => {
      if (state !== 'closed' || reopened) return;
      reopened = true;
      void client.realtime.connection.connect();
    });
    await client.realtime.close();
    await client.clock.settle();
    expect(client.realtime.connection.state.get()).toBe('connected');
    expect(room.state.get()).toBe('attached');
    await expect(room.publish('e', 1)).resolves.toMatchObject({ attempts: 1 });
  });

  it('ignores an `opened` that comes after close()', async () => {
    const client = testClient();
    client.fake.hold('open');
    const connecting = fate(client.realtime.connection.connect());
    await client.clock.settle();
    await client.realtime.close();
    client.fake.release('open');
    await client.clock.settle();
    expect(connecting.outcome).toBe('closed');
    expect(client.states.at(-1)).toBe('closed');
  });
});

describe('a vendor that reconnects by itself', () => {
  const vendor = { fake: { reconnect: 'adapter' } } as const;

  it('is opened once; drops and returns are mirrored, and no timer of ours but the suspension runs', async () => {
    const client = await connected(vendor);
    const { fake, clock, states } = client;
    for (let round = 0; round < 3; round += 1) {
      fake.drop();
      expect(clock.pending).toBe(1);
      await clock.advance(60_000);
      fake.reopen();
      await clock.settle();
    }
    expect(fake.sessions).toHaveLength(1);
    expect(states.slice(2)).toEqual([
      'connected',
      ...[1, 2, 3].flatMap(() => ['reconnecting', 'connected']),
    ]);
    expect(clock.pending).toBe(0);
  });

  it('is not given up after 10 s of connecting, but suspended after 120 s, and comes back', async () => {
    const client = testClient(vendor);
    client.fake.hold('open');
    const connecting = fate(client.realtime.connection.connect());
    await client.clock.advance(119_999);
    expect(connecting.outcome).toBe('pending');
    await client.clock.advance(1);
    expect(connecting.outcome).toBe('suspended');
    client.fake.release('open');
    await client.clock.settle();
    expect(client.states.at(-1)).toBe('connected');
    expect(client.fake.sessions).toHaveLength(1);
  });

  it('is asked to try now at each hint but offline, while it is away', async () => {
    const client = await connected(vendor);
    client.fake.drop();
    client.hint('offline');
    expect(client.fake.all('retryNow')).toHaveLength(0);
    client.hint('online');
    client.hint('visible');
    expect(client.fake.all('retryNow')).toHaveLength(2);
    void client.realtime.connection.connect();
    expect(client.fake.all('retryNow')).toHaveLength(3);
    client.fake.reopen();
    client.hint('online');
    await client.realtime.connection.connect();
    expect(client.fake.all('retryNow')).toHaveLength(3);
    expect(client.fake.sessions).toHaveLength(1);
  });

  it('may say opened again without a drop', async () => {
    const client = await connected(vendor);
    const room = await client.attached('room');
    client.fake.reopen('kept');
    await client.clock.advance(20_000);
    expect(client.states.at(-1)).toBe('connected');
    expect(room.state.get()).toBe('attached');
  });

  it('may say opened again without a drop while 4 calls are out: all of them settle well', async () => {
    const client = await connected(vendor);
    const { fake, clock, realtime } = client;
    const room = await client.attached('room');
    fake.hold('publish', 'attach', 'history', 'enter');
    const asked = [
      fate(room.publish('e', 1)),
      fate(realtime.channel('other').attach()),
      fate(room.history().next()),
      fate(room.presence.enter('A')),
    ];
    await clock.settle();
    fake.link.opened({ connectionId: 'again' });
    fake.release('publish', 'attach', 'history', 'enter');
    await clock.advance(1_000);
    expect(asked.map(({ outcome }) => outcome)).toEqual(asked.map(() => 'resolved'));
    expect(realtime.channel('other').state.get()).toBe('attached');
    expect(client.errors).toEqual([]);
  });

  it('ends for good with never, and its session is closed', async () => {
    const client = await connected(vendor);
    client.fake.drop({ retry: 'never' });
    await client.clock.settle();
    expect(client.states.at(-1)).toBe('failed');
    expect(client.clock.pending).toBe(0);
    await client.realtime.connection.connect();
    expect(client.fake.sessions).toHaveLength(2);
  });

  it('is opened again when `open` itself threw', async () => {
    const client = testClient(vendor);
    const { open } = client.fake;
    let failures = 1;
    client.fake.open = (...args) => {
      if (failures-- > 0) throw new Error('the SDK is not there');
      return open(...args);
    };
    const connecting = fate(client.realtime.connection.connect());
    await client.clock.advance(1_000);
    expect(connecting.outcome).toBe('resolved');
    expect(client.fake.sessions).toHaveLength(1);
  });
});
