/**
 * How frames are written into an event stream, and what keeps a quiet one alive.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html · docs/protocol.md#event-streams
 */
import type { Clock } from './clock.ts';
import type { Frame } from './frame.ts';
import { createHeartbeat, type Heartbeat } from './heartbeat.ts';

/** Said to proxies too: nginx holds back every byte of an answer that does not ask it not to. */
export const streamHeaders: Readonly<Record<string, string>> = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
};

/** Proxies cut streams that are idle for 30 to 60 s. */
const commentMs = 20_000;

let lastFrames: readonly Frame[] = [];
let lastBuffer: Buffer | undefined;

/** All frames as events of the default type; the same buffer for the next client that gets the same frames. */
export function eventsOf(frames: readonly Frame[]): Buffer {
  const [first] = frames;
  if (first && frames.length === 1) return first.event;
  const isSame =
    lastFrames.length === frames.length && frames.every((frame, at) => frame === lastFrames[at]);
  if (lastBuffer && isSame) return lastBuffer;
  // Not from `event` of each: frames of a backlog are kept, and would keep a second buffer.
  lastBuffer = Buffer.from(frames.map(({ text }) => `data: ${text}\n\n`).join(''));
  lastFrames = frames;
  return lastBuffer;
}

/** A stream that says something to the proxies on its way. */
export interface Quiet {
  /** Never: it is not this wheel that finds out who is dead. */
  readonly heardAt: number;
  comment(): void;
}

/** Gives each stream a comment every 20 s, by one timer for all of them. */
export type Comments = Heartbeat<Quiet>;

export function createComments(clock: Clock): Comments {
  return createHeartbeat<Quiet>(clock, commentMs, (stream) => stream.comment());
}

/** What a comment is. */
export const comment: Buffer = Buffer.from(':\n\n');
