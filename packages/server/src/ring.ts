/**
 * The newest messages of a channel. Serials have no hole, so a message stands at `serial % size`, and finding one is
 * arithmetic.
 *
 * @see memory-channel.ts
 */
import type { Entry } from './engine.ts';

export class Ring {
  /** The oldest serial that is stored; that of the next message when none is. */
  first = 1;
  /** Of all frames that are stored, in UTF-8. */
  bytes = 0;
  private next = 1;
  private readonly size: number;
  private slots: (Entry | undefined)[] | undefined = undefined;

  /** @param size - Messages that it holds. */
  constructor(size: number) {
    this.size = size;
  }

  get isEmpty(): boolean {
    return this.first === this.next;
  }

  /** Takes the message with the next serial; the oldest one goes when the ring is full. */
  push(entry: Entry): void {
    if (this.next - this.first === this.size) this.dropFirst();
    (this.slots ??= [])[entry.serial % this.size] = entry;
    this.bytes += entry.frame.bytes;
    this.next = entry.serial + 1;
  }

  at(serial: number): Entry | undefined {
    const isStored = serial >= this.first && serial < this.next;
    return isStored ? this.slots?.[serial % this.size] : undefined;
  }

  /** Drops messages that are not newer than `time`. */
  expire(time: number): void {
    for (let oldest = this.at(this.first); oldest && oldest.timestamp <= time;) {
      this.dropFirst();
      oldest = this.at(this.first);
    }
  }

  /** Drops the older half. */
  halve(): void {
    const keep = Math.floor((this.next - this.first) / 2);
    while (this.next - this.first > keep) this.dropFirst();
  }

  private dropFirst(): void {
    const at = this.first % this.size;
    this.bytes -= this.slots?.[at]?.frame.bytes ?? 0;
    if (this.slots) this.slots[at] = undefined;
    this.first += 1;
    if (this.isEmpty) this.slots = undefined;
  }
}
