/**
 * What of one channel's messages reaches its listeners, and what may be missing: the position to resume from, backlogs,
 * gaps.
 *
 * When there is an attachment is decided by `attachment.ts`; what comes twice, or early, by `delivered.ts`; what waits
 * behind a hole, and how it goes on, by `hold-back.ts`; who gets a message, and when, is decided by `listeners.ts`.
 *
 * @see docs/semantics.md#continuity · continuity.test.ts · repair.test.ts
 */
import type { ChannelOptions, Gap, Message } from './api.ts';
import type { Attachment } from './attachment.ts';
import type { AttachedInfo, AttachRequest, Cursor, Inbound } from './contract.ts';
import { Delivered } from './delivered.ts';
import { Emitter } from './emitter.ts';
import { HoldBack, type Hole } from './hold-back.ts';
import { Listeners, type Registration } from './listeners.ts';
import { createIntake, type Intake } from './message.ts';
import { canRepair, positionOf } from './repair.ts';
import { rewindFromHistory } from './rewind.ts';

export class Delivery {
  readonly listeners: Listeners;
  readonly gaps: Emitter<Gap>;
  readonly intake: Intake;
  /** How the app finds what was missed. */
  fetchSince: ChannelOptions['fetchSince'];
  /** Data has flowed: the next attach resumes. */
  resumes = false;
  /** Where this attachment began, or began again after a loss. */
  began: Cursor | undefined;

  readonly #attachment: Attachment;
  #isOpen = false;
  #cursor: Cursor | undefined;
  /** The newest message of this attachment. */
  #last: Inbound | undefined;
  /** When the first live message came, since serials started. */
  #firstMs: number | undefined;
  /** Where live messages begin, once the backlog is complete. */
  #until: Cursor | undefined;
  #delivered: Delivered;
  /** Holds the backlog of a rewind, while it comes in. */
  #backlog: Message[] | undefined;
  /** Whose rewind it serves. */
  #rewinds: readonly Registration[] = [];
  /** A hole, told when what is left of it has come in. */
  #gap: (Gap & { recovered: number }) | undefined;
  #held: HoldBack | undefined;
  /** Where live messages began, before a rewind of others was cut off. */
  #cut: { readonly at: Cursor | undefined } | undefined;

  constructor(attachment: Attachment) {
    this.#attachment = attachment;
    this.intake = createIntake(attachment, true);
    this.#delivered = new Delivered(attachment.capabilities.order);
    this.listeners = new Listeners(attachment.client.onThrow);
    this.gaps = new Emitter(attachment.client.onThrow);
  }

