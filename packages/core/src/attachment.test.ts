import { describe, expect, it } from 'vitest';
import {
  failure,
  fate,
  heard,
  message,
  testClient,
  type Fate,
  type TestClient,
} from '../test/client.ts';

type Options = Parameters<typeof testClient>[0];

async function connected(options: Options = {}): Promise<TestClient> {
  const client = testClient(options);
  await client.realtime.connection.connect();
  return client;
}

/** The verbs that concern channels, in order. */
const verbs = ({ fake }: TestClient): string[] =>
  fake.calls.map(({ verb }) => verb).filter((verb) => verb === 'attach' || verb === 'detach');

const noop = (): void => {};

describe('use', () => {
  it('attaches once for 3 listeners, with what the channel is', async () => {
    const client = await connected();
    const { realtime, fake, clock } = client;
    const room = realtime.channel('room');
    for (let count = 0; count < 3; count += 1) room.on('e', noop);
    expect(room.state.get()).toBe('attaching');
    await clock.settle();
    expect(room.state.get()).toBe('attached');
    expect(verbs(client)).toEqual(['attach']);
    expect(fake.last('attach').request).toMatchObject({
      spec: { name: 'room', kind: 'private', history: true, presence: true },
      presence: 'none',
      echo: true,
    });
    expect(fake.last('attach').request.cursor).toBeUndefined();
    expect(fake.last('attach').request.rewind).toBeUndefined();
  });

  it('detaches 2,500 ms after the last of 2 uses, and forgets its cursor', async () => {
    const client = await connected();
    const { realtime, fake, clock } = client;
    const room = realtime.channel('room');
    const [first, second] = [room.on('e', noop), room.on('e', noop)];
    await clock.settle();
    first();
    first();
    await clock.advance(10_000);
    second();
    await clock.advance(2_499);
    expect(verbs(client)).toEqual(['attach']);
    await clock.advance(1);
    expect(verbs(client)).toEqual(['attach', 'detach']);
    expect(room.state.get()).toBe('detached');
    room.on('e', noop);
    await clock.settle();
    expect(fake.last('attach').request.cursor).toBeUndefined();
  });

  it('costs nothing to remount within the linger, 5 times', async () => {
    const client = await connected();
    const { realtime, clock } = client;
    const room = realtime.channel('room');
    for (let count = 0; count < 5; count += 1) {
      const off = room.on('e', noop);
      await clock.advance(1_000);
      off();
      await clock.advance(2_000);
    }
    expect(verbs(client)).toEqual(['attach']);
    await clock.advance(500);
    expect(verbs(client)).toEqual(['attach', 'detach']);
  });

  it('mount, unmount, mount in one tick, as StrictMode does, costs one attach', async () => {
    const client = await connected();
    const room = client.realtime.channel('room');
    room.on('e', noop)();
    room.on('e', noop);
    await client.clock.advance(10_000);
    expect(verbs(client)).toEqual(['attach']);
    expect(room.state.get()).toBe('attached');
  });

  it('given up in the same tick ends detached after the linger', async () => {
    const client = await connected();
    const room = client.realtime.channel('room');
    room.on('e', noop)();
    await client.clock.advance(2_500);
    expect(room.state.get()).toBe('detached');
    expect(verbs(client).filter((verb) => verb === 'attach').length).toBe(
      verbs(client).filter((verb) => verb === 'detach').length,
    );
    expect(client.clock.pending).toBe(0);
  });

  it('given up while the attach is out ends detached after the linger', async () => {
    const client = await connected();
    const { realtime, fake, clock } = client;
    fake.hold('attach');
    const off = realtime.channel('room').on('e', noop);
    await clock.settle();
    off();
    await clock.advance(1_000);
    fake.release('attach');
    await clock.settle();
    expect(realtime.channel('room').state.get()).toBe('attached');
    await clock.advance(1_500);
    expect(realtime.channel('room').state.get()).toBe('detached');
    expect(verbs(client)).toEqual(['attach', 'detach']);
  });

  it('given up while the connection is away never reaches the backend', async () => {
    const client = await connected();
    const { realtime, fake, clock } = client;
    fake.hold('open');
    fake.drop();
    realtime.channel('room').on('e', noop)();
    await clock.advance(3_000);
    fake.release('open');
    await clock.advance(10_000);
    expect(verbs(client)).toEqual([]);
    expect(realtime.channel('room').state.get()).toBe('detached');
  });

  it('given up while it is refused for now is not tried again', async () => {
    const client = await connected();
    const { realtime, fake, clock } = client;
    fake.handle('attach', (call) => call.reject(failure('server_error')));
    const off = realtime.channel('room').on('e', noop);
    await clock.settle();
    expect(realtime.channel('room').error?.code).toBe('server_error');
    off();
    await clock.advance(60_000);
    expect(realtime.channel('room').state.get()).toBe('detached');
    expect(realtime.channel('room').error).toBeUndefined();
    expect(fake.all('attach').length).toBeLessThanOrEqual(4);
    const count = fake.calls.length;
    await clock.advance(60_000);
    expect(fake.calls.filter(({ verb }) => verb === 'attach').length).toBeLessThanOrEqual(count);
  });

  it('ends at the signal of the listener, and never begins when that has fired', async () => {
    const client = await connected({ lingerMs: 0 });
    const room = client.realtime.channel('room');
    const abort = new AbortController();
    room.on('e', noop, { signal: abort.signal });
    await client.clock.settle();
    abort.abort();
    await client.clock.settle();
    expect(room.state.get()).toBe('detached');
    room.on('e', noop, { signal: abort.signal });
    await client.clock.settle();
    expect(verbs(client)).toEqual(['attach', 'detach']);
  });

  it('never begins for a listener whose signal has fired, also not for the linger', async () => {
    const client = await connected();
    client.realtime.channel('room').on('e', noop, { signal: AbortSignal.abort() });
    await client.clock.advance(10_000);
    expect(verbs(client)).toEqual([]);
    expect(client.realtime.channel('room').state.get()).toBe('idle');
  });

  it('attaches the channels that are used, and no others, after a drop', async () => {
    const client = await connected();
    const { realtime, fake, clock } = client;
    realtime.channel('a').on('e', noop);
    const off = realtime.channel('b').on('e', noop);
    await clock.settle();
    off();
    fake.drop();
    await clock.advance(250);
    expect(fake.all('attach').slice(2)).toMatchObject([{ channel: 'a' }]);
    expect(fake.all('detach')).toEqual([]); // this connection knows nothing of b
    expect(realtime.channel('b').state.get()).toBe('detached');
  });
});

