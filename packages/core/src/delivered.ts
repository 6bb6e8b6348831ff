/**
 * What one attachment has delivered: drops what comes twice.
 *
 * In serial order one comparison is enough. After a loss of continuity serials start anew (another epoch), and a sender
 * may send again what was delivered before: then the ids of the last messages are compared as well. Where messages may
 * overtake each other a lower serial proves nothing, and the ids alone are compared.
 *
 * @see docs/semantics.md#duplicates · delivered.test.ts
 */
import type { Capabilities } from './capabilities.ts';
import type { Inbound, Serial } from './contract.ts';

/** Ids kept for comparison after a loss; a power of two. */
const recentSize = 1_024;

export class Delivered {
  readonly #isInOrder: boolean;
  #lastSerial: Serial | undefined;
  readonly #recent: (string | undefined)[] = [];
  #count = 0;
  /** Not to be delivered again. */
  #before = new Set<string | undefined>();

  constructor(order: Capabilities['order']) {
    this.#isInOrder = order === 'serial';
  }

  /** Whether `message` is new; if so it counts as delivered. */
  accept({ serial, id }: Inbound): boolean {
    if (this.#isInOrder && serial !== undefined) {
      if (this.#lastSerial !== undefined && serial <= this.#lastSerial) return false;
      this.#lastSerial = serial;
    }
    if (id === undefined) return true;
    if (this.#before.has(id)) return false;
    if (this.#isInOrder) this.#recent[this.#count++ & (recentSize - 1)] = id;
    else this.shown(id);
    return true;
  }

  /** It came to the listeners another way: a local copy. */
  shown(id: string | undefined): void {
    const [oldest] = this.#before.add(id);
    if (this.#before.size > recentSize) this.#before.delete(oldest);
  }

  /** Continuity was lost: serials may start anew. */
  restart(): void {
    this.#lastSerial = undefined;
    if (this.#isInOrder) this.#before = new Set(this.#recent);
  }
}
