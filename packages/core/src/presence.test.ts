import { describe, expect, it } from 'vitest';
import { failure, fate, testClient, type TestClient } from '../test/client.ts';
import type { Channel, Member } from './api.ts';
import type { PresenceChange } from './contract.ts';

type Action = Exclude<PresenceChange['action'], 'occupancy'>;
type Options = Parameters<typeof testClient>[0];

async function connected(options: Options = {}): Promise<TestClient & { room: Channel }> {
  const client = testClient({ clientId: 'me', ...options });
  await client.realtime.connection.connect();
  return { ...client, room: client.realtime.channel('room') };
}

/** The calls that concern presence, as `verb data`; attaches as `attach mode data`. */
const told = ({ fake }: TestClient): string[] =>
  fake.calls.flatMap((call) => {
    if (call.verb === 'attach' && 'request' in call) {
      const { presence, presenceData } = call.request;
      return [`attach ${presence}${presenceData === undefined ? '' : ` ${String(presenceData)}`}`];
    }
    if (call.verb === 'enter' || call.verb === 'update')
      return [`${call.verb} ${'data' in call ? String(call.data) : ''}`];
    return call.verb === 'leave' ? ['leave'] : [];
  });

const say = ({ fake }: TestClient, ...changes: string[]): void => {
  for (const text of changes) {
    const [action, name = '', data = null] = text.split(' ') as [Action, string?];
    const [clientId = '', instanceId = '1'] = name.split('/');
    fake.link.presence(
      'room',
      action === 'sync-start' || action === 'sync-end'
        ? { action }
        : { action, member: { clientId, instanceId, data } },
    );
  }
};
const names = (members: readonly Member[]): string[] =>
  members.map(({ clientId, instanceId }) => `${clientId}/${instanceId}`);
const noop = (): void => {};

