import { describe, expect, it } from 'vitest';
import {
  attachedClient,
  dialectClient,
  outcome,
  type DialectClient,
  type TestSpec,
} from '../test/dialect-client.ts';
import type { SocketEvent } from './dialect-spec.ts';

const whole: TestSpec = {
  presence: {
    enter: (channel, data) => ['enter', channel, data],
    update: (channel, data) => ['update', channel, data],
    leave: (channel) => ['exit', channel],
    list: (channel) => ['who', channel],
    perInstance: true,
  },
};

/** Whoever joins is in, and the server tells who that is. */
const byJoin: TestSpec = { presence: {} };

async function watching(dialect: TestSpec): Promise<DialectClient & { log: string[] }> {
  const client = dialectClient({ dialect, clientId: 'me' });
  const log: string[] = [];
  const { presence } = client.room;
  for (const action of ['enter', 'update', 'leave'] as const)
    presence.on(action, ({ clientId, data }) => log.push(`${action} ${clientId} ${String(data)}`));
  presence.onSync(() => log.push('sync'));
  await client.clock.settle();
  return Object.assign(client, { log });
}

const names = ({ room }: DialectClient): string[] =>
  room.presence.members.get().map(({ clientId }) => clientId);
const tell = ({ wire }: DialectClient, said: object): void =>
  wire.say('told', { channel: 'room', ...said });

