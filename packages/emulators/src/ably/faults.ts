/** What a test has asked the service to do wrong. @see controls.ts */
import type { Connection } from './connection.ts';
import type { Frame } from './protocol.ts';

/** Answers what goes on in place of a frame: the frame itself, others, or none. */
export type Interceptor = (
  frame: Frame,
  direction: 'in' | 'out',
  connectionId: string,
) => Frame | readonly Frame[] | undefined;

export interface Faults {
  /** Handshakes that are still to be refused, and with what. */
  refusals: { left: number; code: number };
  /** Publishes and presence operations that are still to be refused. */
  nacks: { left: number; code: number };
  /** Of what is processed, so many answers are still to be lost. */
  lostAcks: number;
  isHoldingAcks: boolean;
  ackDelayMs: number;
  /** Channels that nobody may use. */
  readonly forbidden: Set<string>;
  /** No ATTACH is answered: of one channel, or of all. */
  unanswered: { channel: string | undefined } | undefined;
  httpFailures: { left: number; status: number };
  readonly interceptors: Set<Interceptor>;
  /** What waits, by who waits. */
  readonly held: Map<Connection, (() => void)[]>;
}

export const createFaults = (): Faults => ({
  refusals: { left: 0, code: 0 },
  nacks: { left: 0, code: 0 },
  lostAcks: 0,
  isHoldingAcks: false,
  ackDelayMs: 0,
  forbidden: new Set(),
  unanswered: undefined,
  httpFailures: { left: 0, status: 0 },
  interceptors: new Set(),
  held: new Map(),
});

/** What becomes of a frame once every interceptor has seen it. */
export function intercepted(
  { interceptors }: Faults,
  frame: Frame,
  direction: 'in' | 'out',
  connectionId: string,
): readonly Frame[] {
  let frames: readonly Frame[] = [frame];
  for (const interceptor of interceptors)
    frames = frames.flatMap((one) => interceptor(one, direction, connectionId) ?? []);
  return frames;
}
