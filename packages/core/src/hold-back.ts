/**
 * One hole: what came after it, and waits until it is repaired or nobody can; and the order in which all of it is
 * delivered then.
 *
 * When there is a hole, and what is told of it, is decided by `delivery.ts`; where missing messages are found by
 * `repair.ts`.
 *
 * @see docs/semantics.md#continuity · repair.test.ts
 */
import type { Gap, Missed } from './api.ts';
import type { Attachment } from './attachment.ts';
import type { Cursor, Inbound } from './contract.ts';
import { RealtimeError } from './errors.ts';
import { canRepair, fetchMissed, type Position } from './repair.ts';

/** What is told when it cannot be repaired. */
export type Hole = Pick<Gap, 'continuity' | 'reason'> & {
  readonly until: Cursor | undefined;
  /** A message came before an earlier one, which may still come by itself. */
  readonly isEarly: boolean;
};

/** What of the channel's delivery a hole needs. */
export interface Line {
  isEarly(inbound: Inbound): boolean;
  deliver(inbound: Inbound): void;
  /** The end of what was delivered. */
  since(): Position;
  /** What is delivered from now on was missed. */
  open(hole: Hole): void;
  /** What was missed has been delivered: all of it, or it is told. */
  close(isComplete: boolean, until: Cursor | undefined): void;
  /** Nothing waits any more. */
  go(): void;
}

const nothing: Missed = { items: [], complete: false };

export class HoldBack {
  readonly #attachment: Attachment;
  readonly #line: Line;
  #hole: Hole;
  /** In the order in which they came. */
  readonly #items: Inbound[] = [];
  /** So many of them are what the backend still had. */
  #backlog = 0;
  #state: 'waits' | 'delivers' | 'over' = 'waits';
  readonly #stop = new AbortController();
  #cancel = (): void => {};

  constructor(attachment: Attachment, hole: Hole, line: Line) {
    this.#attachment = attachment;
    this.#hole = hole;
    this.#line = line;
  }

  /** What comes while the rest is delivered goes to the end of the line. */
  hold(inbound: Inbound): void {
    const { repairMessages } = this.#attachment.client;
    this.#items.push(inbound);
    if (this.#state !== 'waits') return;
    if (this.#hole.isEarly) this.#deliverDue();
    if (this.#items.length <= repairMessages) return;
    const reason = `over ${repairMessages} messages waited`;
    this.#hole = { ...this.#hole, continuity: 'lost', reason };
    this.giveUp();
  }

  /** Asks for what is missing: not at once, so that not all clients ask together. */
  repair(): void {
    const { client } = this.#attachment;
    const waitMs = this.#hole.isEarly ? client.earlyMs : 0;
    const jitterMs = canRepair(this.#attachment) ? client.random() * client.repairJitterMs : 0;
    this.#backlog = this.#items.length;
    this.#cancel = client.schedule(() => void this.#ask(), waitMs + jitterMs);
  }

  /** Nobody can repair it. */
  giveUp(): void {
    this.#settle(nothing);
  }

  /** What waits is dropped. */
  end(): void {
    this.#stopAs('over');
  }

  #stopAs(state: 'delivers' | 'over'): void {
    this.#state = state;
    this.#cancel();
    this.#stop.abort();
  }

  async #ask(): Promise<void> {
    const { signal } = this.#stop;
    const { reason, until } = this.#hole;
    try {
      this.#settle(await fetchMissed(this.#attachment, this.#line.since(), until, signal));
    } catch (cause) {
      if (signal.aborted) return;
      this.#hole = { ...this.#hole, reason: `${reason}; ${RealtimeError.from(cause).message}` };
      this.giveUp();
    }
  }

  /** What waited for an earlier message, and no longer does. */
  #deliverDue(): void {
    for (;;) {
      const at = this.#items.findIndex((item) => !this.#line.isEarly(item));
      if (at < 0) break;
      for (const due of this.#items.splice(at, 1)) this.#line.deliver(due);
    }
    if (this.#items.length === 0) this.#go();
  }

  /** Delivers what was found, tells what was not, and lets go of what waits, in this order. */
  #settle({ items: found, complete }: Missed): void {
    if (this.#state !== 'waits') return;
    this.#stopAs('delivers');
    const items = this.#items;
    const { until, isEarly } = this.#hole;
    this.#line.open(this.#hole);
    // History may hold what waits here, too, and no longer what came before that.
    const first = this.#attachment.capabilities.order === 'serial' && items[0]?.serial;
    for (const item of found)
      if (!first || !item.serial || item.serial < first)
        this.#line.deliver({ action: 'create', ...item, replayed: true });
    for (const item of items.splice(0, this.#backlog)) this.#line.deliver(item);
    this.#line.close(complete, until);
    if (isEarly) items.sort(bySerial);
    for (let item; this.#isOn && (item = items.shift());) this.#line.deliver(item);
    if (this.#isOn) this.#go();
  }

  /** A listener may have ended it. */
  get #isOn(): boolean {
    return this.#state !== 'over';
  }

  #go(): void {
    this.end();
    this.#line.go();
  }
}

type Numbered = Pick<Inbound, 'serial'>;

const bySerial = ({ serial: a = 0 }: Numbered, { serial: b = 0 }: Numbered): number =>
  a < b ? -1 : Number(a > b);