describe('enter', () => {
  it('before the attach travels with it, in one call', async () => {
    const client = await connected();
    await client.room.presence.enter('A');
    expect(told(client)).toEqual(['attach enter A']);
  });

  it('after the attach is one call of its own', async () => {
    const client = await connected();
    await client.room.attach();
    await client.room.presence.enter('A');
    expect(told(client)).toEqual(['attach none', 'enter A']);
  });

  it('while a plain attach is out is one call after it', async () => {
    const client = await connected();
    client.fake.hold('attach');
    client.room.on('e', noop);
    await client.clock.settle();
    const enter = fate(client.room.presence.enter('A'));
    client.fake.release('attach');
    await client.clock.settle();
    expect(enter.outcome).toBe('resolved');
    expect(told(client)).toEqual(['attach none', 'enter A']);
  });

  it('keeps the channel attached until leave(), and detaches it 2,500 ms later', async () => {
    const client = await connected();
    await client.room.presence.enter('A');
    await client.clock.advance(60_000);
    expect(client.room.state.get()).toBe('attached');
    await client.room.presence.leave();
    expect(told(client)).toEqual(['attach enter A', 'leave']);
    await client.clock.advance(2_499);
    expect(client.room.state.get()).toBe('attached');
    await client.clock.advance(1);
    expect(client.room.state.get()).toBe('detached');
  });

  it('again with other data is an update, never a leave and an enter', async () => {
    const client = await connected();
    await client.room.presence.enter('A');
    await client.room.presence.enter('B');
    await client.room.presence.update('C');
    expect(told(client)).toEqual(['attach enter A', 'update B', 'update C']);
  });

  it('happens again with the newest data by the attach after a drop, with no call of its own', async () => {
    const client = await connected();
    await client.room.presence.enter('A');
    await client.room.presence.update('B');
    client.fake.drop();
    await client.clock.advance(250);
    expect(told(client)).toEqual(['attach enter A', 'update B', 'attach enter B']);
    await client.room.presence.update('C');
    expect(told(client).slice(3)).toEqual(['update C']);
  });

  it('that waits while the connection breaks resolves by the next attach', async () => {
    const client = await connected();
    await client.room.attach();
    client.fake.hold('enter');
    const enter = fate(client.room.presence.enter('A'));
    await client.clock.settle();
    client.fake.last('enter').reject(failure('connection_failed'));
    client.fake.drop();
    await client.clock.advance(250);
    expect(enter.outcome).toBe('resolved');
    expect(told(client)).toEqual(['attach none', 'enter A', 'attach enter A']);
  });

  it('that the service rejects rejects, is not repeated, and holds the channel no longer', async () => {
    const client = await connected();
    client.room.on('e', noop);
    await client.clock.settle();
    client.fake.handle('enter', (call) => call.reject(failure('forbidden')));
    const enter = fate(client.room.presence.enter('A'));
    await client.clock.settle();
    expect(enter.outcome).toBe('forbidden');
    client.fake.drop();
    await client.clock.advance(250);
    expect(told(client)).toEqual(['attach none', 'enter A', 'attach none']);
    expect(client.room.state.get()).toBe('attached');
  });

  it('that is rejected on a channel that nobody else uses lets go of it', async () => {
    const client = await connected();
    client.fake.handle('enter', (call) => call.reject(failure('forbidden')));
    client.fake.handle('attach', (call) =>
      call.request.presence === 'enter' ? call.reject(failure('forbidden')) : call.answer(),
    );
    const enter = fate(client.room.presence.enter('A'));
    await client.clock.settle();
    expect(enter.outcome).toBe('forbidden');
    await client.clock.advance(2_500);
    expect(client.room.state.get()).toBe('detached');
    expect(client.clock.pending).toBe(0);
  });

  it('whose attach is refused for now happens with the next try', async () => {
    const client = await connected();
    client.fake.handle('attach', (call) => call.reject(failure('server_error')));
    const enter = fate(client.room.presence.enter('A'));
    await client.clock.settle();
    expect(enter.outcome).toBe('pending');
    client.fake.release('attach');
    await client.clock.advance(250);
    expect(enter.outcome).toBe('resolved');
    expect(told(client)).toEqual(['attach enter A', 'attach enter A']);
  });

  it('that is rejected together with a second one leaves nothing behind', async () => {
    const client = await connected();
    client.room.on('e', noop);
    await client.clock.settle();
    client.fake.handle('enter', (call) => call.reject(failure('forbidden')));
    const fates = ['A', 'B'].map((data) => fate(client.room.presence.enter(data)));
    await client.clock.settle();
    expect(fates.map(({ outcome }) => outcome)).toEqual(['forbidden', 'forbidden']);
    client.fake.drop();
    await client.clock.advance(250);
    expect(told(client).at(-1)).toBe('attach none');
  });

  it('that is aborted, or has no answer in 10 s, rejects and is taken back', async () => {
    const client = await connected();
    await client.room.attach();
    client.fake.hold('enter');
    const abort = new AbortController();
    const first = fate(client.room.presence.enter('A', { signal: abort.signal }));
    await client.clock.settle();
    abort.abort();
    await client.clock.settle();
    expect(first.outcome).toBe('aborted');
    const second = fate(client.room.presence.enter('B'));
    await client.clock.advance(9_999);
    expect(second.outcome).toBe('pending');
    await client.clock.advance(1);
    expect(second.outcome).toBe('timeout');
    client.fake.drop();
    await client.clock.advance(250);
    expect(told(client).at(-1)).toBe('attach none');
  });

  it('an update that is rejected leaves what was before, also after a drop', async () => {
    const client = await connected();
    await client.room.presence.enter('A');
    client.fake.handle('update', (call) => call.reject(failure('rate_limited')));
    const update = fate(client.room.presence.update('B'));
    await client.clock.settle();
    expect(update.outcome).toBe('rate_limited');
    client.fake.drop();
    await client.clock.advance(250);
    expect(told(client).at(-1)).toBe('attach enter A');
  });

  it('on a channel whose attach is refused rejects with that reason', async () => {
    const client = await connected();
    client.fake.handle('attach', (call) => call.reject(failure('client_id_required')));
    const enter = fate(client.room.presence.enter('A'));
    await client.clock.settle();
    expect(enter.outcome).toBe('client_id_required');
  });

  it.each<[string, unknown, string]>([
    ['undefined', undefined, 'invalid'],
    ['a function', noop, 'invalid'],
    ['100 kB', 'x'.repeat(100_000), 'payload_too_large'],
  ])('with %s rejects before anything is sent', async (_, data, code) => {
    const client = await connected();
    const enter = fate(client.room.presence.enter(data));
    await client.clock.settle();
    expect(enter.outcome).toBe(code);
    expect(told(client)).toEqual([]);
  });

  it('happens again after close() and connect()', async () => {
    const client = await connected();
    await client.room.presence.enter('A');
    await client.realtime.close();
    await client.realtime.connection.connect();
    await client.clock.settle();
    expect(told(client).at(-1)).toBe('attach enter A');
  });
});

