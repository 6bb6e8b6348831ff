import { describe, expect, it } from 'vitest';
import { failure, fate, testClient, type TestClient } from '../test/client.ts';
import type { Channel } from './api.ts';
import type { AckLevel } from './contract.ts';

type Options = Parameters<typeof testClient>[0];

async function connected(options: Options = {}): Promise<TestClient & { room: Channel }> {
  const client = testClient(options);
  await client.realtime.connection.connect();
  return { ...client, room: client.realtime.channel('room') };
}

describe('a publish', () => {
  it('resolves with its id, the proven level, serial, timestamp and the number of tries', async () => {
    const { room, fake } = await connected();
    fake.handle('publish', (call) =>
      call.answer([{ level: 'stored', serial: 7, timestamp: 99, duplicate: true }]),
    );
    expect(await room.publish('e', 1)).toEqual({
      id: `${fake.link.nonce}:1`,
      level: 'stored',
      serial: 7,
      timestamp: 99,
      attempts: 1,
    });
  });

  it('needs no attachment, and makes none', async () => {
    const { room, fake } = await connected();
    await room.publish('e', 1);
    expect(fake.calls.map(({ verb }) => verb)).toEqual(['open', 'publish']);
    expect(room.state.get()).toBe('idle');
  });

  it.each<[string, unknown]>([
    ['empty', ''],
    ['129 characters long', 'x'.repeat(129)],
    ['no text', 7],
    ['missing', undefined],
  ])('whose event is %s is invalid', async (_, event) => {
    const { room, fake, clock } = await connected();
    const publish = fate(room.publish(event as string, 1));
    await clock.settle();
    expect(publish.outcome).toBe('invalid');
    expect(fake.all('publish')).toEqual([]);
  });

  it('whose event has 128 characters is sent', async () => {
    const { room } = await connected();
    await expect(room.publish('x'.repeat(128), 1)).resolves.toMatchObject({ attempts: 1 });
  });

  it.each<[string, unknown, string]>([
    ['undefined', undefined, 'invalid'],
    ['a function', () => {}, 'invalid'],
    ['a BigInt', 1n, 'invalid'],
    ['70,000 bytes', 'x'.repeat(70_000), 'payload_too_large'],
  ])('with %s rejects before it is sent, and does not connect', async (_, data, code) => {
    const client = testClient();
    const publish = fate(client.realtime.channel('room').publish('e', data));
    await client.clock.settle();
    expect(publish.outcome).toBe(code);
    expect(client.states).toEqual(['idle']);
    expect(client.realtime.outbox.entries.get()).toEqual([]);
  });

  it('is held to the size that the service states when it answers', async () => {
    const client = testClient();
    client.fake.handle('open', (call) => call.answer({ limits: { maxPayloadBytes: 10 } }));
    await client.realtime.connection.connect();
    const room = client.realtime.channel('room');
    const fates = ['x'.repeat(8), 'x'.repeat(9)].map((data) => fate(room.publish('e', data)));
    await client.clock.settle();
    expect(fates.map(({ outcome }) => outcome)).toEqual(['resolved', 'payload_too_large']);
  });

  it('is held to the size that the channel can take, where the service states more', async () => {
    const client = testClient({ fake: { capabilities: { maxPayloadBytes: 10 } } });
    client.fake.handle('open', (call) => call.answer({ limits: { maxPayloadBytes: 1_000 } }));
    await client.realtime.connection.connect();
    const publish = fate(client.realtime.channel('room').publish('e', 'x'.repeat(9)));
    await client.clock.settle();
    expect(publish.outcome).toBe('payload_too_large');
  });

  it('is held to the size that the service states for its channel when it attaches', async () => {
    const client = testClient();
    client.fake.handle('attach', (call) =>
      call.answer({ continuity: 'initial', limits: { maxPayloadBytes: 10 } }),
    );
    const room = await client.attached('room');
    const fates = [room, client.realtime.channel('other')].map((channel) =>
      fate(channel.publish('e', 'x'.repeat(9))),
    );
    await client.clock.settle();
    expect(fates.map(({ outcome }) => outcome)).toEqual(['payload_too_large', 'resolved']);
  });

  it('sends what the data were at the call, whatever becomes of the object', async () => {
    const client = testClient();
    const data = { text: 'before' };
    const publish = fate(client.realtime.channel('room').publish('e', data));
    data.text = 'after';
    await client.clock.settle();
    expect(publish.outcome).toBe('resolved');
    expect(client.fake.last('publish').batch[0]?.json).toBe('{"text":"before"}');
  });
});

