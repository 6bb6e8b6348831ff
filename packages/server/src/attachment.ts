/**
 * One connection in one channel, and the channel as this process sees it: who hears of a live message.
 *
 * A message is one frame for all; what differs between receivers is decided here, by two compares each.
 *
 * @see attach.ts for how an attachment becomes live · presence.ts for watchers
 */
import { nonceOf } from '@anywire/protocol';
import { ChangeFeed } from './change-feed.ts';
import type { Clock } from './clock.ts';
import type { Connection } from './connection.ts';
import type { Entry, MemberChange } from './engine.ts';
import type { MaybePromise } from './flow.ts';
import type { Frame } from './frame.ts';
import { createMeter, type Meter } from './meter.ts';

export class Attachment {
  readonly connection: Connection;
  readonly channel: Channel;
  /** Live messages up to this serial are not for it: a backlog has them. Infinity until the backlog is through. */
  after: number = Infinity;
  /** Whether it gets live messages of its own nonce. */
  echo = true;
  /** Frames that wait for the set of members to be sent; undefined: nothing waits. */
  heldPresence: Frame[] | undefined = undefined;
  /** How many of the changes that wait in the channel are older than its watching. */
  changesBefore = 0;
  /** It has a member here. */
  hasEntered = false;
  /** When `authorize` is asked again. */
  expiresAt: number | undefined = undefined;
  /** Where it stands in the channel's list; negative when it has ended. */
  index = -1;

  constructor(connection: Connection, channel: Channel) {
    this.connection = connection;
    this.channel = channel;
  }
}

export class Channel {
  readonly name: string;
  /** The engine reports live messages. */
  readonly ready: MaybePromise<void>;
  /** The newest serial that the engine reported. */
  serial = 0;
  /** Made when there is a first change. */
  private feed: ChangeFeed | undefined = undefined;
  private attachments: Attachment[] = [];
  private watchers: Set<Attachment> | undefined = undefined;
  private readonly meter: Meter;

  constructor(name: string, ready: MaybePromise<void>, meter: Meter = createMeter()) {
    this.name = name;
    this.ready = ready;
    this.meter = meter;
  }

  get isEmpty(): boolean {
    return this.attachments.length === 0;
  }

  get all(): readonly Attachment[] {
    return this.attachments;
  }

  add(attachment: Attachment): void {
    attachment.index = this.attachments.length;
    // A literal has room for one; a first `push` makes room for 17, in each of many channels with one client.
    if (attachment.index === 0) this.attachments = [attachment];
    else this.attachments.push(attachment);
  }

  /** The last one takes the place of the one that goes. */
  remove(attachment: Attachment): void {
    const last = this.attachments.pop();
    if (last && last !== attachment) {
      this.attachments[attachment.index] = last;
      last.index = attachment.index;
    }
    attachment.index = -1;
    this.watchers?.delete(attachment);
  }

  /** A live message, to all whose backlog does not hold it. */
  deliver({ serial, id, frame }: Entry): void {
    this.serial = serial;
    let sent = 0;
    for (const attachment of this.attachments) {
      if (serial > attachment.after && (attachment.echo || !isOwn(attachment, id))) {
        attachment.connection.send(frame);
        sent += 1;
      }
    }
    this.meter.deliveries += sent;
  }

  /** A message without a serial: only for those who are live. */
  deliverVolatile(id: string, frame: Frame): void {
    let sent = 0;
    for (const attachment of this.attachments) {
      if (attachment.after !== Infinity && (attachment.echo || !isOwn(attachment, id))) {
        attachment.connection.send(frame);
        sent += 1;
      }
    }
    this.meter.deliveries += sent;
  }

  // --- presence ---

  watch(attachment: Attachment): void {
    attachment.changesBefore = this.feed?.waiting ?? 0;
    (this.watchers ??= new Set()).add(attachment);
  }

  unwatch(attachment: Attachment): void {
    this.watchers?.delete(attachment);
  }

  isWatching(attachment: Attachment): boolean {
    return this.watchers?.has(attachment) === true;
  }

  get isWatched(): boolean {
    return this.watchers !== undefined && this.watchers.size > 0;
  }

  /** A change of a member, to those who watch: at once, or with others in a moment. */
  tell(change: MemberChange, clock: Clock): void {
    if (!this.isWatched) return;
    this.feed ??= new ChangeFeed(this, clock);
    this.feed.tell(change);
  }

  /** @param frameFor - The frame for those before whose watching so many changes were waiting. */
  tellWatchers(frameFor: (before: number) => Frame | undefined): void {
    for (const attachment of this.watchers ?? []) {
      const { heldPresence, connection, changesBefore } = attachment;
      const frame = frameFor(changesBefore);
      if (!frame) continue;
      if (heldPresence) heldPresence.push(frame);
      else connection.send(frame);
    }
  }

  /** What waited has been told. */
  toldAll(): void {
    for (const attachment of this.watchers ?? []) attachment.changesBefore = 0;
  }

  close(): void {
    this.feed?.close();
  }
}

function isOwn({ connection }: Attachment, id: string): boolean {
  const nonce = nonceOf(id);
  return nonce === connection.nonce || connection.earlierNonces?.has(nonce) === true;
}
