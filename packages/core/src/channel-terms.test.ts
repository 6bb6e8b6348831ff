import { describe, expect, it } from 'vitest';
import { fate, testClient, type TestClient } from '../test/client.ts';
import { defineChannels, event } from './channels.ts';
import type { Limits } from './contract.ts';
import { createMemoryHub, memory } from './memory.ts';
import { createRealtime } from './realtime.ts';

const noHistory: Limits = { ack: 'accepted', rewind: 'none', history: { support: 'none' } };
const noPresence: Limits = { presence: { support: 'none' } };

/** A service that states `limits` when it is opened. */
function stating(limits: Limits, options?: Parameters<typeof testClient>[0]): TestClient {
  const client = testClient({ clientId: 'me', ...options });
  client.fake.handle('open', (call) => call.answer({ limits }));
  return client;
}
const noop = (): void => {};

describe('what a service takes away when it opens', () => {
  it('shows in supports() and in the capabilities of a channel that was there before', async () => {
    const { realtime } = stating(noHistory);
    const room = realtime.channel('room');
    expect([realtime.supports('history'), room.capabilities.ack]).toEqual([true, 'stored']);
    await realtime.connection.connect();
    expect([realtime.supports('history'), room.capabilities.ack]).toEqual([false, 'accepted']);
    expect(room.capabilities).toBe(room.capabilities);
  });

  it('is refused with unsupported: history, an ack, a requirement', async () => {
    const { realtime, clock } = stating(noHistory);
    const room = realtime.channel('room');
    const early = fate(room.history().next()); // asked before anybody could know
    await clock.settle();
    expect(early.outcome).toBe('unsupported');
    const late = [fate(room.history().next()), fate(room.publish('e', 1, { ack: 'stored' }))];
    await clock.settle();
    expect(late.map(({ outcome }) => outcome)).toEqual(['unsupported', 'unsupported']);
    expect(() => realtime.channel('room', { require: { history: true } })).toThrow('unsupported');
  });

  it('is given back by the next connection that does not take it away', async () => {
    const client = stating(noHistory);
    await client.realtime.connection.connect();
    client.fake.handle('open', (call) => call.answer({}));
    client.fake.drop();
    expect(client.realtime.supports('history')).toBe(false);
    await client.clock.advance(250);
    expect(client.realtime.supports('history')).toBe(true);
  });

  it('rejects a publish whose ack was demanded before, and says that it was sent', async () => {
    const client = stating({ ack: 'accepted' });
    client.fake.handle('publish', (call) => call.answer([{ level: 'accepted' }]));
    const publish = fate(client.realtime.channel('room').publish('e', 1, { ack: 'stored' }));
    await client.clock.settle();
    expect(publish.outcome).toBe('unsupported');
    expect(String(publish.error)).toContain("it was sent, and is 'accepted'");
  });

  it('rejects an enter that waited, tells a watcher once, and leaves the messages alone', async () => {
    const client = stating(noPresence);
    const room = client.realtime.channel('room');
    room.on('e', noop);
    room.presence.on('enter', noop);
    const enter = fate(room.presence.enter(1));
    await client.clock.settle();
    expect(enter.outcome).toBe('unsupported');
    expect(room.state.get()).toBe('attached');
    expect(client.fake.all('attach').map(({ request }) => request.presence)).toEqual(['none']);
    expect(client.errors.map(({ code }) => code)).toEqual(['unsupported']);
  });

  it('ends a membership: it is told, and not entered again', async () => {
    const client = testClient({ clientId: 'me' });
    const room = client.realtime.channel('room');
    room.on('e', noop);
    await room.presence.enter(1);
    client.fake.handle('open', (call) => call.answer({ limits: noPresence }));
    client.fake.drop();
    await client.clock.advance(250);
    expect(client.fake.last('attach').request.presence).toBe('none');
    expect(client.errors.map(({ code }) => code)).toEqual(['unsupported']);
    expect(room.state.get()).toBe('attached');
  });

  it('a grace taken away makes core wait instead', async () => {
    const client = stating({ presence: { graceMs: 0 } });
    const { presence } = client.realtime.channel('room');
    presence.members.subscribe(noop);
    await client.clock.settle();
    const member = { clientId: 'ann', instanceId: '1', data: null };
    client.fake.link.presence('room', { action: 'enter', member });
    client.fake.link.presence('room', { action: 'leave', member });
    expect(presence.members.get()).toHaveLength(1);
    await client.clock.advance(15_000);
    expect(presence.members.get()).toHaveLength(0);
  });
});