describe('presence over a dialect', () => {
  it('enter, update and leave are said, in this order', async () => {
    const client = await attachedClient({ dialect: whole, clientId: 'me' });
    const { presence } = client.room;
    await presence.enter('A');
    await presence.update('B');
    await presence.leave();
    expect(client.wire.heard.slice(1)).toEqual(
      expect.arrayContaining([
        ['enter', 'room', 'A'],
        ['update', 'room', 'B'],
        ['exit', 'room'],
      ]),
    );
  });

  it('who watches asks once who is there, after the join', async () => {
    const client = await watching(whole);
    expect(client.wire.heard).toEqual([
      ['join', 'room'],
      ['who', 'room'],
    ]);
  });

  it('3 who come, change and go are told one by one', async () => {
    const client = await watching(whole);
    tell(client, { members: [{ clientId: 'ann', data: 1 }] });
    tell(client, { entered: { clientId: 'bob' } });
    tell(client, { entered: { clientId: 'ann', data: 2 } });
    tell(client, { left: 'bob', reason: 'left' });
    expect(client.log).toEqual(['enter ann 1', 'sync', 'enter bob null', 'update ann 2', 'leave bob null']); // prettier-ignore
    expect(names(client)).toEqual(['ann']);
  });

  it('a second list replaces the first: who is not in it has gone', async () => {
    const client = await watching(whole);
    tell(client, { members: [{ clientId: 'ann' }, { clientId: 'bob' }] });
    expect(client.room.presence.synced).toBe(true);
    tell(client, { members: [{ clientId: 'bob' }, { clientId: 'cy' }] });
    await client.clock.advance(60_000);
    expect(names(client)).toEqual(['bob', 'cy']);
  });

  it('2 tabs of one client are 2 members, and one going leaves the other', async () => {
    const client = await watching(whole);
    const tab = (instanceId: string): object => ({ clientId: 'ann', instanceId });
    tell(client, { members: [tab('1'), tab('2')] });
    tell(client, { left: tab('1'), reason: 'left' });
    expect(client.room.presence.members.get()).toMatchObject([
      { clientId: 'ann', instanceId: '2' },
    ]);
  });

  it('a list that came with the join is told to those who watch later', async () => {
    const { enter, leave } = { ...whole.presence };
    const dialect = { presence: { enter, leave } } as TestSpec;
    const client = await attachedClient({ dialect, clientId: 'me' });
    tell(client, { members: [{ clientId: 'ann' }] });
    tell(client, { entered: { clientId: 'bob' } });
    const seen: string[] = [];
    client.room.presence.on('enter', ({ clientId }) => seen.push(clientId));
    await client.clock.settle();
    expect(seen).toEqual(['ann', 'bob']);
    expect(client.room.presence.synced).toBe(true);
  });

  it('where joining is entering, enter says nothing more', async () => {
    const client = dialectClient({ dialect: byJoin, clientId: 'me' });
    await client.room.presence.enter(null);
    expect(client.wire.heard).toEqual([['join', 'room']]);
  });

  it('what is absent is refused: leave and update of those who joined', async () => {
    const client = await attachedClient({ dialect: byJoin, clientId: 'me' });
    await client.room.presence.enter(null);
    expect(await outcome(client.room.presence.update(1))).toContain('[anywire:unsupported]');
    expect(await outcome(client.room.presence.leave())).toContain(
      "[anywire:unsupported] the dialect 'plain' has no presence.leave for 'room'",
    );
  });

  it('a dialect without presence refuses to enter', async () => {
    const client = dialectClient({ clientId: 'me' });
    expect(await outcome(client.room.presence.enter(1))).toContain('[anywire:unsupported]');
  });

  it('is entered again after a reconnect, and the list is asked for anew', async () => {
    const client = await attachedClient({ dialect: whole, clientId: 'me' });
    await client.room.presence.enter('A');
    await client.comeBack();
    expect(client.wires).toHaveLength(2);
    expect(client.wire.heard).toEqual([
      ['join', 'room'],
      ['enter', 'room', 'A'],
      ['who', 'room'],
    ]);
  });

  it('enter, update and leave that throw reject their own call by name; the channel stays attached', async () => {
    const failing = new Set<string>();
    const named =
      (verb: string) =>
      (channel: string): SocketEvent => {
        if (failing.has(verb)) throw new TypeError('x is undefined');
        return [verb, channel];
      };
    const presence = { enter: named('enter'), update: named('update'), leave: named('leave') };
    const client = await attachedClient({ dialect: { presence }, clientId: 'me' });
    const own = client.room.presence;
    const act = {
      enter: () => own.enter(1),
      update: () => own.update(2),
      leave: () => own.leave(),
    };
    for (const verb of ['enter', 'update', 'leave'] as const) {
      failing.add(verb);
      expect(await outcome(act[verb]())).toBe(
        `[anywire:invalid] presence.${verb}() of the dialect 'plain' threw: x is undefined`,
      );
      failing.delete(verb);
      expect(await outcome(act[verb]())).toBe('resolved');
      expect(client.room.state.get()).toBe('attached');
    }
    expect(client.wires).toHaveLength(1);
  });

  it('an enter that throws while its channel is being attached: the messages are heard all the same', async () => {
    const presence = {
      enter: (): SocketEvent => {
        throw new TypeError('x is undefined');
      },
      leave: (channel: string): SocketEvent => ['exit', channel],
    };
    const client = dialectClient({ dialect: { presence }, clientId: 'me' });
    client.room.onAny(({ data }) => client.data.push(data));
    expect(await outcome(client.room.presence.enter(1))).toBe(
      "[anywire:invalid] presence.enter() of the dialect 'plain' threw: x is undefined",
    );
    await client.clock.settle();
    expect(client.room.state.get()).toBe('attached');
    client.wire.say('say', 'room', { event: 'e', data: 1 });
    expect(client.data).toEqual([1]);
    expect(client.wires).toHaveLength(1);
  });

  it('a list function that throws is reported, and the member is in', async () => {
    const client = dialectClient({
      clientId: 'me',
      dialect: {
        presence: {
          ...whole.presence,
          list: () => {
            throw new TypeError('x is undefined');
          },
        },
      },
    });
    await client.room.presence.enter('A');
    await client.clock.settle();
    expect(client.room.state.get()).toBe('attached');
    expect(client.errors.map(({ message }) => message)).toEqual([
      "[anywire:invalid] presence.list() of the dialect 'plain' threw: x is undefined",
    ]);
  });
});
