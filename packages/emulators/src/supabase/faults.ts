/** What a test has asked the service to do wrong. @see controls.ts */
import type { Frame } from './frames.ts';

/** Answers what goes on in place of a frame: the frame itself, others, or none. */
export type Interceptor = (
  frame: Frame,
  direction: 'in' | 'out',
  connectionId: string,
) => Frame | readonly Frame[] | undefined;

export interface Faults {
  /** Handshakes that are still to be refused, and with what. */
  refusals: { left: number; status: number };
  /** Joins that are still to be refused: `Code: text`. */
  joins: { left: number; reason: string };
  /** No join is answered: of one topic, or of all. */
  unanswered: { topic: string | undefined } | undefined;
  /** Replies to what clients push, joins aside. */
  replies: { lost: number; delayMs: number; isHolding: boolean };
  httpFailures: { left: number; status: number };
  readonly interceptors: Set<Interceptor>;
  readonly held: (() => void)[];
}

export const createFaults = (): Faults => ({
  refusals: { left: 0, status: 0 },
  joins: { left: 0, reason: '' },
  unanswered: undefined,
  replies: { lost: 0, delayMs: 0, isHolding: false },
  httpFailures: { left: 0, status: 0 },
  interceptors: new Set(),
  held: [],
});
