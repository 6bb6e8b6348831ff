/**
 * The ids that a channel knows: what makes a publish that is tried again the same message.
 *
 * Ids of the running window and of the one before, so that an id is known for a window at least, and a whole window is
 * dropped at once.
 *
 * @see memory-channel.ts · sqlite/channel.ts
 */
import type { Appended } from './engine.ts';

/** The ids of one window. */
interface Window {
  readonly serials: Map<string, number>;
  /** When each serial was given, from `first` on: numbers side by side, not an object for each id. */
  readonly times: number[];
  readonly first: number;
}

export class KnownIds {
  private running: Window | undefined = undefined;
  private before: Window | undefined = undefined;
  private since = 0;

  get isEmpty(): boolean {
    return this.running === undefined && this.before === undefined;
  }

  /** What is known of an id that was stored within the window. */
  find(id: string): Appended | undefined {
    return lookUp(this.running, id) ?? lookUp(this.before, id);
  }

  /** Serials come in their order. */
  add(id: string, serial: number, timestamp: number): void {
    this.running ??= { serials: new Map(), times: [], first: serial };
    this.running.serials.set(id, serial);
    this.running.times[serial - this.running.first] = timestamp;
  }

  /** Begins a new window when the running one is over. */
  rotate(now: number, windowMs: number): void {
    if (now - this.since < windowMs) return;
    this.before = now - this.since < 2 * windowMs ? this.running : undefined;
    this.running = undefined;
    this.since = now;
  }
}

function lookUp(window: Window | undefined, id: string): Appended | undefined {
  const serial = window?.serials.get(id);
  if (!window || serial === undefined) return undefined;
  return { serial, timestamp: window.times[serial - window.first] ?? 0, duplicate: true };
}