describe('update and leave', () => {
  it('update without enter rejects as invalid', async () => {
    const { room, clock } = await connected();
    const update = fate(room.presence.update('A'));
    await clock.settle();
    expect(update.outcome).toBe('invalid');
  });

  it('leave without enter resolves and says nothing', async () => {
    const client = await connected();
    await client.room.presence.leave();
    expect(told(client)).toEqual([]);
  });

  it('leave while the connection is away resolves, and nobody enters later', async () => {
    const client = await connected();
    client.room.on('e', noop);
    await client.room.presence.enter('A');
    client.fake.drop();
    await client.room.presence.leave();
    await client.clock.advance(250);
    expect(told(client).at(-1)).toBe('attach none');
  });

  it('leave while an attach that enters is out: leaves after it', async () => {
    const client = await connected();
    client.room.on('e', noop);
    await client.room.presence.enter('A');
    client.fake.hold('attach');
    client.fake.drop();
    await client.clock.advance(250);
    expect(told(client).at(-1)).toBe('attach enter A');
    await client.room.presence.leave();
    client.fake.release('attach');
    await client.clock.settle();
    expect(told(client).at(-1)).toBe('leave');
  });

  it('leave while a vendor that enters again by itself is away: leaves when it is back', async () => {
    const client = await connected({ fake: { reconnect: 'adapter' } });
    client.room.on('e', noop);
    await client.room.presence.enter('A');
    client.fake.drop();
    await client.room.presence.leave();
    client.fake.reopen('kept');
    await client.clock.settle();
    expect(told(client).at(-1)).toBe('leave');
  });

  it('enter, leave and enter in one tick end as a member', async () => {
    const client = await connected();
    await client.room.attach();
    const fates = [
      fate(client.room.presence.enter('A')),
      fate(client.room.presence.leave()),
      fate(client.room.presence.enter('B')),
    ];
    await client.clock.advance(10_000);
    expect(fates.map(({ outcome }) => outcome)).not.toContain('pending');
    const last = told(client).filter((line) => !line.startsWith('attach'));
    expect(last.at(-1)).toMatch(/^(enter|update) B$/);
  });

  it('enter and leave in one tick end as no member', async () => {
    const client = await connected();
    client.room.on('e', noop);
    await client.clock.settle();
    const fates = [fate(client.room.presence.enter('A')), fate(client.room.presence.leave())];
    await client.clock.advance(10_000);
    expect(fates.map(({ outcome }) => outcome)).not.toContain('pending');
    const calls = told(client).filter((line) => !line.startsWith('attach'));
    expect(calls.at(-1) ?? 'leave').toBe('leave');
  });

  it('leave while an enter is out is sent after it', async () => {
    const client = await connected();
    await client.room.attach();
    client.fake.hold('enter');
    const enter = fate(client.room.presence.enter('A'));
    await client.clock.settle();
    const leave = fate(client.room.presence.leave());
    await client.clock.settle();
    client.fake.release('enter');
    await client.clock.settle();
    expect([enter.outcome, leave.outcome]).toEqual(['resolved', 'resolved']);
    expect(told(client)).toEqual(['attach none', 'enter A', 'leave']);
  });

  it('enter while a leave is out ends as a member, whom the channel is held for', async () => {
    const client = await connected();
    await client.room.presence.enter('A');
    client.fake.hold('leave');
    const fates = [fate(client.room.presence.leave())];
    await client.clock.settle();
    fates.push(fate(client.room.presence.enter('B')));
    await client.clock.settle();
    client.fake.release('leave');
    await client.clock.advance(10_000);
    expect(fates.map(({ outcome }) => outcome)).toEqual(['resolved', 'resolved']);
    expect(told(client).at(-1)).toMatch(/^(enter|update) B$/);
    expect(client.room.state.get()).toBe('attached');
    client.fake.drop();
    await client.clock.advance(250);
    expect(told(client).at(-1)).toBe('attach enter B');
  });

  it.each([
    ['its signal fires', 0, 'aborted'],
    ['10 s have passed', 10_000, 'timeout'],
  ])('an enter that is given up because %s is followed by a leave', async (_, ms, code) => {
    const client = await connected();
    client.room.on('e', noop);
    await client.clock.settle();
    client.fake.hold('enter');
    const abort = new AbortController();
    const enter = fate(client.room.presence.enter('A', { signal: abort.signal }));
    await client.clock.advance(ms);
    if (ms === 0) abort.abort();
    await client.clock.settle();
    expect(enter.outcome).toBe(code);
    expect(told(client)).toEqual(['attach none', 'enter A', 'leave']);
    await client.clock.advance(60_000);
    expect(told(client)).toHaveLength(3);
  });

  it('an update that is given up is followed by one with the data before it', async () => {
    const client = await connected();
    await client.room.presence.enter('A');
    client.fake.hold('update');
    const abort = new AbortController();
    const update = fate(client.room.presence.update('B', { signal: abort.signal }));
    await client.clock.settle();
    abort.abort();
    client.fake.release('update');
    await client.clock.settle();
    expect(update.outcome).toBe('aborted');
    expect(told(client)).toEqual(['attach enter A', 'update B', 'update A']);
  });

  it('an update that crosses the end of the attachment, and is refused for that, comes with the next one', async () => {
    const client = await connected();
    await client.room.presence.enter('A');
    client.fake.hold('update');
    const update = fate(client.room.presence.update('B'));
    await client.clock.settle();
    client.fake.link.detached('room', { error: failure('server_error'), retry: 'backoff' });
    client.fake.last('update').reject(failure('invalid'));
    await client.clock.advance(250);
    expect(update.outcome).toBe('resolved');
    expect(told(client)).toEqual(['attach enter A', 'update B', 'attach enter B']);
  });

  it('a leave that is given up before it was sent is sent nevertheless', async () => {
    const client = await connected();
    client.room.on('e', noop);
    await client.room.presence.enter('A');
    const abort = new AbortController();
    const leave = fate(client.room.presence.leave({ signal: abort.signal }));
    abort.abort();
    await client.clock.settle();
    expect(leave.outcome).toBe('aborted');
    expect(told(client)).toEqual(['attach enter A', 'leave']);
  });

  it('a leave that is refused twice rejects, is reported once, and is tried again by the next attach', async () => {
    const client = await connected();
    client.room.on('e', noop);
    await client.room.presence.enter('A');
    client.fake.handle('leave', (call) => call.reject(failure('rate_limited')));
    const leave = fate(client.room.presence.leave());
    await client.clock.advance(60_000);
    expect(leave.outcome).toBe('rate_limited');
    expect(client.errors.map(({ code }) => code)).toEqual(['rate_limited']);
    client.fake.release('leave');
    client.fake.link.detached('room', { error: failure('server_error'), retry: 'backoff' });
    await client.clock.advance(250);
    expect(told(client)).toEqual(['attach enter A', 'leave', 'leave', 'attach none', 'leave']);
  });

  it('leave while the channel alone is suspended resolves, and is sent when it is back', async () => {
    const client = await connected();
    client.room.on('e', noop);
    await client.room.presence.enter('A');
    client.fake.link.detached('room', { error: failure('server_error'), retry: 'backoff' });
    await client.room.presence.leave();
    await client.clock.advance(250);
    expect(told(client)).toEqual(['attach enter A', 'attach none', 'leave']);
  });

  it('leave while the channel alone is suspended, and nobody else uses it, detaches it', async () => {
    const client = await connected({ lingerMs: 0 });
    await client.room.presence.enter('A');
    client.fake.link.detached('room', { error: failure('server_error'), retry: 'backoff' });
    await client.room.presence.leave();
    await client.clock.settle();
    expect(client.fake.all('detach')).toHaveLength(1);
    expect(client.clock.pending).toBe(0);
  });

  it('a vendor that is back is not told to enter again: it does so by itself', async () => {
    const client = await connected({ fake: { reconnect: 'adapter' } });
    await client.room.presence.enter('A');
    client.fake.drop();
    client.fake.reopen('kept');
    await client.clock.settle();
    expect(told(client)).toEqual(['attach enter A']);
  });
});

