/** A room on backends that can do less: what it asks for, and what its lines claim. */
import { createRealtime } from '@anywire/core';
import { createMemoryHub, memory, type MemoryFeature, type MemoryHub } from '@anywire/core/memory';
import { afterEach, describe, expect, it } from 'vitest';
import { channels } from '../channels.ts';
import type { Context } from './conversation.ts';
import type { Line } from './log.ts';
import { openRoom, type Room } from './room.ts';
import type { Chat } from './sending.ts';

const open: Chat[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((chat) => chat.close()));
});

/** A client in the room, and what the backend complained about. */
function join(hub: MemoryHub, id: string): { room: Room; chat: Chat; problems: string[] } {
  const problems: string[] = [];
  const chat = createRealtime({
    channels,
    adapter: memory({ hub, clientId: id }),
    reconnectMinMs: 1,
    reconnectMaxMs: 1,
    log: (_, text) => problems.push(text),
  });
  open.push(chat);
  const context: Context = {
    chat,
    me: { id, name: id, key: '' },
    marks: { get: () => undefined, set: () => {} },
    isMe: (other) => other === id,
  };
  const room = openRoom(context, 'lobby');
  room.follow();
  return { room, chat, problems };
}

const lacking = (...lacks: MemoryFeature[]): MemoryHub => createMemoryHub({ lacks });

/** Resolves once the lines are such. */
function lines(room: Room, isMeant: (lines: readonly Line[]) => boolean): Promise<readonly Line[]> {
  return new Promise((resolve) => {
    let stop = (): void => {};
    stop = room.log.lines.subscribe((now) => {
      if (!isMeant(now)) return;
      queueMicrotask(() => stop());
      resolve(now);
    });
  });
}

const said = (all: readonly Line[]): readonly string[] =>
  all.map((line) =>
    line.kind === 'gap' ? 'gap' : `${line.fromName}: ${line.text}, ${line.state}`,
  );

describe('a backend without history', () => {
  it('is asked for no earlier messages, and the room says that none are kept', async () => {
    const hub = lacking('history', 'rewind');
    const { room, problems } = join(hub, 'Ann');
    await room.channel.attach();
    expect(room.isKept()).toBe(false);
    expect(problems).toEqual([]);
  });

  it('tells a gap after a drop, for nothing can fill it', async () => {
    const hub = createMemoryHub({ lacks: ['history', 'rewind'], order: 'sender' });
    const { room } = join(hub, 'Ann');
    await room.channel.attach();
    hub.drop();
    const [gap] = await lines(room, (all) => all.some(({ kind }) => kind === 'gap'));
    expect(gap).toMatchObject({ kind: 'gap', text: expect.stringMatching(/may be missing/) });
  });
});

describe('a backend without presence', () => {
  it('has an unknown list of people, not an empty one, and entering asks for nothing', async () => {
    const { room, problems } = join(lacking('presence'), 'Ann');
    await room.channel.attach();
    await room.enter();
    expect(room.people.get()).toBeUndefined();
    await room.leave();
    expect(room.people.get()).toBeUndefined();
    expect(problems).toEqual([]);
  });

  it('that says so only when it answers, has an unknown list from then on', async () => {
    const hub = createMemoryHub({ limits: { presence: { support: 'none' } } });
    const { room } = join(hub, 'Ann');
    expect(room.people.get()?.size).toBe(0);
    await expect(room.enter()).rejects.toMatchObject({ code: 'unsupported' });
    await room.channel.attach();
    expect(room.people.get()).toBeUndefined();
  });

  it('still lets the names of those who spoke be known', async () => {
    const hub = lacking('presence');
    const [ann, bob] = [join(hub, 'Ann'), join(hub, 'Bob')];
    await Promise.all([ann.room.channel.attach(), bob.room.channel.attach()]);
    bob.room.send('Hello');
    await lines(ann.room, (all) => all.length === 1);
    expect(ann.room.nameOf('Bob')).toBe('Bob');
    expect(ann.room.nameOf('Cid')).toBeUndefined();
  });
});

describe('a backend that confirms nothing and sends nothing back', () => {
  it('leaves an own line at `sent`, once, with the proof `written`, above what comes later', async () => {
    const hub = lacking('ack', 'echo');
    const [ann, bob] = [join(hub, 'Ann'), join(hub, 'Bob')];
    await Promise.all([ann.room.channel.attach(), bob.room.channel.attach()]);
    ann.room.send('Hello');
    await lines(ann.room, ([line]) => line?.kind === 'message' && line.proof === 'written');
    bob.room.send('Hello Ann');
    const all = await lines(ann.room, (now) => now.length === 2);
    expect(said(all)).toEqual(['Ann: Hello, sent', 'Bob: Hello Ann, delivered']);
    expect(all[0]).toMatchObject({ proof: 'written', isOwn: true });
  });
});

describe('a backend that confirms nothing but sends own messages back', () => {
  it('proves them by that: one line, `delivered`', async () => {
    const { room } = join(lacking('ack'), 'Ann');
    await room.channel.attach();
    room.send('Hello');
    const all = await lines(
      room,
      ([line]) => line?.kind === 'message' && line.state === 'delivered',
    );
    expect(said(all)).toEqual(['Ann: Hello, delivered']);
  });
});

describe('a backend that has everything', () => {
  it('shows people only once we have entered, and forgets them when we leave', async () => {
    const { room } = join(createMemoryHub(), 'Ann');
    expect(room.people.get()?.size).toBe(0);
    await room.enter();
    await new Promise<void>((resolve) =>
      room.people.subscribe((people) => people?.size && resolve()),
    );
    await room.leave();
    expect(room.people.get()?.size).toBe(0);
  });
});