describe('attach() and detach()', () => {
  it('attach() resolves when the backend has confirmed, and keeps the channel without listeners', async () => {
    const client = await connected();
    const { realtime, fake, clock } = client;
    const room = realtime.channel('room');
    fake.hold('attach');
    const attach = fate(room.attach());
    await clock.advance(5_000);
    expect(attach.outcome).toBe('pending');
    fake.release('attach');
    await clock.settle();
    expect(attach.outcome).toBe('resolved');
    await clock.advance(60_000);
    expect(room.state.get()).toBe('attached');
    await room.attach();
    expect(verbs(client)).toEqual(['attach']);
  });

  it('detach() undoes any number of attach(), at once', async () => {
    const client = await connected();
    const room = client.realtime.channel('room');
    await room.attach();
    await room.attach();
    await room.detach();
    await client.clock.settle();
    expect(room.state.get()).toBe('detached');
    expect(verbs(client)).toEqual(['attach', 'detach']);
    await room.detach();
    expect(verbs(client)).toEqual(['attach', 'detach']);
  });

  it('detach() resolves when the backend has let go, or the connection, or after 10 s', async () => {
    const { fake, clock, realtime } = await connected();
    fake.hold('detach');
    const detach = async (): Promise<Fate<void>> => {
      const room = realtime.channel('room');
      await room.attach();
      const left = fate(room.detach());
      await clock.settle();
      expect([left.outcome, room.state.get()]).toEqual(['pending', 'detached']);
      return left;
    };
    const answered = await detach();
    fake.last('detach').answer();
    await clock.settle();
    const late = await detach();
    await clock.advance(10_000);
    const cut = await detach();
    fake.drop();
    await clock.settle();
    for (const left of [answered, late, cut]) expect(left.outcome).toBe('resolved');
  });

  it('detach() leaves a channel attached that has a listener', async () => {
    const client = await connected();
    const room = await client.attached('room');
    room.on('e', noop);
    await room.detach();
    await client.clock.advance(10_000);
    expect(room.state.get()).toBe('attached');
  });

  it('detach() rejects an attach() that waits with `detached`', async () => {
    const client = await connected();
    const room = client.realtime.channel('room');
    client.fake.hold('attach');
    const attach = fate(room.attach());
    await client.clock.settle();
    await room.detach();
    await client.clock.settle();
    expect(attach.outcome).toBe('detached');
    expect(client.fake.last('attach').signal?.aborted).toBe(true); // so that its late answer is not taken for a newer one
  });

  it('attach, detach, attach in one tick ends attached, without a gap', async () => {
    const client = await connected();
    const room = client.realtime.channel('room');
    const gaps: unknown[] = [];
    room.onGap((gap) => gaps.push(gap));
    const fates = [fate(room.attach())];
    await room.detach();
    fates.push(fate(room.attach()));
    await client.clock.advance(10_000);
    expect(room.state.get()).toBe('attached');
    expect(fates.map(({ outcome }) => outcome)).toEqual(['detached', 'resolved']);
    expect(gaps).toEqual([]);
  });

  it('a subscriber that sees `detached` may attach again', async () => {
    const client = await connected();
    const room = await client.attached('room');
    let again: ReturnType<typeof fate> | undefined;
    room.state.subscribe((state) => {
      if (state === 'detached') again ??= fate(room.attach());
    });
    await room.detach();
    await client.clock.settle();
    expect(again?.outcome).toBe('resolved');
    expect(room.state.get()).toBe('attached');
    expect(verbs(client)).toEqual(['attach', 'detach', 'attach']);
  });

  it('attach() rejects after 10 s, and the attaching goes on', async () => {
    const client = await connected();
    const { realtime, fake, clock } = client;
    const room = realtime.channel('room');
    fake.hold('attach');
    const attach = fate(room.attach());
    await clock.advance(9_999);
    expect(attach.outcome).toBe('pending');
    await clock.advance(1);
    expect(attach.outcome).toBe('timeout');
    fake.release('attach');
    await clock.advance(250);
    expect(room.state.get()).toBe('attached');
  });

  it('attach() stops waiting when its signal fires, and the attaching goes on', async () => {
    const client = await connected();
    const { realtime, fake, clock } = client;
    const room = realtime.channel('room');
    fake.hold('attach');
    const abort = new AbortController();
    const attach = fate(room.attach({ signal: abort.signal }));
    await clock.settle();
    abort.abort();
    await clock.settle();
    expect(attach.outcome).toBe('aborted');
    fake.release('attach');
    await clock.settle();
    expect(room.state.get()).toBe('attached');
  });
});

