import { describe, expect, it } from 'vitest';
import { failure, fate, heard, message, testClient, type TestClient } from '../test/client.ts';
import type { Channel, Message, Page } from './api.ts';
import type { Inbound } from './contract.ts';
import { intercept, type Interceptor } from './intercept.ts';

type Options = Parameters<typeof testClient>[0];

async function connected(
  interceptors: readonly Interceptor[],
  options: Options = {},
): Promise<TestClient & { room: Channel }> {
  const client = testClient({ ...options, interceptors: intercept(...interceptors) });
  await client.realtime.connection.connect();
  return { ...client, room: await client.attached('room') };
}

/** Promises that a test resolves, by name. */
function gates(): { gate: (name: unknown) => Promise<void>; open: (name: unknown) => void } {
  const waiting = new Map<unknown, () => void>();
  return {
    gate: (name) => new Promise((resolve) => waiting.set(name, resolve)),
    open: (name) => waiting.get(name)?.(),
  };
}

/** Adds its name to data, which are text, after a turn of the event loop where it `waits`. */
const signing = (name: string, waits: boolean): Interceptor => ({
  outbound: (message) => {
    const signed = { ...message, data: `${String(message.data)}>${name}` };
    return waits ? Promise.resolve(signed) : signed;
  },
  inbound: (message) => {
    const signed = { ...message, data: `${String(message.data)}<${name}` };
    return waits ? Promise.resolve(signed) : signed;
  },
});

const sent = ({ fake }: TestClient): unknown[] =>
  fake
    .all('publish')
    .flatMap(({ batch }) => batch.map(({ json }) => JSON.parse(json ?? 'null') as unknown));

describe.each([
  ['at once', false],
  ['later', true],
])('interceptors that answer %s', (_, waits) => {
  const both = [signing('a', waits), signing('b', waits)];

  it('are passed in order on the way out, and in reverse on the way in', async () => {
    const client = await connected(both);
    const data = heard(client.room);
    await client.room.publish('e', 'x');
    client.fake.link.received('room', message(1, { data: 'x' }));
    await client.clock.settle();
    expect([sent(client), data]).toEqual([['x>a>b'], ['x<b<a']]);
  });

  it('see volatile publishes, rewinds, resumes and pages', async () => {
    const client = await connected(both);
    const { room, fake, clock } = client;
    await room.publish('e', 'v', { volatile: true });
    expect(sent(client)).toEqual(['v>a>b']);
    fake.handle('history', (call) =>
      call.answer({ items: [message(1, { data: 'old' })], complete: true }),
    );
    const page = (await room.history().next()).value as Page;
    const rewound = heard(room, { rewind: 1 });
    await clock.settle();
    fake.drop();
    await clock.advance(1_000);
    fake.link.received('room', message(2, { data: 'missed', replayed: true }));
    await clock.settle();
    expect(page.items.map(({ data }) => data)).toEqual(['old<b<a']);
    expect(rewound).toEqual(['old<b<a', 'missed<b<a']);
  });

  it('see the backlog of an attach, and live messages wait for it', async () => {
    const { realtime, fake, clock } = testClient({ interceptors: intercept(...both) });
    fake.hold('attach');
    const data = heard(realtime.channel('room'), { rewind: 2 });
    await clock.settle();
    fake.last('attach').answer({ continuity: 'initial', backlog: true });
    fake.link.received('room', message(1, { data: '1', replayed: true }));
    fake.link.received('room', message(2, { data: '2', replayed: true }));
    fake.link.replayed('room');
    fake.link.received('room', message(3, { data: '3' }));
    await clock.settle();
    expect(data).toEqual(['1<b<a', '2<b<a', '3<b<a']);
  });
});

