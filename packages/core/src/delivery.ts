/**
 * What of one channel's messages reaches its listeners, and what may be missing: the position to resume from, backlogs,
 * gaps.
 *
 * When there is an attachment is decided by `attachment.ts`; what comes twice by `delivered.ts`; who gets a message, and
 * when, by `listeners.ts`.
 *
 * @see docs/semantics.md#continuity · continuity.test.ts
 */
import type { Gap, Message } from './api.ts';
import type { Attachment } from './attachment.ts';
import type { AttachedInfo, AttachRequest, Cursor, Inbound } from './contract.ts';
import { Delivered } from './delivered.ts';
import { Emitter } from './emitter.ts';
import { Listeners, type Registration } from './listeners.ts';
import { toMessage } from './message.ts';
import { rewindFromHistory } from './rewind.ts';

export class Delivery {
  readonly listeners: Listeners;
  readonly gaps: Emitter<Gap>;
  /** Data has flowed: the next attach resumes. */
  resumes = false;
  /** Where this attachment began, or began again after a loss. */
  began: Cursor | undefined;

  readonly #attachment: Attachment;
  #isOpen = false;
  #cursor: Cursor | undefined;
  /** Where live messages begin, once the backlog is complete. */
  #until: Cursor | undefined;
  #delivered: Delivered;
  /** Holds the backlog of a rewind, while it comes in. */
  #backlog: Message[] | undefined;
  /** Whose rewind it serves. */
  #rewinds: readonly Registration[] = [];
  /** A hole, told when what is left of it has come in. */
  #gap: (Gap & { recovered: number }) | undefined;

  constructor(attachment: Attachment) {
    const { onThrow } = attachment.client;
    this.#attachment = attachment;
    this.#delivered = new Delivered(attachment.capabilities.order);
    this.listeners = new Listeners(onThrow);
    this.gaps = new Emitter(onThrow);
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
    this.#isOpen = true;
    this.#until = cursor;
    if (this.resumes && continuity === 'kept') return;
    this.began = cursor;
    if (this.resumes) {
      this.#delivered.restart();
      this.#open(continuity === 'lost' ? continuity : 'unknown', reason);
    } else if (backlog) this.#backlog = [];
  }

  /** The backlog is complete, or there was none. */
  replayed(): void {
    const backlog = this.#backlog ?? [];
    this.#backlog = undefined;
    this.#cursor = this.#until ?? this.#cursor;
    this.resumes = true;
    this.#tellGap();
    for (const registration of this.#rewinds) this.listeners.release(registration, backlog);
    for (const registration of this.listeners.held()) this.rewind(registration);
  }

  received(inbound: Inbound): void {
    const { name } = this.#attachment;
    const { action, cursor, replayed, id } = inbound;
    if (!this.#isOpen || action !== 'create' || !this.#delivered.accept(inbound)) return;
    if (!this.#backlog) this.#cursor = cursor ?? this.#cursor;
    if (this.#gap) this.#gap.recovered++;
    if (this.#backlog && replayed) this.#backlog.push(toMessage(name, inbound));
    else if (
      this.#attachment.echo ||
      replayed ||
      !id?.startsWith(`${this.#attachment.client.nonce}:`)
    )
      this.listeners.dispatch(toMessage(name, inbound));
  }

  /** Shows an own publish that the backend will not send back. */
  copy(message: Message): void {
    this.#delivered.shown(message.id);
    this.listeners.dispatch(message);
  }

  // --- what the attachment says ---

  /** Serves one listener that came late; one that is early is served by the attach. */
  rewind(registration: Registration): void {
    if (this.#isOpen && this.resumes) void rewindFromHistory(this.#attachment, registration);
  }

  /**
   * Data flows no more. A rewind that was cut off begins anew, and whoever listens without one misses what comes until
   * then; a hole that is known must be told.
   */
  interrupted(): void {
    this.#isOpen = false;
    if (this.#backlog && this.listeners.areLive) this.#open('unknown', 'a rewind was cut off');
    this.#backlog = undefined;
    if (!this.resumes) this.#delivered = new Delivered(this.#attachment.capabilities.order);
    this.#tellGap();
  }

  /** The next attachment starts from nothing, so that a remount gets its rewind again. */
  ended(): void {
    this.resumes = false;
    this.#cursor = undefined;
    this.interrupted();
  }

  // --- gaps ---

  #open(continuity: Gap['continuity'], reason: string): void {
    this.#gap = {
      channel: this.#attachment.name,
      continuity,
      since: this.#cursor,
      until: this.#until,
      recovered: 0,
      reason,
    };
  }

  #tellGap(): void {
    const gap = this.#gap;
    this.#gap = undefined;
    if (gap) this.gaps.emit(gap);
  }
}