describe('a refused attach', () => {
  it('for now: suspended, told, and tried again after 250 ms, 500 ms, 1 s', async () => {
    const client = await connected();
    const { realtime, fake, clock, errors } = client;
    const began = clock.now();
    const at: number[] = [];
    fake.handle('attach', (call) => {
      at.push(clock.now() - began);
      if (at.length < 4) call.reject(failure('server_error'));
      else call.answer();
    });
    const room = realtime.channel('room');
    const attach = fate(room.attach());
    await clock.settle();
    expect(room.state.get()).toBe('suspended');
    expect(room.error?.code).toBe('server_error');
    await clock.advance(1_750);
    expect(at).toEqual([0, 250, 750, 1_750]);
    expect(attach.outcome).toBe('resolved');
    expect(room.state.get()).toBe('attached');
    expect(room.error).toBeUndefined();
    expect(errors.map(({ code }) => code)).toEqual([
      'server_error',
      'server_error',
      'server_error',
    ]);
  });

  it('for now: a new listener asks at once, and the try that waited is not made besides', async () => {
    const client = await connected();
    const { realtime, fake, clock } = client;
    fake.handle('attach', (call) => call.reject(failure('server_error')));
    realtime.channel('room').on('e', noop);
    await clock.advance(100);
    fake.hold('attach');
    realtime.channel('room').on('e', noop);
    await clock.settle();
    expect(fake.all('attach')).toHaveLength(2);
    await clock.advance(5_000);
    expect(fake.all('attach')).toHaveLength(2);
  });

  it('for good: failed, told once, the promise rejects with the reason, and nothing is tried', async () => {
    const client = await connected();
    const { realtime, fake, clock, errors } = client;
    fake.handle('attach', (call) => call.reject(failure('forbidden')));
    const room = realtime.channel('room');
    const own: string[] = [];
    room.onError((error) => own.push(error.code));
    const fates = [fate(room.attach()), fate(room.once('e')), fate(room.messages().next())];
    await clock.advance(60_000);
    expect(fates.map(({ outcome }) => outcome)).toEqual(['forbidden', 'forbidden', 'forbidden']);
    expect(room.state.get()).toBe('failed');
    expect(own).toEqual(['forbidden']);
    expect(errors).toEqual([]); // the channel has a listener of its own
  });

  it('for good: a later attach() asks again', async () => {
    const client = await connected();
    const { realtime, fake, clock } = client;
    fake.handle('attach', (call) => call.reject(failure('forbidden')));
    const room = realtime.channel('room');
    const first = fate(room.attach());
    await clock.settle();
    fake.release('attach');
    const second = fate(room.attach());
    await clock.settle();
    expect([first.outcome, second.outcome]).toEqual(['forbidden', 'resolved']);
  });

  it('for good: a new listener asks again, and the old one hears too', async () => {
    const client = await connected();
    const { realtime, fake, clock } = client;
    fake.handle('attach', (call) => call.reject(failure('forbidden')));
    const room = realtime.channel('room');
    const first = heard(room);
    await clock.settle();
    fake.release('attach');
    const second = heard(room);
    await clock.settle();
    fake.link.received('room', message(1));
    expect([first, second]).toEqual([[1], [1]]);
  });

  it('that never answers is refused after 10 s, and tried again', async () => {
    const client = await connected();
    const { realtime, fake, clock } = client;
    fake.hold('attach');
    realtime.channel('room').on('e', noop);
    await clock.advance(10_000);
    expect(realtime.channel('room').state.get()).toBe('suspended');
    fake.handle('attach', (call) => call.answer());
    await clock.advance(250);
    expect(realtime.channel('room').state.get()).toBe('attached');
  });

  it('whose answer comes after its time-out attaches all the same, and is not asked for again', async () => {
    const client = await connected();
    const { realtime, fake, clock } = client;
    fake.hold('attach');
    const room = realtime.channel('room');
    const data = heard(room);
    await clock.advance(10_000);
    expect(room.state.get()).toBe('suspended');
    fake.link.attached('room', { continuity: 'initial', cursor: 'x' });
    fake.link.received('room', message(1));
    await clock.advance(60_000);
    expect(room.state.get()).toBe('attached');
    expect(fake.all('attach')).toHaveLength(1);
    expect(data).toEqual([1]);
  });

  it('by a connection that breaks meanwhile is none: nothing is told, the next one attaches', async () => {
    const client = await connected();
    const { realtime, fake, clock, errors } = client;
    fake.hold('attach');
    const attach = fate(realtime.channel('room').attach());
    await clock.settle();
    fake.last('attach').reject(failure('connection_failed'));
    fake.drop();
    fake.release('attach');
    await clock.advance(250);
    expect(attach.outcome).toBe('resolved');
    expect(errors).toEqual([]);
  });
});