describe('watching', () => {
  it('by 3 before the attach is part of it; the first of 3 after it refreshes it once', async () => {
    const client = await connected();
    for (const action of ['enter', 'update', 'leave'] as const)
      client.room.presence.on(action, noop);
    await client.clock.settle();
    expect(told(client)).toEqual(['attach watch']);
    const other = await connected();
    await other.room.attach();
    other.room.presence.on('enter', noop);
    other.room.presence.members.subscribe(noop);
    other.room.presence.clients.subscribe(noop);
    other.room.presence.onSync(noop);
    await other.clock.settle();
    expect(told(other)).toEqual(['attach none', 'attach watch']);
  });

  it('that begins while a plain attach is out refreshes it once, from its cursor', async () => {
    const client = await connected();
    client.fake.hold('attach');
    client.room.on('e', noop);
    await client.clock.settle();
    client.room.presence.on('enter', noop);
    client.fake.release('attach');
    await client.clock.advance(10_000);
    expect(told(client)).toEqual(['attach none', 'attach watch']);
    expect(client.fake.last('attach').request.cursor).toBe('fake:0');
  });

  it('a refresh that is refused does not take the messages away for long', async () => {
    const client = await connected();
    await client.room.attach();
    client.fake.handle('attach', (call) => call.reject(failure('server_error')));
    client.room.presence.on('enter', noop);
    await client.clock.settle();
    client.fake.release('attach');
    await client.clock.advance(250);
    expect(client.room.state.get()).toBe('attached');
  });

  it('keeps the channel attached until the last of 2 watchers stops', async () => {
    const client = await connected();
    const stops = [
      client.room.presence.on('enter', noop),
      client.room.presence.members.subscribe(noop),
    ];
    await client.clock.settle();
    stops[0]?.();
    stops[0]?.();
    await client.clock.advance(10_000);
    expect(client.room.state.get()).toBe('attached');
    stops[1]?.();
    await client.clock.advance(2_500);
    expect(client.room.state.get()).toBe('detached');
    expect(client.room.presence.members.get()).toEqual([]);
  });

  it('gives edges whose members are in the stores already', async () => {
    const client = await connected();
    const { presence } = client.room;
    const seen: string[] = [];
    const see = (action: string) => (): void => {
      const [members, clients] = [presence.members.get(), presence.clients.get()];
      seen.push(`${action}: ${names(members).join(' ')} | ${[...clients.keys()].join(' ')}`);
    };
    presence.on('enter', see('enter'));
    presence.on('update', see('update'));
    presence.on('leave', see('leave'));
    presence.onSync(see('sync'));
    await client.clock.settle();
    seen.length = 0;
    say(client, 'sync-start', 'enter ann', 'enter ann/2', 'enter bob', 'sync-end');
    expect(presence.synced).toBe(true);
    say(client, 'update ann x', 'leave ann/2', 'leave bob');
    expect(seen).toEqual([
      'enter: ann/1 | ann',
      'enter: ann/1 ann/2 | ann',
      'enter: ann/1 ann/2 bob/1 | ann bob',
      'sync: ann/1 ann/2 bob/1 | ann bob',
      'update: ann/1 ann/2 bob/1 | ann bob',
      'leave: ann/1 bob/1 | ann bob',
      'leave: ann/1 | ann',
    ]);
  });

  it('gives each client once, with its 2 instances, until the last of them leaves', async () => {
    const client = await connected();
    const { clients } = client.room.presence;
    clients.subscribe(noop);
    await client.clock.settle();
    say(client, 'enter ann/1', 'enter ann/2', 'leave ann/1');
    expect([...clients.get()].map(([name, members]) => [name, names(members)])).toEqual([
      ['ann', ['ann/2']],
    ]);
    say(client, 'leave ann/2');
    expect(clients.get().size).toBe(0);
  });

  it('gives snapshots that do not change, and a new one for each change only', async () => {
    const client = await connected();
    const { members } = client.room.presence;
    const snapshots: (readonly Member[])[] = [];
    members.subscribe((value) => snapshots.push(value));
    await client.clock.settle();
    say(client, 'enter ann', 'enter bob', 'enter ann', 'update bob', 'sync-start', 'enter ann');
    say(client, 'enter bob', 'sync-end', 'leave nobody');
    expect(snapshots.map(names)).toEqual([[], ['ann/1'], ['ann/1', 'bob/1']]);
    expect(members.get()).toBe(members.get());
  });

  it('of a channel without members tells its subscribers nothing when it ends, and with one that it is gone', async () => {
    const counts: number[] = [];
    for (const members of [0, 1]) {
      const client = await connected();
      let changes = -1; // the first call is no change
      client.room.presence.members.subscribe(() => (changes += 1));
      await client.clock.settle();
      if (members > 0) say(client, 'enter ann');
      await client.realtime.close();
      counts.push(changes);
      expect(client.room.presence.members.get()).toEqual([]);
    }
    expect(counts).toEqual([0, 2]);
  });

  it('says after a drop who left meanwhile, who came, and nothing of who stayed', async () => {
    const client = await connected();
    const { presence } = client.room;
    const edges: string[] = [];
    for (const action of ['enter', 'update', 'leave'] as const)
      presence.on(action, ({ clientId }) => edges.push(`${action} ${clientId}`));
    await client.clock.settle();
    say(client, 'sync-start', 'enter ann', 'enter bob', 'sync-end');
    client.fake.drop();
    expect(presence.synced).toBe(false);
    expect(names(presence.members.get())).toEqual(['ann/1', 'bob/1']);
    client.fake.hold('attach');
    await client.clock.advance(250);
    client.fake.link.attached('room', { continuity: 'kept' });
    say(client, 'sync-start', 'enter bob', 'enter cem', 'sync-end');
    expect(edges).toEqual(['enter ann', 'enter bob', 'enter cem', 'leave ann']);
    expect(presence.synced).toBe(true);
  });

  it('calls the other listeners when one throws', async () => {
    const client = await connected();
    const seen: string[] = [];
    client.room.presence.on('enter', () => {
      throw new Error('mine');
    });
    client.room.presence.on('enter', ({ clientId }) => seen.push(clientId));
    await client.clock.settle();
    say(client, 'enter ann');
    expect(seen).toEqual(['ann']);
    expect(client.errors).toMatchObject([{ code: 'listener_failed' }]);
  });

  it('ends at its signal', async () => {
    const client = await connected();
    const abort = new AbortController();
    const seen: string[] = [];
    client.room.presence.on('enter', (m) => seen.push(m.clientId), { signal: abort.signal });
    await client.clock.settle();
    abort.abort();
    say(client, 'enter ann');
    expect(seen).toEqual([]);
    await client.clock.advance(2_500);
    expect(client.room.state.get()).toBe('detached');
  });
});