describe('the order', () => {
  it('of what is sent is the order of the calls, whichever is ready first', async () => {
    const { gate, open } = gates();
    const client = await connected([
      { outbound: (message) => gate(message.data).then(() => message) },
    ]);
    const fates = [1, 2, 3].map((n) => fate(client.room.publish('e', n)));
    for (const n of [3, 2]) {
      open(n);
      await client.clock.settle();
      expect(sent(client)).toEqual([]);
    }
    open(1);
    await client.clock.settle();
    expect(sent(client)).toEqual([1, 2, 3]);
    expect(fates.map(({ value }) => value?.id.split(':')[1])).toEqual(['1', '2', '3']);
  });

  it('of one channel does not hold up another', async () => {
    const { gate } = gates();
    const client = await connected([
      { outbound: (message) => (message.data === 'slow' ? gate(1).then(() => message) : message) },
    ]);
    const slow = fate(client.room.publish('e', 'slow'));
    await client.realtime.channel('other').publish('e', 'fast');
    expect([sent(client), slow.outcome]).toEqual([['fast'], 'pending']);
    await client.clock.advance(10_000);
    expect(slow.outcome).toBe('timeout');
  });

  it('of what comes in is the order of arrival, and each waits for the one before', async () => {
    const { gate, open } = gates();
    const asked: unknown[] = [];
    const { room, fake, clock } = await connected([
      {
        inbound(message) {
          asked.push(message.serial);
          return gate(message.serial).then(() => message);
        },
      },
    ]);
    const data = heard(room);
    for (const serial of [1, 2]) fake.link.received('room', message(serial));
    await clock.settle();
    expect([asked, data]).toEqual([[1], []]);
    open(1);
    await clock.settle();
    open(2);
    await clock.settle();
    expect([asked, data]).toEqual([[1, 2], [1, 2]]); // prettier-ignore
  });

  it('holds for a gap, which does not overtake what came before', async () => {
    const { gate, open } = gates();
    const told: unknown[] = [];
    const { room, fake, clock } = await connected(
      [
        { inbound: (message) => gate(message.serial).then(() => message) },
        { onGap: ({ continuity }) => told.push(continuity) },
      ],
      { fake: { capabilities: { history: { support: 'none' } } } },
    );
    room.on('e', (data) => told.push(data));
    fake.handle('attach', (call) => call.answer({ continuity: 'lost', cursor: 'c9' }));
    fake.link.received('room', message(1));
    fake.drop();
    await clock.advance(1_000);
    expect(told).toEqual([]);
    open(1);
    await clock.settle();
    expect(told).toEqual([1, 'lost']);
  });

  it('lets nothing come twice where a rewind reads what still is with an interceptor', async () => {
    const { gate, open } = gates();
    const { room, fake, clock } = await connected([
      { inbound: (message, { isLive }) => (isLive ? gate(1).then(() => message) : message) },
    ]);
    fake.handle('history', (call) => call.answer({ items: [message(1)], complete: true }));
    fake.link.received('room', message(1));
    const data = heard(room, { rewind: 1 });
    await clock.settle();
    expect(data).toEqual([]);
    open(1);
    await clock.settle();
    expect(data).toEqual([1]);
  });
});

describe('one that makes several, or none', () => {
  const halves: Interceptor = {
    outbound: (message) => ['l', 'r'].map((half) => ({ ...message, data: half, extras: { half } })),
  };

  it('sends them in order with ids of their own, for one receipt: the least that was proven', async () => {
    const { room, fake } = await connected([halves]);
    const levels = [{ level: 'accepted' }, { level: 'stored', serial: 7 }] as const;
    let calls = 0;
    fake.handle('publish', (call) => call.answer([levels[calls++]!]));
    const receipt = await room.publish('e', 'x');
    const parts = fake.all('publish').flatMap(({ batch }) => batch);
    const { nonce } = fake.link;
    expect(parts.map(({ id, data, extras }) => [id, data, extras])).toEqual([
      [`${nonce}:1`, 'l', { half: 'l' }],
      [`${nonce}:2`, 'r', { half: 'r' }],
    ]);
    expect(receipt).toMatchObject({ id: `${nonce}:1`, level: 'accepted', serial: 7, attempts: 1 });
  });

  it('rejects as the first part that is refused, and takes back what waits', async () => {
    const { room, fake, realtime, clock } = await connected([halves], {
      fake: { capabilities: { publish: { inFlight: 1 } } },
    });
    fake.handle('publish', (call) => call.reject(failure('forbidden')));
    const publish = fate(room.publish('e', 'x'));
    await clock.settle();
    expect([publish.outcome, fake.all('publish').length]).toEqual(['forbidden', 1]);
    expect(realtime.outbox.entries.get()).toEqual([]);
  });

  it('rejects as aborted with its signal, and takes back every part that waits', async () => {
    const { room, fake, realtime, clock } = await connected([halves]);
    fake.hold('publish');
    const abort = new AbortController();
    const publish = fate(room.publish('e', 'x', { signal: abort.signal }));
    await clock.settle();
    abort.abort();
    await clock.settle();
    expect([publish.outcome, realtime.outbox.entries.get()]).toEqual(['aborted', []]);
  });

  it('is held to the size of each part, and sends none where one is too large', async () => {
    const { room, fake, clock } = await connected([
      { outbound: (message) => ['x', 'x'.repeat(70_000)].map((data) => ({ ...message, data })) },
    ]);
    const publish = fate(room.publish('e', 1));
    await clock.settle();
    expect([publish.outcome, fake.all('publish')]).toEqual(['payload_too_large', []]);
  });

  it('may take what is too large, if it makes it smaller', async () => {
    const client = await connected([{ outbound: (message) => ({ ...message, data: 'small' }) }]);
    await client.room.publish('e', 'x'.repeat(70_000));
    expect(sent(client)).toEqual(['small']);
  });

  it('delivers two for one, and one for two', async () => {
    let kept: Inbound | undefined;
    const { room, fake } = await connected([
      { inbound: (message) => (message.data === 'two' ? [message, message] : message) },
      {
        inbound(message) {
          if (message.data !== 'half') return message;
          const before = kept;
          kept = before ? undefined : message;
          return before && { ...message, data: 'whole' };
        },
      },
    ]);
    const data = heard(room);
    for (const [at, text] of ['two', 'half', 'half'].entries())
      fake.link.received('room', message(at + 1, { data: text }));
    expect(data).toEqual(['two', 'two', 'whole']);
  });
});