describe('a channel that the service ends', () => {
  it('for now: attaches again after the backoff, from the cursor of the last message', async () => {
    const client = await connected();
    const { fake, clock, errors } = client;
    const room = await client.attached('room');
    fake.link.received('room', message(1));
    fake.link.detached('room', { error: failure('server_error'), retry: 'backoff' });
    expect(room.state.get()).toBe('suspended');
    await clock.advance(249);
    expect(fake.all('attach')).toHaveLength(1);
    await clock.advance(1);
    expect(fake.last('attach').request.cursor).toBe('c1');
    expect(room.state.get()).toBe('attached');
    expect(errors.map(({ code }) => code)).toEqual(['server_error']);
  });

  it('for now: hears nothing until it is attached again', async () => {
    const client = await connected();
    const data = heard(await client.attached('room'));
    client.fake.link.detached('room', { error: failure('server_error'), retry: 'backoff' });
    client.fake.link.received('room', message(1));
    await client.clock.advance(250);
    client.fake.link.received('room', message(2));
    expect(data).toEqual([2]);
  });

  it('waits for what the service asks', async () => {
    const client = await connected();
    const { fake, clock } = client;
    await client.attached('room');
    const drop = { error: failure('rate_limited'), retry: 'backoff', retryAfterMs: 5_000 } as const;
    fake.link.detached('room', drop);
    await clock.advance(5_249);
    expect(fake.all('attach')).toHaveLength(1);
    await clock.advance(1);
    expect(fake.all('attach')).toHaveLength(2);
  });

  it('for good: fails with the reason, and lets go of what waits', async () => {
    const client = await connected();
    const { fake, clock } = client;
    const room = await client.attached('room');
    const once = fate(room.once('e'));
    fake.link.detached('room', { error: failure('forbidden'), retry: 'never' });
    await clock.advance(60_000);
    expect(room.state.get()).toBe('failed');
    expect(room.error?.code).toBe('forbidden');
    expect(once.outcome).toBe('forbidden');
    expect(fake.all('attach')).toHaveLength(1);
  });

  it('where the vendor reconnects by itself: is asked for again after the backoff, not later', async () => {
    const client = await connected({ fake: { reconnect: 'adapter' } });
    const { fake, clock } = client;
    const room = await client.attached('room');
    fake.link.detached('room', { error: failure('server_error'), retry: 'backoff' });
    await clock.advance(250);
    expect(fake.all('attach')).toHaveLength(2);
    expect(room.state.get()).toBe('attached');
  });
});