describe('where presence is missing', () => {
  it('altogether: every verb refuses with unsupported, and nothing is attached', async () => {
    const client = await connected({ fake: { capabilities: { presence: { support: 'none' } } } });
    const { presence } = client.room;
    const fates = [fate(presence.enter(1)), fate(presence.update(1)), fate(presence.leave())];
    await client.clock.settle();
    expect(fates.map(({ outcome }) => outcome)).toEqual(['unsupported', 'unsupported', 'resolved']);
    expect(() => presence.on('enter', noop)).toThrow('[anywire:unsupported]');
    expect(() => presence.onSync(noop)).toThrow('[anywire:unsupported]');
    expect(() => presence.members.subscribe(noop)).toThrow('[anywire:unsupported]');
    expect(presence.members.get()).toEqual([]);
    expect(told(client)).toEqual([]);
  });

  it('in the definition of the channel: refuses too', async () => {
    const client = testClient({ channels: { 'plain:{id}': { events: {} } } });
    const enter = fate(client.realtime.channel('plain:1').presence.enter(1));
    await client.clock.settle();
    expect(enter.outcome).toBe('unsupported');
  });

  it('for watchers who are no members: watching is refused until one has entered', async () => {
    const client = await connected({ fake: { capabilities: { presence: { watchOnly: false } } } });
    const { presence } = client.room;
    expect(() => presence.on('enter', noop)).toThrow('[anywire:unsupported]');
    await presence.enter('A');
    expect(() => presence.on('enter', noop)).not.toThrow();
  });

  it('for updates: update() is refused, enter() is not', async () => {
    const client = await connected({ fake: { capabilities: { presence: { update: 'none' } } } });
    await client.room.presence.enter('A');
    const update = fate(client.room.presence.update('B'));
    await client.clock.settle();
    expect(update.outcome).toBe('unsupported');
    expect(told(client)).toEqual(['attach enter A']);
  });

  it('for updates: enter() with other data asks to enter again, and the adapter decides', async () => {
    const client = await connected({ fake: { capabilities: { presence: { update: 'none' } } } });
    await client.room.presence.enter('A');
    const again = fate(client.room.presence.enter('B'));
    await client.clock.settle();
    expect(again.outcome).toBe('resolved');
    expect(told(client)).toEqual(['attach enter A', 'enter B']);
  });
});