describe('one that fails', () => {
  const thrown: [string, Error, string][] = [
    ['a RealtimeError', failure('decryption_failed'), 'decryption_failed'],
    ['something else', new Error('a bug'), 'interceptor_failed'],
  ];
  const ways: [string, (error: Error) => never | Promise<never>][] = [
    ['throws', (error) => { throw error; }], // prettier-ignore
    ['rejects with', (error) => Promise.reject(error)],
  ];
  const all = thrown.flatMap(([what, error, code]) =>
    ways.map(([how, fail]) => [`${how} ${what}`, () => fail(error), code] as const),
  );

  it.each(all)('on the way out and %s rejects that publish', async (_, fail, code) => {
    const { room, fake, clock } = await connected([
      { outbound: (message) => (message.data === 'bad' ? fail() : message) },
    ]);
    const fates = ['bad', 'good'].map((data) => fate(room.publish('e', data)));
    await clock.settle();
    expect(fates.map(({ outcome }) => outcome)).toEqual([code, 'resolved']);
    expect(fake.all('publish')).toHaveLength(1);
  });

  it.each(all)('on the way in and %s drops that message', async (_, fail, code) => {
    const { room, fake, clock, errors } = await connected([
      { inbound: (message) => (message.serial === 1 ? fail() : message) },
    ]);
    const data = heard(room);
    for (const serial of [1, 2]) fake.link.received('room', message(serial));
    await clock.settle();
    expect([data, errors.map((error) => error.code)]).toEqual([[2], [code]]);
  });

  it('on the way in and never answers is given up after 10 s', async () => {
    const { room, fake, clock, errors } = await connected([
      { inbound: (message) => (message.serial === 1 ? new Promise(() => {}) : message) },
    ]);
    const data = heard(room);
    for (const serial of [1, 2]) fake.link.received('room', message(serial));
    await clock.advance(9_999);
    expect(data).toEqual([]);
    await clock.advance(1);
    expect([data, errors.map((error) => error.code)]).toEqual([[2], ['timeout']]);
  });

  it('while it only watches stops nothing', async () => {
    const fail = (): never => { throw new Error('a bug'); }; // prettier-ignore
    const { room, errors } = await connected([{ onPublish: fail, onState: fail, onGap: fail }]);
    await room.publish('e', 1);
    // Of the states connecting and connected, and of the publish; idle came before the app could listen.
    expect(errors.map(({ code }) => code)).toEqual(Array(3).fill('listener_failed'));
  });
});