describe('a requirement that no longer holds', () => {
  it('fails the channel before it is attached, with what is missing, and nothing is asked', async () => {
    const client = stating(noHistory);
    const room = client.realtime.channel('room', { require: { history: true, ack: 'stored' } });
    const attach = fate(room.attach());
    await client.clock.settle();
    expect(attach.outcome).toBe('unsupported');
    expect(String(attach.error)).toMatch(/'room' on 'fake' has no history, no ack 'stored'/);
    expect(room.state.get()).toBe('failed');
    expect(client.fake.all('attach')).toHaveLength(0);
  });

  it('by what the attach says fails the channel, and detaches it at the service', async () => {
    const client = testClient();
    client.fake.handle('attach', (call) =>
      call.answer({ continuity: 'initial', limits: noHistory }),
    );
    const room = client.realtime.channel('room', { require: { history: true } });
    const heard: unknown[] = [];
    room.on('e', (data) => heard.push(data));
    await client.clock.settle();
    expect([room.state.get(), room.error?.code]).toEqual(['failed', 'unsupported']);
    expect(client.fake.all('detach')).toHaveLength(1);
    client.fake.link.received('room', { event: 'e', data: 1, action: 'create' });
    expect(heard).toEqual([]);
    expect(client.errors.map(({ code }) => code)).toEqual(['unsupported']);
  });

  it('is kept at the higher of 2 acks, and forgotten with nothing else', async () => {
    const client = stating({ ack: 'accepted' });
    client.realtime.channel('room', { require: { ack: 'stored' } });
    const room = client.realtime.channel('room', { require: { ack: 'written', resume: true } });
    const attach = fate(room.attach());
    await client.clock.settle();
    expect(String(attach.error)).toContain("no ack 'stored'");
  });

  it('is asked for again at the next connection, which may have it', async () => {
    const client = stating(noHistory);
    const room = client.realtime.channel('room', { require: { history: true } });
    room.on('e', noop);
    await client.clock.settle();
    client.fake.handle('open', (call) => call.answer({}));
    client.fake.drop();
    await client.clock.advance(250);
    expect(room.state.get()).toBe('attached');
  });
});

describe('what one channel has less', () => {
  it('is told with the channel, the adapter, and that the definition may be the reason', () => {
    const fake = { capabilities: { binary: 'none' } } as const;
    const free = testClient({ fake }).realtime;
    const defined = testClient({
      fake,
      channels: defineChannels({ live: { events: {} } }),
    }).realtime;
    const require = { binary: true } as const;
    expect(() => free.channel('live', { require })).toThrow("'live' on 'fake' has no binary");
    expect(() => defined.channel('live', { require })).toThrow(
      "'live' on 'fake', as it is defined, has no binary",
    );
  });

  it('is said by its attach, and is true of this channel alone', async () => {
    const client = testClient();
    client.fake.handle('attach', (call) =>
      call.answer({
        continuity: 'initial',
        limits: call.channel === 'small' ? { maxPayloadBytes: 10 } : {},
      }),
    );
    const [small, large] = [await client.attached('small'), await client.attached('large')];
    const fates = [small, large].map((room) => fate(room.publish('e', 'x'.repeat(50))));
    await client.clock.settle();
    expect(fates.map(({ outcome }) => outcome)).toEqual(['payload_too_large', 'resolved']);
    expect(small.capabilities.maxPayloadBytes).toBe(10);
  });

  it('is said by its definition: on the memory hub a channel without history keeps nothing', async () => {
    const channels = defineChannels({
      plain: { events: { e: event<number>() } },
      kept: { events: { e: event<number>() }, history: true },
    });
    const realtime = createRealtime({ channels, adapter: memory({ hub: createMemoryHub() }) });
    const [plain, kept] = [realtime.channel('plain'), realtime.channel('kept')];
    expect([plain, kept].map(({ capabilities }) => capabilities.ack)).toEqual([
      'accepted',
      'stored',
    ]);
    const receipts = [await plain.publish('e', 1), await kept.publish('e', 1)];
    expect(receipts.map(({ level, serial }) => [level, serial])).toEqual([
      ['accepted', undefined],
      ['stored', 1],
    ]);
    await expect(plain.history().next()).rejects.toMatchObject({ code: 'unsupported' });
    expect(() => plain.on('e', noop, { rewind: 1 })).toThrow('unsupported');
    await realtime.close();
  });

  it('a hub that states its limits when it answers is believed', async () => {
    const hub = createMemoryHub({ limits: noHistory });
    const realtime = createRealtime({ adapter: memory({ hub }) });
    await realtime.connection.connect();
    expect(realtime.supports('history')).toBe(false);
    await realtime.close();
  });
});