describe('an attach that is refused because of what it enters', () => {
  const refuseEntering = ({ fake }: TestClient): void =>
    fake.handle('attach', (call) =>
      call.request.presence === 'enter' ? call.reject(failure('forbidden')) : call.answer(),
    );

  it('rejects enter() alone: the listener of the channel is attached by a second attach', async () => {
    const client = await connected();
    refuseEntering(client);
    client.room.on('e', noop);
    const enter = fate(client.room.presence.enter('A'));
    await client.clock.settle();
    expect(enter.outcome).toBe('forbidden');
    expect(client.room.state.get()).toBe('attached');
    expect(told(client)).toEqual(['attach enter A', 'attach none']);
    expect(client.errors).toEqual([]);
  });

  it('is told by onError when nobody waits: it entered again after a drop', async () => {
    const client = await connected();
    client.room.on('e', noop);
    await client.room.presence.enter('A');
    refuseEntering(client);
    client.fake.drop();
    await client.clock.advance(250);
    expect(client.room.state.get()).toBe('attached');
    expect(client.errors.map(({ code }) => code)).toEqual(['forbidden']);
    client.fake.drop();
    await client.clock.advance(250);
    expect(told(client).at(-1)).toBe('attach none');
  });

  it('with a linger of 0 and no other use leaves the channel detached, and not failed', async () => {
    const client = await connected({ lingerMs: 0 });
    refuseEntering(client);
    const enter = fate(client.room.presence.enter('A'));
    await client.clock.settle();
    expect(enter.outcome).toBe('forbidden');
    expect(client.room.state.get()).toBe('detached');
  });
});