describe('a vendor that attaches again by itself', () => {
  const vendor = { fake: { reconnect: 'adapter' } } as const;

  it('is given 5 s for it, and is asked when it does not: an attach() that waits has 5 s left', async () => {
    const client = await connected(vendor);
    const { fake, clock } = client;
    const room = await client.attached('room');
    fake.drop();
    fake.link.opened({ connectionId: 'again' });
    expect(room.state.get()).toBe('attaching');
    await clock.advance(4_999);
    expect(fake.all('attach')).toHaveLength(1);
    await clock.advance(1);
    expect(fake.all('attach')).toHaveLength(2);
    expect(room.state.get()).toBe('attached');
  });

  it('is asked also when a listener came during these 5 s', async () => {
    const client = await connected(vendor);
    const { fake, clock } = client;
    const room = await client.attached('room');
    fake.drop();
    fake.link.opened({ connectionId: 'again' });
    await clock.advance(1_000);
    room.on('e', noop);
    await clock.advance(10_000);
    expect(room.state.get()).toBe('attached');
  });

  it('is told when the channel is used no more, also after it attached by itself', async () => {
    const client = await connected(vendor);
    const { fake, clock } = client;
    const room = await client.attached('room');
    fake.drop();
    fake.reopen('kept');
    await room.detach();
    await clock.settle();
    expect(verbs(client)).toEqual(['attach', 'detach']);
  });

  it('is told when the channel is used no more since the connection broke', async () => {
    const client = await connected(vendor);
    const { fake, clock } = client;
    const room = await client.attached('room');
    fake.drop();
    await room.detach();
    fake.reopen('kept');
    await clock.advance(20_000);
    expect(room.state.get()).toBe('detached');
    expect(verbs(client)).toEqual(['attach', 'detach']);
  });

  it('is asked at once for a channel that was not attached before', async () => {
    const client = await connected(vendor);
    const { realtime, fake, clock } = client;
    fake.drop();
    realtime.channel('room').on('e', noop);
    fake.reopen();
    await clock.settle();
    expect(fake.all('attach')).toHaveLength(1);
    expect(realtime.channel('room').state.get()).toBe('attached');
  });
});

