import { virtualClock, type VirtualClock } from '@anywire/testkit/clock';
import { decodeServerFrames } from '@anywire/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { Attachment, Channel } from './attachment.ts';
import type { Connection } from './connection.ts';
import type { Frame } from './frame.ts';

let clock: VirtualClock;
let channel: Channel;

beforeEach(() => {
  clock = virtualClock();
  channel = new Channel('room', undefined);
});

interface Watcher {
  readonly attachment: Attachment;
  readonly frames: string[];
  /** What it was told, as `enter 1`. */
  changes(): string[];
}

function watcher(): Watcher {
  const frames: string[] = [];
  const connection = { send: (frame: Frame) => void frames.push(frame.text) };
  const attachment = new Attachment(connection as unknown as Connection, channel);
  channel.watch(attachment);
  const changes = (): string[] =>
    frames.flatMap((text) => {
      const [decoded] = decodeServerFrames(text);
      if (!decoded?.ok) throw new Error('a frame that nobody can read');
      const { frame } = decoded;
      const all = frame.t === 'presence' ? [frame] : frame.t === 'changes' ? frame.changes : [];
      return all.map(({ a, u }) => `${a} ${u}`);
    });
  return { attachment, frames, changes };
}

const tell = (...names: readonly (number | string)[]): void => {
  for (const name of names) {
    const member = {
      clientId: String(name),
      instanceId: 'i',
      connectionId: 'k',
      hold: 'k',
      data: '{"n":1}',
    };
    channel.tell({ action: 'enter', member, version: 'v' }, clock);
  }
};
const upTo = (count: number, from = 1): number[] =>
  Array.from({ length: count }, (_, n) => n + from);
const entered = (count: number, from = 1): string[] => upTo(count, from).map((n) => `enter ${n}`);

describe('the changes of a channel', () => {
  it('go at once while there are 4 in 100 ms, and no timer stays', async () => {
    const { frames, changes } = watcher();
    tell(...upTo(4));
    expect(frames).toHaveLength(4);
    expect(clock.pending).toBe(1);
    await clock.advance(100);
    expect(clock.pending).toBe(0);
    tell(5);
    expect(changes()).toEqual(entered(5));
  });

  it('beyond them go together after 100 ms, in order, at most 100 in a frame', async () => {
    const { frames, changes } = watcher();
    tell(...upTo(250));
    await clock.advance(99);
    expect(frames).toHaveLength(4);
    await clock.advance(1);
    expect(frames).toHaveLength(4 + 3);
    expect(changes()).toEqual(entered(250));
  });

  it('of 1,000 members who come within 1 s are 50 frames for each watcher, and all changes', async () => {
    const { frames, changes } = watcher();
    for (const n of upTo(1_000)) {
      tell(n);
      await clock.advance(1);
    }
    await clock.advance(100);
    expect(frames.length).toBeLessThanOrEqual(50);
    expect(changes()).toEqual(entered(1_000));
  });

  it('are one and the same frame for all who watch', async () => {
    const [ann, bob] = [watcher(), watcher()];
    tell(...upTo(10));
    await clock.advance(100);
    expect(ann.frames).toEqual(bob.frames);
  });

  it('that waited when somebody began to watch are in its set: it gets the later ones alone', async () => {
    const early = watcher();
    tell(...upTo(6));
    const late = watcher();
    tell(...upTo(150, 7));
    const last = watcher();
    await clock.advance(100);
    expect(early.changes()).toEqual(entered(156));
    expect(late.changes()).toEqual(entered(150, 7));
    expect(last.frames).toEqual([]);
    tell('next');
    for (const { changes } of [early, late, last]) expect(changes().at(-1)).toBe('enter next');
  });

  it('wait for the set where it is being sent', async () => {
    const { attachment, frames } = watcher();
    attachment.heldPresence = [];
    tell(...upTo(6));
    await clock.advance(100);
    expect(frames).toEqual([]);
    expect(attachment.heldPresence).toHaveLength(5);
  });

  it('are forgotten with the channel, and leave no timer', () => {
    watcher();
    tell(...upTo(6));
    channel.close();
    expect(clock.pending).toBe(0);
  });
});