describe('bytes', () => {
  const having = (binary: 'native' | 'emulated' | 'none', maxPayloadBytes = 8): Options => ({
    fake: { capabilities: { binary, maxPayloadBytes } },
  });

  it('go out as a plain copy without JSON, as they were at the call', async () => {
    const { room, fake, clock } = await connected(having('native'));
    const data = Buffer.from([1, 2, 3]);
    const publish = fate(room.publish('e', data));
    data[0] = 9;
    await clock.settle();
    expect(publish.outcome).toBe('resolved');
    const { data: sent, json } = fake.last('publish').batch[0] ?? {};
    expect([sent, json]).toEqual([new Uint8Array([1, 2, 3]), undefined]);
  });

  it.each([
    ['native', 8, 'resolved'],
    ['native', 9, 'payload_too_large'],
    ['emulated', 6, 'resolved'],
    ['emulated', 7, 'payload_too_large'],
    ['none', 1, 'unsupported'],
  ] as const)('where they are %s and 8 bytes may travel: %i end as %s', async (...given) => {
    const [binary, length, outcome] = given;
    const { room, fake, clock } = await connected(having(binary));
    const publish = fate(room.publish('e', new Uint8Array(length)));
    await clock.settle();
    expect(publish.outcome).toBe(outcome);
    expect(fake.all('publish')).toHaveLength(outcome === 'resolved' ? 1 : 0);
  });

  it('can be required', async () => {
    const { realtime } = await connected(having('none'));
    expect(realtime.supports('binary')).toBe(false);
    expect(() => realtime.channel('files', { require: { binary: true } })).toThrow('binary');
  });

  it('that wait are counted: 6 and 5 bytes in an outbox of 10', async () => {
    const { realtime, clock } = testClient({ ...having('native'), outboxBytes: 10 });
    const room = realtime.channel('room');
    const fates = [6, 5].map((length) => fate(room.publish('e', new Uint8Array(length))));
    await clock.settle();
    expect(fates.map(({ outcome }) => outcome)).toEqual(['resolved', 'outbox_full']);
  });
});

describe('ack', () => {
  const levels: AckLevel[] = ['none', 'written', 'accepted', 'stored'];

  it.each(levels.flatMap((has) => levels.map((asks) => [has, asks] as const)))(
    'a backend that proves %s, asked for %s',
    async (has, asks) => {
      const { room, fake, clock } = await connected({ fake: { capabilities: { ack: has } } });
      const publish = fate(room.publish('e', 1, { ack: asks }));
      await clock.settle();
      const can = levels.indexOf(has) >= levels.indexOf(asks);
      expect(publish.outcome).toBe(can ? 'resolved' : 'unsupported');
      expect(fake.all('publish')).toHaveLength(can ? 1 : 0);
    },
  );

  it('is judged by the channel’s own capabilities', async () => {
    const { realtime, clock } = await connected({
      fake: { capabilitiesFor: ({ name }) => (name === 'weak' ? { ack: 'written' } : {}) },
    });
    const fates = ['weak', 'strong'].map((name) =>
      fate(realtime.channel(name).publish('e', 1, { ack: 'accepted' })),
    );
    await clock.settle();
    expect(fates.map(({ outcome }) => outcome)).toEqual(['unsupported', 'resolved']);
  });

  it.each(['written', 'accepted', 'stored'] as const)(
    'of %s is invalid for a volatile publish',
    async (ack) => {
      const { room, clock } = await connected();
      const publish = fate(room.publish('e', 1, { volatile: true, ack }));
      await clock.settle();
      expect(publish.outcome).toBe('invalid');
    },
  );
});

describe('a volatile publish', () => {
  it('is sent at once, and resolves without waiting for an answer', async () => {
    const { room, fake } = await connected();
    fake.hold('publish');
    const receipt = await room.publish('e', 1, { volatile: true });
    expect(receipt).toMatchObject({ level: 'none', serial: undefined, attempts: 1 });
    expect(fake.last('publish').batch).toMatchObject([{ volatile: true }]);
    expect(fake.last('publish').batch[0]?.sequence).toBeUndefined();
  });

  it('is dropped while not connected, says so with attempts: 0, and never waits', async () => {
    const client = testClient();
    const receipt = await client.realtime.channel('r').publish('e', 1, { volatile: true });
    expect(receipt).toMatchObject({ level: 'none', attempts: 0 });
    expect(client.realtime.outbox.entries.get()).toEqual([]);
    await client.clock.advance(60_000);
    expect(client.fake.all('publish')).toEqual([]);
    expect(client.states.at(-1)).toBe('connected'); // it began to connect, for the next one
  });

  it('that the backend refuses is logged and nothing else', async () => {
    const { room, fake, clock, errors, logs } = await connected();
    fake.handle('publish', (call) => call.reject(failure('rate_limited')));
    await expect(room.publish('e', 1, { volatile: true })).resolves.toMatchObject({ attempts: 1 });
    await clock.settle();
    expect(errors).toEqual([]);
    expect(logs.some((line) => line.includes('volatile'))).toBe(true);
  });

  it('whose adapter throws at once is logged and nothing else', async () => {
    const { room, fake, clock, errors } = await connected();
    (fake.session as { publish: unknown }).publish = () => {
      throw new Error('a bug of the adapter');
    };
    const publish = fate(room.publish('e', 1, { volatile: true }));
    await clock.settle();
    expect(publish.outcome).toBe('resolved');
    expect(errors).toEqual([]);
  });

  it('is not sent when its signal has fired', async () => {
    const { room, fake, clock } = await connected();
    const publish = fate(room.publish('e', 1, { volatile: true, signal: AbortSignal.abort() }));
    await clock.settle();
    expect(publish.outcome).toBe('aborted');
    expect(fake.all('publish')).toEqual([]);
  });

  it('after close() resolves as dropped, and does not open the client again', async () => {
    const { room, realtime, fake, clock } = await connected();
    await realtime.close();
    await expect(room.publish('e', 1, { volatile: true })).resolves.toMatchObject({ attempts: 0 });
    await clock.advance(60_000);
    expect(fake.sessions).toHaveLength(1);
  });
});