describe('messages', () => {
  it('come as they are, to listeners of their event', async () => {
    const client = await connected();
    const room = await client.attached('room');
    const seen: unknown[] = [];
    room.on('e', (data, whole) => seen.push(data, whole));
    client.fake.link.received('room', {
      event: 'e',
      data: { text: 'hi' },
      id: 'x:1',
      serial: 3,
      timestamp: 99,
      sender: { clientId: 'ann', verified: true },
      action: 'create',
      extras: { a: 1 },
    });
    expect(seen).toEqual([
      { text: 'hi' },
      {
        channel: 'room',
        event: 'e',
        data: { text: 'hi' },
        id: 'x:1',
        serial: 3,
        timestamp: 99,
        sender: { clientId: 'ann', verified: true },
        action: 'create',
        version: undefined,
        replayed: false,
        local: false,
        extras: { a: 1 },
        native: undefined,
      },
    ]);
  });

  it('of foreign publishers have no id and an unverified sender, and are never taken for repeats', async () => {
    const client = await connected();
    const room = await client.attached('room');
    const seen: unknown[] = [];
    room.onAny(({ id, sender }) => seen.push([id, sender]));
    const foreign = { event: 'e', data: 'same', action: 'create' } as const;
    client.fake.link.received('room', foreign);
    client.fake.link.received('room', foreign);
    expect(seen).toEqual([
      [undefined, { verified: false }],
      [undefined, { verified: false }],
    ]);
  });

  it('before the attach and after the detach are ignored', async () => {
    const client = await connected();
    const { realtime, fake, clock } = client;
    const room = realtime.channel('room');
    fake.hold('attach');
    const data = heard(room);
    const off = room.on('e', noop);
    await clock.settle();
    fake.link.received('room', message(1));
    fake.release('attach');
    await clock.settle();
    fake.link.received('room', message(2));
    await realtime.close();
    fake.link.received('room', message(3));
    off();
    expect(data).toEqual([2]);
  });

  it('of other channels, and of names like __proto__, do not get here', async () => {
    const client = await connected();
    const data = heard(await client.attached('room'));
    for (const name of ['other', '__proto__', 'toString'])
      client.fake.link.received(name, message(1));
    expect(data).toEqual([]);
  });

  it('that are edits and deletions do not come as messages', async () => {
    const client = await connected();
    const data = heard(await client.attached('room'));
    client.fake.link.received('room', message(1, { action: 'update' }));
    client.fake.link.received('room', message(2, { action: 'delete' }));
    client.fake.link.received('room', message(3));
    expect(data).toEqual([3]);
  });

  it('reach the other listeners when one throws, which is told as listener_failed', async () => {
    const client = await connected();
    const room = await client.attached('room');
    room.on('e', () => {
      throw new Error('mine');
    });
    const data = heard(room);
    client.fake.link.received('room', message(1));
    client.fake.link.received('room', message(2));
    expect(data).toEqual([1, 2]);
    expect(client.errors).toMatchObject([
      { code: 'listener_failed', cause: { message: 'mine' } },
      { code: 'listener_failed' },
    ]);
    expect(client.states.at(-1)).toBe('connected');
  });

  it('do not come to a listener that stopped itself in its first call', async () => {
    const client = await connected();
    const room = await client.attached('room');
    const data: unknown[] = [];
    const off = room.on('e', (value) => {
      data.push(value);
      off();
    });
    client.fake.link.received('room', message(1));
    client.fake.link.received('room', message(2));
    expect(data).toEqual([1]);
  });
});

