/**
 * Changes of one channel's members on their way to its watchers. The first few of a window go at once, so that a quiet
 * channel shows them without delay; the others wait for its end and travel together: n members who come at once are
 * n * n changes, and must not be n * n frames.
 *
 * Who began to watch while changes were waiting has them in its set, and gets the later ones alone.
 *
 * @see docs/protocol.md#changes · docs/decisions/0010-presence-batches.md · change-feed.test.ts
 */
import { changesText, changeText, presenceText } from '@anywire/protocol';
import type { Channel } from './attachment.ts';
import type { Clock } from './clock.ts';
import type { MemberChange } from './engine.ts';
import { Frame } from './frame.ts';

const windowMs = 100;
/** Changes of a window that go at once. */
const atOnce = 4;
/** Changes of one frame: as many as members in a `sync`. */
const pageChanges = 100;

export class ChangeFeed {
  private readonly channel: Channel;
  private readonly clock: Clock;
  private changes: string[] = [];
  /** Of the set after each of them. */
  private versions: string[] = [];
  private sent = 0;
  /** Set while a window is open. */
  private cancel: (() => void) | undefined = undefined;

  constructor(channel: Channel, clock: Clock) {
    this.channel = channel;
    this.clock = clock;
  }

  /** How many wait. */
  get waiting(): number {
    return this.changes.length;
  }

  tell({ action: a, member, version: v }: MemberChange): void {
    const { clientId: u, instanceId: x, connectionId: k, data } = member;
    if (!this.cancel) {
      this.sent = 0;
      this.cancel = this.clock.schedule(() => this.end(), windowMs);
    }
    if (this.sent === atOnce) {
      this.changes.push(changeText({ a, u, x, k }, data));
      this.versions.push(v);
      return;
    }
    this.sent += 1;
    const frame = new Frame(presenceText({ c: this.channel.name, v, a, u, x, k }, data));
    this.channel.tellWatchers(() => frame);
  }

  close(): void {
    this.cancel?.();
    this.cancel = undefined;
    this.changes = [];
    this.versions = [];
  }

  /** The window is over: what waits goes out. */
  private end(): void {
    const { channel, changes, versions } = this;
    this.close();
    for (let at = 0; at < changes.length; at += pageChanges) {
      const frames = new Map<number, Frame | undefined>();
      const v = versions[Math.min(at + pageChanges, versions.length) - 1];
      channel.tellWatchers((before) => {
        const from = Math.max(at, before);
        if (!frames.has(from))
          frames.set(from, frameOf(channel, v, changes.slice(from, at + pageChanges)));
        return frames.get(from);
      });
    }
    if (changes.length > 0) channel.toldAll();
  }
}

function frameOf(
  { name: c }: Channel,
  v: string | undefined,
  changes: readonly string[],
): Frame | undefined {
  return changes.length > 0 ? new Frame(changesText({ c, v }, changes)) : undefined;
}
