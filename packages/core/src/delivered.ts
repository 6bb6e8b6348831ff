/**
 * What one attachment has delivered: drops what comes twice, and knows what comes too early.
 *
 * In serial order one comparison is enough. After a loss of continuity serials start anew (another epoch), and a sender
 * may send again what was delivered before: then the counters of the last messages' ids are compared as well. In any
 * other order a lower serial proves nothing, and each sender's counters are compared, in a window of bits.
 *
 * @see docs/semantics.md#duplicates · seen-window.ts · delivered.test.ts
 */
import type { Capabilities } from './capabilities.ts';
import type { Cursor, Inbound, Sender, Serial } from './contract.ts';
import { SeenWindow } from './seen-window.ts';

/** Ids kept in serial order, for comparison after a loss; and senders, in any other. A power of two. */
const recentSize = 1_024;

/** Keeps the last ones. */
function forget<Key>(all: Map<Key, unknown> | Set<Key>): void {
  const [oldest] = all.keys();
  if (all.size > recentSize) all.delete(oldest as Key);
}

/** What one sender has sent. */
class SenderWindow extends SeenWindow {
  /** The newest wire sequence. */
  sequence = NaN;
}

export class Delivered {
  readonly #order: Capabilities['order'];
  /** In serial order: the newest. */
  #last: Serial | undefined;
  /** Where messages overtake: all of them. */
  #serials = new SeenWindow();
  /** In no order: the last ones without ids, which a repair and the wire may both bring. */
  readonly #unnamed = new Set<Serial>();
  /** The positions of the last ones without ids, and those before a loss. */
  readonly #positions: Cursor[] = [];
  #before: ReadonlySet<unknown> = new Set();
  readonly #recent: string[] = [];
  #count = 0;
  readonly #senders = new Map<string, SenderWindow>();

  constructor(order: Capabilities['order']) {
    this.#order = order;
  }

  /** Whether `message` is new; if so it counts as delivered. */
  accept({ serial, id, sender, sequence, cursor }: Inbound): boolean {
    // What has no serial (volatile) is known by its sender's counter in any order.
    if (this.#order === 'serial' && serial !== undefined)
      return this.#isNext(serial) && this.#isFirst(id);
    const isCounted = this.#order === 'overtaking' && typeof serial === 'number';
    const sent = this.#find(id, sender);
    const isKnown = isCounted && (this.#serials.has(serial) || this.#before.has(id ?? cursor));
    const unnamed = isCounted || id !== undefined ? undefined : serial;
    const isRepeat =
      isKnown || sent?.window.has(sent.count) || this.#unnamed.has(unnamed as Serial);
    if (isCounted) {
      this.#serials.add(serial); // also of a resend, or the next one is early
      if (!id && cursor) this.#positions[this.#count++ & (recentSize - 1)] = cursor;
    }
    if (isRepeat) return false;
    if (unnamed !== undefined) forget(this.#unnamed.add(unnamed));
    sent?.window.add(sent.count);
    if (sent && sequence !== undefined && !(sequence <= sent.window.sequence))
      sent.window.sequence = sequence;
    return true;
  }

  /** Whether one that was sent before `message` has not come. */
  isEarly({ serial, id, sender, sequence }: Inbound): boolean {
    if (this.#order === 'serial') return false;
    if (this.#order === 'overtaking' && typeof serial === 'number')
      return serial > this.#serials.highest + 1;
    return (
      sequence !== undefined && sequence > (this.#find(id, sender)?.window.sequence ?? NaN) + 1
    );
  }

  /** Whether nothing that was delivered is newer: a resume goes on behind it. */
  isNewest({ serial }: Inbound): boolean {
    return !((serial as number) < this.#serials.highest);
  }

  /** It came to the listeners another way: a local copy. */
  shown(id: string, sender?: Sender): void {
    const sent = this.#find(id, sender);
    sent?.window.add(sent.count);
  }

  /** Continuity was lost: serials and sequences may start anew. */
  restart(): void {
    this.#last = undefined;
    this.#serials = new SeenWindow();
    this.#before = new Set(this.#positions);
    this.#unnamed.clear();
    for (const window of this.#senders.values()) window.sequence = NaN;
    for (const id of this.#recent) this.shown(id);
  }

  #isNext(serial: Serial): boolean {
    const isNext = this.#last === undefined || serial > this.#last;
    if (isNext) this.#last = serial;
    return isNext;
  }

  #isFirst(id: string | undefined): boolean {
    if (id === undefined) return true;
    this.#recent[this.#count++ & (recentSize - 1)] = id;
    const sent = this.#senders.size > 0 ? this.#find(id) : undefined;
    return !sent?.window.has(sent.count);
  }

  /** What this sender has sent. Who only claims a nonce has no part in what its owner sends. */
  #find(id = '', sender?: Sender): { window: SenderWindow; count: number } | undefined {
    const at = id.lastIndexOf(':');
    const count = Number(id.slice(at + 1));
    if (at < 0 || !Number.isSafeInteger(count)) return undefined;
    const key = id.slice(0, at + 1) + (sender?.verified ? (sender.clientId ?? '') : '');
    let window = this.#senders.get(key);
    if (!window) {
      this.#senders.set(key, (window = new SenderWindow()));
      forget(this.#senders);
    }
    return { window, count };
  }
}
