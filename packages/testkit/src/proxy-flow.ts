/**
 * One direction of one proxied connection: reads a chunk, waits as the rules say, writes it, reads the next.
 *
 * At most {@link maxHeldBytes} are held back; then reading stops, and the kernel's buffers slow the writer.
 *
 * @see proxy.ts
 */
import type { Socket } from 'node:net';

/** Shared by all flows of a proxy, and changed by it. */
export interface FlowRules {
  delayMs: number;
  bytesPerSecond: number;
  /** Which way nothing moves. */
  stopped: 'none' | 'both' | 'toClient';
  /** Told after each chunk that was written. */
  readonly passed: (bytes: number) => void;
}

export interface Flow {
  /** The rules have changed. */
  changed(): void;
  stop(): void;
}

/** Held back in one direction at most, by a delay or a throttle. */
export const maxHeldBytes = 262_144;

interface Held {
  readonly chunk: Buffer;
  /** Not before this time, by `performance.now()`. */
  readonly dueMs: number;
}

/** Carries bytes from one socket to another until one of them ends. */
export function createFlow(
  direction: 'toClient' | 'toServer',
  from: Socket,
  to: Socket,
  rules: FlowRules,
): Flow {
  const held: Held[] = [];
  let heldBytes = 0;
  let ended = false; // the reader saw the end; it is passed on after what is held
  let timer: NodeJS.Timeout | undefined;
  let freeAtMs = 0; // when the throttle lets the next chunk pass

  const isStopped = (): boolean => rules.stopped === 'both' || rules.stopped === direction;

  /** Writes what is due; then waits for the time, the reader or the rules. */
  function move(): void {
    clearTimeout(timer);
    timer = undefined;
    while (!isStopped() && !to.writableNeedDrain && to.writable) {
      const next = held[0];
      if (!next) break;
      const nowMs = performance.now();
      const waitMs = Math.max(next.dueMs, freeAtMs) - nowMs;
      if (waitMs > 0) {
        timer = setTimeout(move, waitMs);
        break;
      }
      write(next, nowMs);
    }
    if (ended && held.length === 0 && !isStopped()) to.end();
    const full = isStopped() || heldBytes >= maxHeldBytes;
    if (full) from.pause();
    else from.resume();
  }

  /** Under a throttle a chunk goes in slices of 50 ms, so that it trickles. */
  function write({ chunk, dueMs }: Held, nowMs: number): void {
    const size = Math.max(1, Math.min(chunk.length, Math.floor(rules.bytesPerSecond / 20)));
    const slice = chunk.subarray(0, size);
    if (size === chunk.length) held.shift();
    else held[0] = { chunk: chunk.subarray(size), dueMs };
    heldBytes -= size;
    freeAtMs = nowMs + (size / rules.bytesPerSecond) * 1_000;
    to.write(slice);
    rules.passed(size);
  }

  from.on('data', (chunk: Buffer) => {
    held.push({ chunk, dueMs: performance.now() + rules.delayMs });
    heldBytes += chunk.length;
    move();
  });
  from.on('end', () => {
    ended = true;
    move();
  });
  to.on('drain', move);
  if (isStopped()) from.pause();

  return {
    changed: move,
    stop: () => clearTimeout(timer),
  };
}