describe('what ends', () => {
  const stuck: Interceptor = {
    outbound: () => new Promise(() => {}),
    inbound: () => new Promise(() => {}),
  };

  it('a publish that is with an interceptor, by its signal and by close()', async () => {
    const { room, realtime, clock } = await connected([stuck]);
    const abort = new AbortController();
    const aborted = fate(room.publish('e', 1, { signal: abort.signal }));
    const closed = fate(room.publish('e', 2));
    abort.abort();
    await clock.settle();
    expect([aborted.outcome, closed.outcome]).toEqual(['aborted', 'pending']);
    await realtime.close();
    await clock.settle();
    expect(closed.outcome).toBe('closed');
    expect(clock.pending).toBe(0);
  });

  it('a publish during which the client becomes suspended: it does not wait in the outbox', async () => {
    const { gate, open } = gates();
    const { room, realtime, fake, clock } = await connected(
      [{ outbound: (message) => gate(1).then(() => message) }],
      { suspendAfterMs: 1_000 },
    );
    const publish = fate(room.publish('e', 1));
    fake.handle('open', (call) => call.reject(failure('connection_failed')));
    fake.drop();
    await clock.advance(5_000);
    expect([realtime.connection.state.get(), publish.outcome]).toEqual(['suspended', 'pending']);
    open(1);
    await clock.settle();
    expect([publish.outcome, realtime.outbox.entries.get()]).toEqual(['suspended', []]);
  });

  it('a publish made while one before it is stuck, when that one ends', async () => {
    const client = await connected([
      { outbound: (message) => (message.data === 1 ? new Promise(() => {}) : message) },
    ]);
    const abort = new AbortController();
    const [first, second] = [
      fate(client.room.publish('e', 1, { signal: abort.signal })),
      fate(client.room.publish('e', 2)),
    ];
    await client.clock.settle();
    expect(second.outcome).toBe('pending');
    abort.abort();
    await client.clock.settle();
    expect([first.outcome, second.outcome]).toEqual(['aborted', 'resolved']);
  });

  it('what is with an interceptor when the channel detaches: it is not delivered, and is no error', async () => {
    const { gate, open } = gates();
    let signal: AbortSignal | undefined;
    const { room, fake, clock, errors } = await connected([
      {
        inbound(message, context) {
          ({ signal } = context);
          return gate(message.serial).then(() => message);
        },
      },
    ]);
    const data: unknown[] = [];
    const off = room.on('e', (value) => data.push(value));
    for (const serial of [1, 2]) fake.link.received('room', message(serial));
    await clock.settle();
    off();
    await room.detach();
    await clock.settle();
    expect(signal?.aborted).toBe(true);
    open(1);
    await clock.settle();
    expect([data, errors, clock.pending]).toEqual([[], [], 0]);
  });

  it('what waits for its turn when the service ends the channel', async () => {
    const { gate, open } = gates();
    const { room, fake, clock, errors } = await connected([
      { inbound: (message) => (message.serial === 1 ? gate(1).then(() => message) : message) },
    ]);
    const data = heard(room);
    for (const serial of [1, 2]) fake.link.received('room', message(serial));
    fake.link.detached('room', { error: failure('forbidden'), retry: 'never' });
    open(1);
    await clock.settle();
    expect([data, errors.map(({ code }) => code)]).toEqual([[], ['forbidden']]);
  });

  it('close({ flushMs }) sends what is with an interceptor', async () => {
    const { gate, open } = gates();
    const client = await connected([{ outbound: (message) => gate(1).then(() => message) }]);
    const publish = fate(client.room.publish('e', 1));
    const closing = client.realtime.close({ flushMs: 1_000 });
    await client.clock.settle();
    open(1);
    await client.clock.settle();
    await closing;
    expect(publish.outcome).toBe('resolved');
  });
});

describe('what an interceptor sees', () => {
  it('of data is a copy, made at the call', async () => {
    const seen: unknown[] = [];
    const { room } = await connected([
      {
        async outbound(message, { channel, maxPayloadBytes }) {
          await Promise.resolve();
          seen.push(message, channel, maxPayloadBytes);
          return message;
        },
      },
    ]);
    const data = { text: 'before' };
    const publish = room.publish('e', data);
    data.text = 'after';
    const { id } = await publish;
    const outgoing = { id, event: 'e', data: { text: 'before' }, volatile: false };
    expect(seen).toEqual([outgoing, 'room', 65_536]);
  });

  it('of a page is one context for all pages of a reading, which ends with the last', async () => {
    const contexts = new Set<unknown>();
    const ended: unknown[] = [];
    const { room, fake } = await connected([
      {
        inbound(message, context) {
          contexts.add(context);
          expect(context).toMatchObject({ channel: 'room', isLive: false });
          return message;
        },
        onEnd: (context) => ended.push(context),
      },
    ]);
    const pages = (): void =>
      fake.handle('history', (call) => {
        const isFirst = call.query.from === undefined;
        call.answer({ items: [message(isFirst ? 2 : 1)], complete: true, ...(isFirst && { next: 'n' }) }); // prettier-ignore
      });
    pages();
    const messages: Message[] = [];
    for await (const { items } of room.history()) messages.push(...items);
    expect(messages.map(({ serial }) => serial)).toEqual([2, 1]);
    expect([...contexts]).toEqual(ended);
    pages();
    for await (const page of room.history()) if (page) break;
    expect([contexts.size, ended.length]).toEqual([2, 1]); // the second was left early
  });

  it('as a watcher are publishes with their outcome, and each state of the connection', async () => {
    const seen: unknown[] = [];
    const { room, realtime } = await connected([
      {
        onPublish: ({ channel, event }, receipt) =>
          void receipt.then(
            ({ level }) => seen.push(`${channel} ${event} ${level}`),
            ({ code }: { code: string }) => seen.push(`${channel} ${event} ${code}`),
          ),
        onState: (state) => seen.push(state),
      },
    ]);
    await room.publish('e', 1);
    await room.publish('', 1).catch(() => {});
    await realtime.close();
    expect(seen).toEqual(['idle', 'connecting', 'connected', 'room e stored', 'room  invalid', 'closed']); // prettier-ignore
  });

  it('without one that changes messages, nothing waits', async () => {
    const { room, fake, realtime } = await connected([{ onState: () => {} }]);
    const data = heard(room);
    fake.link.received('room', message(1));
    expect(data).toEqual([1]);
    void room.publish('e', 1);
    expect(realtime.outbox.entries.get()).toHaveLength(1);
  });
});