describe('echo', () => {
  const own = (client: TestClient, serial: number, more = {}): void =>
    client.fake.link.received(
      'room',
      message(serial, { id: `${client.fake.link.nonce}:${serial}`, ...more }),
    );

  it('true: own messages come back', async () => {
    const client = await connected();
    const data = heard(await client.attached('room'));
    own(client, 1);
    expect(data).toEqual([1]);
  });

  it('false: own live messages do not come back, replayed ones and those of others do', async () => {
    const client = await connected();
    const room = client.realtime.channel('room', { echo: false });
    const data = heard(room);
    await client.clock.settle();
    expect(client.fake.last('attach').request.echo).toBe(false);
    own(client, 1);
    client.fake.link.received('room', message(2));
    own(client, 3, { replayed: true });
    expect(data).toEqual([2, 3]);
  });

  it('false: an own message that was dropped is no hole: the next attach resumes after it', async () => {
    const client = await connected();
    client.realtime.channel('room', { echo: false }).on('e', noop);
    await client.clock.settle();
    own(client, 1);
    client.fake.drop();
    await client.clock.advance(250);
    expect(client.fake.last('attach').request.cursor).toBe('c1');
  });

  it('another sender whose nonce begins like ours is not taken for us', async () => {
    const client = await connected();
    const room = client.realtime.channel('room', { echo: false });
    const data = heard(room);
    await client.clock.settle();
    client.fake.link.received('room', message(1, { id: `${client.fake.link.nonce}x:1` }));
    expect(data).toEqual([1]);
  });

  it('a backend without echo: a copy comes at the receipt, marked local, to all listeners', async () => {
    const client = await connected({ fake: { capabilities: { echo: 'none' } } });
    const room = await client.attached('room');
    const seen: unknown[] = [];
    room.onAny(({ data, local, id, serial }) => seen.push([data, local, id, serial]));
    client.fake.hold('publish');
    const publish = fate(room.publish('e', 'mine'));
    await client.clock.settle();
    expect(seen).toEqual([]);
    client.fake.release('publish');
    await client.clock.settle();
    expect(seen).toEqual([['mine', true, publish.value?.id, 1]]);
  });

  it('a backend without echo: what a copy has shown does not come again with the backlog of a resume', async () => {
    const client = await connected({ fake: { capabilities: { echo: 'none' } } });
    const room = await client.attached('room');
    const data = heard(room);
    client.fake.link.received('room', message(1));
    client.fake.handle('publish', (call) => call.answer([{ level: 'stored', serial: 2 }]));
    const { id } = await room.publish('e', 'mine');
    client.fake.handle('attach', (call) => call.answer({ continuity: 'kept', backlog: true }));
    client.fake.drop();
    await client.clock.advance(250);
    client.fake.link.received('room', message(2, { id, data: 'mine', replayed: true }));
    client.fake.link.received('room', message(3, { replayed: true }));
    client.fake.link.replayed('room');
    expect(data).toEqual([1, 'mine', 3]);
  });

  it('a backend without echo and echo: false: no copy; and none of a publish that fails', async () => {
    const client = await connected({ fake: { capabilities: { echo: 'none' } } });
    const quiet = heard(client.realtime.channel('quiet', { echo: false }));
    const loud = heard(client.realtime.channel('loud'));
    await client.clock.settle();
    await client.realtime.channel('quiet').publish('e', 1);
    client.fake.handle('publish', (call) => call.answer([{ error: failure('forbidden') }]));
    await client.realtime.channel('loud').publish('e', 1).catch(noop);
    expect([quiet, loud]).toEqual([[], []]);
  });

  it('a backend without echo: a volatile publish that was sent has a copy, a dropped one has none', async () => {
    const client = await connected({ fake: { capabilities: { echo: 'none' } } });
    const data = heard(await client.attached('room'));
    const room = client.realtime.channel('room');
    await room.publish('e', 1, { volatile: true });
    client.fake.hold('open');
    client.fake.drop();
    await room.publish('e', 2, { volatile: true });
    expect(data).toEqual([1]);
  });
});
