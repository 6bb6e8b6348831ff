/**
 * The tick: every connection with something to send is written once, by one immediate for the whole server.
 *
 * @see connection.ts · flusher.test.ts
 */
import type { Connection } from './connection.ts';
import type { Meter } from './meter.ts';

export interface Flusher {
  /** What may wait for one client. */
  readonly outboundBytes: number;
  readonly meter: Meter;
  /** `connection` has something to send. */
  mark(connection: Connection): void;
  /** `connection` does not take what is sent: ends it, when the current work is done. */
  giveUp(connection: Connection): void;
  close(): void;
}

/** @param onSlow - Ends a connection that was given up. */
export function createFlusher(
  outboundBytes: number,
  meter: Meter,
  onSlow: (connection: Connection) => void,
): Flusher {
  let dirty: Connection[] = [];
  let slow: Connection[] = [];
  let immediate: NodeJS.Immediate | undefined;

  function flush(): void {
    immediate = undefined;
    const marked = dirty;
    dirty = [];
    for (const connection of marked) connection.flush();
    const ended = slow;
    slow = [];
    for (const connection of ended) onSlow(connection);
  }

  return {
    outboundBytes,
    meter,
    mark(connection) {
      dirty.push(connection);
      immediate ??= setImmediate(flush);
    },
    giveUp(connection) {
      slow.push(connection);
      immediate ??= setImmediate(flush);
    },
    close() {
      clearImmediate(immediate);
      immediate = undefined;
      dirty = [];
    },
  };
}
