/**
 * The embedded engine: one process, nothing survives it. A restart gives every channel a new epoch, so a client
 * that resumes is told `lost` and never misses something in silence.
 *
 * Everything answers at once. A sweep, a slice of the channels at a time, drops what is too old.
 *
 * @see engine.ts for the contract · memory-channel.ts · memory.test.ts
 */
import { nothingStored, type Engine, type EngineHost } from './engine.ts';
import { ChannelMembers, noMembers } from './member-set.ts';
import { MemoryChannel } from './memory-channel.ts';
import { nonceTable } from './nonces.ts';

export interface MemoryOptions {
  /** How long a channel that nobody uses, and an id, are remembered at least, in ms. @default 120_000 */
  readonly windowMs?: number;
  /**
   * Stored frames of all channels, in bytes of UTF-8; the process needs about twice that, and as much again for what
   * clients of another codec have got. Over it, one channel after the other loses the older half of its messages, and
   * who resumes from there is told `lost`. @default 268_435_456
   */
  readonly maxBytes?: number;
}

const sweepMs = 10_000;
/** Channels looked at in one go: about 1 ms. */
const sweepSlice = 5_000;
/** Between two goes of one sweep. */
const sweepPauseMs = 20;
const nonceTtlMs = 86_400_000;

/** Keeps channels in this process. */
export function memory({
  windowMs = 120_000,
  maxBytes = 268_435_456,
}: MemoryOptions = {}): Engine & {
  /** Channels that are held. */
  readonly size: number;
} {
  const channels = new Map<string, MemoryChannel>();
  const nonces = nonceTable();
  let host: EngineHost;
  let stopSweep: (() => void) | undefined;
  let sweeping: MapIterator<[string, MemoryChannel]> | undefined;
  let halving: MapIterator<MemoryChannel> | undefined;
  let bytes = 0;

  const take = (name: string): MemoryChannel => {
    let channel = channels.get(name);
    if (!channel) {
      // A copy: the name may be a slice of a frame, which would live as long as the channel.
      name = Buffer.from(name).toString();
      channel = new MemoryChannel(host.retention(name), host.clock.now());
      channels.set(name, channel);
      stopSweep ??= host.clock.schedule(sweep, sweepMs);
    }
    return channel;
  };

  /** Does what changes how much `channel` stores. */
  function count<Result>({ ring }: MemoryChannel, work: () => Result): Result {
    const before = ring.bytes;
    const result = work();
    bytes += ring.bytes - before;
    return result;
  }

  /** Goes on around the channels where it stopped, so that each has its turn. */
  function makeRoom(): void {
    while (bytes > maxBytes) {
      const next = (halving ??= channels.values()).next();
      if (next.done) halving = undefined;
      else count(next.value, () => next.value.ring.halve());
    }
  }

  function sweep(): void {
    const now = host.clock.now();
    sweeping ??= channels.entries();
    let left = sweepSlice;
    for (let next = sweeping.next(); ; next = sweeping.next()) {
      if (next.done) {
        sweeping = undefined;
        break;
      }
      const [name, channel] = next.value;
      if (count(channel, () => channel.forget(now, windowMs))) channels.delete(name);
      if (--left === 0) break;
    }
    nonces.expire(now - nonceTtlMs);
    const pauseMs = sweeping ? sweepPauseMs : sweepMs;
    stopSweep = channels.size > 0 ? host.clock.schedule(sweep, pauseMs) : undefined;
  }

  return {
    name: 'memory',
    get size() {
      return channels.size;
    },
    open(given) {
      host = given;
    },
    subscribe(name) {
      take(name).subscribed = true;
    },
    unsubscribe(name) {
      const channel = channels.get(name);
      if (!channel) return;
      channel.subscribed = false;
      channel.idleSince = host.clock.now();
    },
    append(name, draft) {
      const channel = take(name);
      const now = host.clock.now();
      channel.ids.rotate(now, windowMs);
      const known = channel.ids.find(draft.id);
      if (known) return known;
      const entry = count(channel, () => channel.append(name, draft, now));
      if (bytes > maxBytes) makeRoom();
      host.message(name, entry);
      return { serial: entry.serial, timestamp: draft.timestamp, duplicate: false };
    },
    broadcast: (name, id, frame) => host.volatile(name, id, frame),
    read: (name, query) => channels.get(name)?.read(query) ?? nothingStored,
    enter(name, member, maxMembers) {
      const members = (take(name).members ??= new ChannelMembers());
      const { entered, change } = members.enter(member, maxMembers);
      if (change) host.presence(name, change);
      return entered;
    },
    leave(name, key, hold) {
      const change = channels.get(name)?.members?.leave(key, hold);
      if (change) host.presence(name, change);
      return change !== undefined;
    },
    members: (name) => channels.get(name)?.members?.set ?? noMembers,
    claim: (nonce, owners) => nonces.claim(nonce, owners),
    release: (nonce) => nonces.release(nonce, host.clock.now()),
    close() {
      stopSweep?.();
      stopSweep = undefined;
      channels.clear();
      bytes = 0;
    },
  };
}