  /** What an attach asks for. */
  wanted(): Pick<AttachRequest, 'cursor' | 'rewind'> {
    if (this.resumes) return { cursor: this.#cursor };
    const canRewind = this.#attachment.capabilities.rewind !== 'none';
    this.#rewinds = canRewind ? this.listeners.held() : [];
    return { rewind: Math.max(0, ...this.#rewinds.map(({ rewind }) => rewind)) || undefined };
  }

  // --- what the adapter reports ---

  attached({ continuity, cursor, backlog, reason = 'not resumed' }: AttachedInfo): void {
    this.#held?.giveUp(); // a vendor attached again in the middle of a repair
    this.#isOpen = true;
    this.#until = cursor;
    // At the same position nothing was published meanwhile.
    const isSame = continuity !== 'lost' && cursor !== undefined && cursor === this.#cursor;
    if (this.resumes && (continuity === 'kept' || isSame)) return;
    this.began = cursor;
    if (!this.resumes) return this.#begin(backlog);
    this.#delivered.restart();
    this.#restart();
    const told = continuity === 'lost' ? continuity : 'unknown';
    const hole = { continuity: told, reason, until: cursor, isEarly: false } as const;
    // A loss with a backlog is all that the backend has.
    const isAll = told === 'lost' && backlog && !this.fetchSince;
    if (isAll || !canRepair(this.#attachment)) this.#open(hole);
    else this.#hold(hole);
  }

  /** The attachment is the first one, or none before it was complete. */
  #begin(backlog = false): void {
    if (backlog) this.#backlog = [];
    const cut = this.#cut;
    this.#cut = undefined;
    if (!cut) return;
    this.#open(
      { continuity: 'unknown', reason: 'a rewind was cut off', until: this.#until },
      cut.at,
    );
    this.#tellGap();
  }

  /** The backlog is complete, or there was none. */
  replayed(): void {
    const backlog = this.#backlog ?? [];
    this.#backlog = undefined;
    this.resumes = true;
    if (this.#held) this.#held.repair();
    else {
      this.#cursor = this.#until ?? this.#cursor;
      this.#tellGap();
    }
    this.intake.after((isOver) => {
      if (isOver) return; // detached meanwhile
      for (const registration of this.#rewinds) this.listeners.release(registration, backlog);
      this.#rewindLate();
    });
  }

  received(inbound: Inbound): void {
    if (!this.#isOpen || inbound.action !== 'create') return;
    if (!this.#held && !this.#backlog && this.#delivered.isEarly(inbound)) {
      const reason = 'an earlier message did not come';
      this.#hold({ continuity: 'unknown', reason, until: undefined, isEarly: true }).repair();
    }
    if (this.#held) this.#held.hold(inbound);
    else this.#deliver(inbound);
  }

  /** Shows an own publish that the backend will not send back. */
  copy(message: Message): void {
    const { id = '', sender } = message;
    for (const who of [sender, { ...sender, verified: true }]) this.#delivered.shown(id, who);
    this.listeners.dispatch(message);
  }

  // --- what the attachment says ---

  /** Data flows, and no backlog or repair is on its way, which would bring what a rewind brings, too. */
  get isSettled(): boolean {
    return this.#isOpen && this.resumes && !this.#held;
  }

  /** Serves one listener that came late; one that is early is served by the attach. */
  rewind(registration: Registration): void {
    if (this.isSettled) void rewindFromHistory(this.#attachment, registration);
  }

  /**
   * Data flows no more. A rewind that was cut off begins anew, and whoever listens without one misses what comes until
   * then: told when live messages begin again. A hole that is known must be told. A repair that was cut off begins anew,
   * too: the next attach asks from the same cursor. Only a vendor that resumes by itself sends what waits here not again.
   */
  interrupted(): void {
    const { client, capabilities } = this.#attachment;
    // What the first message has overtaken was on its way.
    if (
      capabilities.order === 'overtaking' &&
      client.clock.now() < (this.#firstMs ?? NaN) + client.earlyMs
    )
      this.#cursor = this.began;
    const isVendors = client.adapter.capabilities.reconnect === 'adapter';
    if (isVendors) this.#held?.giveUp();
    this.#held?.end();
    this.#held = undefined;
    // What a vendor reports before it says `kept` comes once.
    this.#isOpen = isVendors && this.resumes;
    if (this.#backlog && this.listeners.areLive) this.#cut ??= { at: this.#until };
    this.#backlog = undefined;
    if (!this.resumes) {
      this.#delivered = new Delivered(this.#attachment.capabilities.order);
      this.#restart();
    }
    this.#tellGap();
  }

  /** The next attachment starts from nothing, so that a remount gets its rewind again. */
  ended(): void {
    this.resumes = false;
    this.#cursor = this.#last = undefined;
    this.interrupted();
    this.#cut = undefined;
    this.intake.end();
  }

  // --- messages ---

  #deliver(inbound: Inbound): void {
    const { client, echo } = this.#attachment;
    const { cursor, replayed, id } = inbound;
    if (!this.#isOpen || !this.#delivered.accept(inbound)) return;
    if (!replayed) this.#firstMs ??= client.clock.now();
    if (this.#delivered.isNewest(inbound)) {
      this.#last = inbound;
      if (!this.#backlog) this.#cursor = cursor ?? this.#cursor;
    }
    if (this.#gap) this.#gap.recovered++;
    const backlog = this.#backlog;
    if (backlog && replayed) this.intake.open(inbound, (message) => backlog.push(message));
    else if (echo || replayed || !id?.startsWith(`${client.nonce}:`))
      this.intake.open(inbound, (message) => this.listeners.dispatch(message));
  }

  // --- holes ---

  #hold(hole: Hole): HoldBack {
    this.#held?.end();
    return (this.#held = new HoldBack(this.#attachment, hole, {
      isEarly: (inbound) => this.#delivered.isEarly(inbound),
      deliver: (inbound) => this.#deliver(inbound),
      since: () => positionOf(this.#cursor, this.#last),
      open: (missed) => this.#open(missed),
      close: (isComplete, until) => {
        if (isComplete) this.#gap = undefined;
        this.#cursor = until ?? this.#cursor;
        this.#tellGap();
      },
      go: () => {
        this.#held = undefined;
        this.#rewindLate();
        this.#attachment.refresh();
      },
    }));
  }

  /** Serials may start anew. */
  #restart(): void {
    this.#firstMs = undefined;
    this.intake.after(() => this.listeners.restart());
  }

  #rewindLate(): void {
    for (const registration of this.listeners.held()) this.rewind(registration);
  }

  #open({ continuity, reason, until }: Omit<Hole, 'isEarly'>, since = this.#cursor): void {
    const { name } = this.#attachment;
    this.#gap = { channel: name, continuity, since, until, recovered: 0, reason };
  }

  #tellGap(): void {
    const gap = this.#gap;
    this.#gap = undefined;
    if (gap) this.intake.after(() => this.gaps.emit(gap));
  }
}