describe('an attach that is refused because it watches', () => {
  const refuse = ({ fake }: TestClient, ...modes: string[]): void =>
    fake.handle('attach', (call) =>
      modes.includes(call.request.presence) ? call.reject(failure('forbidden')) : call.answer(),
    );

  it('costs the watcher its members, and not the listener its messages; onError says so once', async () => {
    const client = await connected();
    refuse(client, 'watch');
    client.room.on('e', noop);
    client.room.presence.on('enter', noop);
    await client.clock.settle();
    expect(client.room.state.get()).toBe('attached');
    expect(told(client)).toEqual(['attach watch', 'attach none']);
    expect(client.errors.map(({ code }) => code)).toEqual(['forbidden']);
  });

  it('takes nothing from a channel that is attached when the watching begins', async () => {
    const client = await connected();
    refuse(client, 'watch');
    await client.room.attach();
    client.room.presence.onSync(noop);
    await client.clock.settle();
    expect(client.room.state.get()).toBe('attached');
    expect(told(client)).toEqual(['attach none', 'attach watch', 'attach none']);
  });

  it('is asked again at the next connection, which may be allowed to', async () => {
    const client = await connected();
    refuse(client, 'watch');
    client.room.presence.on('enter', noop);
    await client.clock.settle();
    refuse(client);
    client.fake.drop();
    await client.clock.advance(250);
    expect(told(client)).toEqual(['attach watch', 'attach none', 'attach watch']);
  });

  it('fails the channel, and is told once, where the channel itself is refused', async () => {
    const client = await connected();
    refuse(client, 'watch', 'none');
    client.room.presence.on('enter', noop);
    await client.clock.settle();
    expect(client.room.state.get()).toBe('failed');
    expect(client.errors.map(({ code }) => code)).toEqual(['forbidden']);
  });
});
