/**
 * What of one attachment was delivered, and what may be missing: the position to resume from, backlogs, gaps.
 *
 * Pure: `attachment.ts` feeds it reports and delivers what it says. What comes twice is decided by `delivered.ts`.
 *
 * @see docs/semantics.md#continuity · continuity.test.ts
 */
import type { Gap, Message } from './api.ts';
import type { AttachedInfo, Cursor, Inbound } from './contract.ts';
import { Delivered } from './delivered.ts';

export class Continuity {
  /** Data has flowed: the next attach resumes. */
  resumes = false;
  /** Where this attachment began, or began again after a loss. */
  began: Cursor | undefined;
  /** Holds the backlog of a rewind, while it comes in. */
  backlog: Message[] | undefined;

  readonly #channel: string;
  #cursor: Cursor | undefined;
  /** Where live messages begin, once the backlog is complete. */
  #until: Cursor | undefined;
  #delivered = new Delivered();
  /** A hole, told when what is left of it has come in. */
  #gap: Gap | undefined;

  constructor(channel: string) {
    this.#channel = channel;
  }

  /** What to resume from. */
  get cursor(): Cursor | undefined {
    return this.resumes ? this.#cursor : undefined;
  }

  attached({ continuity, cursor, backlog, reason }: AttachedInfo): void {
    this.#until = cursor;
    if (this.resumes && continuity === 'kept') return;
    this.began = cursor;
    if (!this.resumes) {
      if (backlog) this.backlog = [];
      return;
    }
    this.#delivered.restart();
    this.#open(
      continuity === 'lost' ? 'lost' : 'unknown',
      reason ?? 'the backend could not resume',
    );
  }

  /** The backlog is complete, or there was none. Answers what a rewind has to deliver, and the hole if there is one. */
  replayed(): { backlog: readonly Message[]; gap: Gap | undefined } {
    const { backlog = [] } = this;
    this.backlog = undefined;
    this.#cursor = this.#until ?? this.#cursor;
    this.resumes = true;
    return { backlog, gap: this.#takeGap() };
  }

  /** Whether `message` is new. */
  accept(message: Inbound): boolean {
    if (!this.#delivered.accept(message)) return false;
    if (!this.backlog && message.cursor !== undefined) this.#cursor = message.cursor;
    if (this.#gap) this.#gap = { ...this.#gap, recovered: this.#gap.recovered + 1 };
    return true;
  }

  /**
   * Data flows no more. A rewind that was cut off begins anew, and whoever listens without one misses what comes until
   * then; a hole that is known must be told.
   */
  interrupted(areLive: boolean): Gap | undefined {
    if (this.backlog && areLive) this.#open('unknown', 'a rewind was cut off');
    this.backlog = undefined;
    if (!this.resumes) this.#delivered = new Delivered();
    return this.#takeGap();
  }

  #open(continuity: Gap['continuity'], reason: string): void {
    this.#gap = {
      channel: this.#channel,
      continuity,
      since: this.#cursor,
      until: this.#until,
      recovered: 0,
      reason,
    };
  }

  #takeGap(): Gap | undefined {
    const gap = this.#gap;
    this.#gap = undefined;
    return gap;
  }
}
