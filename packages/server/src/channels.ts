/**
 * Who is attached to what in this process: the life of an attachment, and what the engine reports live.
 *
 * @see attach.ts for how an attachment becomes live · attachment.ts for the fan-out
 */
import { RealtimeError } from '@anywire/core/errors';
import type { ErrorCode } from '@anywire/protocol';
import { Attachment, Channel } from './attachment.ts';
import { background } from './background.ts';
import type { Connection } from './connection.ts';
import { delayQueue, expiryWatch, type DelayQueue, type ExpiryWatch } from './deadlines.ts';
import { lingering, type Lingering } from './lingering.ts';
import { defaults } from './options.ts';
import type { EngineHost } from './engine.ts';
import { isPromise, type MaybePromise } from './flow.ts';
import { frameOf } from './frame.ts';
import type { Grant } from './hooks.ts';
import type { HubParts } from './hub.ts';

/** A member whose attachment broke. */
interface Orphan {
  readonly channel: string;
  readonly connection: Connection;
}

export class Channels {
  /** How often permissions were taken back: an answer of before may not hold any more. @see reauthorize.ts */
  revision = 0;
  /** Attachments whose permission ends. */
  readonly grants: ExpiryWatch<Attachment>;
  private readonly parts: HubParts;
  private readonly byName: Map<string, Channel> = new Map();
  private readonly orphans: DelayQueue<Orphan>;
  /** Of clients that poll. */
  private readonly pollOrphans: DelayQueue<Orphan>;
  /** Channels that clients who poll were attached to: they may be back in a moment, whoever else has come and gone. */
  private readonly resting: Lingering<Channel>;

  constructor(parts: HubParts) {
    const { clock, presenceGraceMs } = parts;
    this.parts = parts;
    this.grants = expiryWatch(clock, (attachment) => void this.askAgain(attachment));
    const end = (orphan: Orphan): void => this.endGrace(orphan);
    this.orphans = delayQueue(clock, presenceGraceMs, end);
    this.pollOrphans = delayQueue(clock, Math.max(presenceGraceMs, defaults.pollLingerMs), end);
    this.resting = lingering(clock, defaults.pollLingerMs, (channel) => {
      if (channel.isEmpty) this.vacate(channel);
    });
  }

  get size(): number {
    return this.byName.size;
  }

  /** Everybody in one channel, as it is now. */
  attachmentsOf(name: string): readonly Attachment[] {
    return [...(this.byName.get(name)?.all ?? [])];
  }

  /** Of all channels that somebody is attached to in this process. */
  get names(): Iterable<string> {
    return this.byName.keys();
  }

  /** Connections of this process that are attached to a channel. */
  connectionsOf(name: string): number {
    return this.byName.get(name)?.all.length ?? 0;
  }

  // --- attachments ---

  /** @throws {RealtimeError} limit_exceeded */
  join(connection: Connection, name: string): Attachment {
    const known = connection.attachments.get(name);
    if (known) return known;
    const { engine, gate, hooks, limits, meter } = this.parts;
    if (connection.attachments.size >= limits.channels)
      throw new RealtimeError('limit_exceeded', 'this connection is attached to too many channels');
    let channel = this.byName.get(name);
    if (!channel) {
      channel = new Channel(name, engine.subscribe(name), meter);
      this.byName.set(name, channel);
      gate.tell('onOccupied', () => hooks.onOccupied?.(name));
    }
    const attachment = new Attachment(connection, channel);
    channel.add(attachment);
    meter.attaches += 1;
    connection.attachments.add(attachment);
    return attachment;
  }

  /** `broke`: a member stays for the grace; `left`: it goes at once. */
  part(attachment: Attachment, how: 'left' | 'broke'): void {
    if (attachment.index < 0) return;
    const { connection, channel } = attachment;
    const { meter } = this.parts;
    const { name } = channel;
    meter.detaches += 1;
    this.grants.forget(attachment);
    connection.attachments.remove(attachment);
    channel.remove(attachment);
    if (attachment.hasEntered) {
      const orphans = connection.isExchange ? this.pollOrphans : this.orphans;
      if (how === 'broke') orphans.add({ channel: name, connection });
      else this.leave(connection, name);
    }
    if (connection.isExchange && how === 'broke') this.resting.begin(channel);
    else if (channel.isEmpty && !this.resting.has(channel)) this.vacate(channel);
  }

  /** Takes the member out of a channel, if there is one. */
  leave(connection: Connection, channel: string): void {
    const { engine, log } = this.parts;
    if (connection.client?.clientId === undefined) return;
    background(log, 'leave', () =>
      engine.leave(channel, connection.memberKey, connection.holdToLeave),
    );
  }

  private endGrace({ channel, connection }: Orphan): void {
    const { engine, log } = this.parts;
    // Another connection that took the member over is the engine's to see; this one may have come back itself.
    if (connection.attachments.get(channel)?.hasEntered) return;
    background(log, 'leave', () => engine.leave(channel, connection.memberKey, connection.hold));
  }

  private vacate(channel: Channel): void {
    const { engine, gate, hooks, log } = this.parts;
    const { name } = channel;
    this.resting.end(channel);
    this.byName.delete(name);
    channel.close();
    background(log, 'unsubscribe', () => engine.unsubscribe(name));
    gate.tell('onVacated', () => hooks.onVacated?.(name));
  }

  /** Ends one attachment from here, and tells its client. */
  detach(attachment: Attachment, code: ErrorCode, message: string, how: 'left' | 'broke'): void {
    if (attachment.index < 0) return;
    const { connection, channel } = attachment;
    connection.send(frameOf({ t: 'detached', c: channel.name, code, message }));
    this.part(attachment, how);
  }

  /** The permission to be attached has ended, unless the app renews it: answers whether it did. */
  askAgain(attachment: Attachment): MaybePromise<boolean> {
    const { client } = attachment.connection;
    if (!client) return false;
    const { name: channel } = attachment.channel;
    const refuse = (): false => {
      this.detach(attachment, 'forbidden', 'the permission has ended', 'left');
      return false;
    };
    const renew = ({ expiresAt }: Grant): true => {
      attachment.expiresAt = expiresAt;
      if (attachment.index >= 0) this.grants.watch(attachment);
      return true;
    };
    try {
      const request = { client, channel, action: 'attach', event: undefined } as const;
      const grant = this.parts.gate.authorize(request);
      return isPromise(grant) ? grant.then(renew, refuse) : renew(grant);
    } catch {
      return refuse();
    }
  }

  // --- from the engine ---

  /** What the engine reports to. */
  host(): EngineHost {
    const { clock, log, rules } = this.parts;
    return {
      clock,
      log,
      retention: (channel) => rules(channel).retention,
      message: (channel, entry) => this.byName.get(channel)?.deliver(entry),
      volatile: (channel, id, frame) => this.byName.get(channel)?.deliverVolatile(id, frame),
      presence: (name, change) => this.byName.get(name)?.tell(change, clock),
      reset: (name) => {
        for (const attachment of [...(this.byName.get(name)?.all ?? [])])
          this.detach(attachment, 'server_error', 'live delivery was interrupted', 'broke');
      },
    };
  }

  close(): void {
    this.grants.close();
    this.orphans.close();
    this.pollOrphans.close();
    for (const channel of this.resting.close()) if (channel.isEmpty) this.vacate(channel);
    for (const channel of this.byName.values()) channel.close();
  }
}
