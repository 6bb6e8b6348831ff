/**
 * Presence of one channel: own membership, which is entered again after each interruption.
 *
 * Who else is there is `presence-watch.ts`; entering travels with the attach where it can (`attachment.ts`).
 *
 * @see docs/semantics.md#presence · presence.test.ts
 */
import type { Presence } from './api.ts';
import type { AttachRequest, PresenceSession, Session } from './contract.ts';
import { RealtimeError } from './errors.ts';
import { toJson } from './payload.ts';
import { perform } from './perform.ts';
import { type Options, PresenceWatch } from './presence-watch.ts';
import { validate } from './schema.ts';
import { unsupported } from './unsupported.ts';

/** What we want others to see of us. Compared by identity. */
export interface Own {
  readonly data: unknown;
}

/** What an attach asks for. */
export interface Wanted {
  readonly mode: AttachRequest['presence'];
  readonly own: Own | undefined;
}

export class PresenceCore extends PresenceWatch implements Presence {
  #own: Own | undefined;
  /** The last wish that came true. */
  #proven: Own | undefined;
  /** What the backend was told last on this connection, and what it has answered to last: it may hold either. */
  #told: Own | undefined;
  #known: Own | undefined;
  /** What waits for the backend to hold, or to let go of, what we are. */
  readonly #wishes = new Set<AbortController>();

  protected get isMember(): boolean {
    return this.#own !== undefined;
  }

  async enter(data: unknown, options?: Options): Promise<void> {
    this.require();
    const { name, capabilities, definition } = this.attachment;
    const what = `presence data of '${name}'`;
    // A copy: what the app does to its object is not news to anybody, also when we enter again.
    const sent: unknown = JSON.parse(toJson(data, capabilities.maxPayloadBytes, what));
    validate(definition?.presence, sent, what);
    this.attachment.hold(this);
    await this.#want({ data: sent }, options);
  }

  async update(data: unknown, options?: Options): Promise<void> {
    this.require();
    if (!this.#own) throw new RealtimeError('invalid', `not entered in '${this.attachment.name}'`);
    if (this.attachment.capabilities.presence.update === 'none')
      throw unsupported(this.attachment, 'presence updates');
    await this.enter(data, options);
  }

  async leave(options?: Options): Promise<void> {
    this.#own = undefined;
    if (this.attachment.isAttached && this.#isNews) await this.#want(undefined, options);
    else this.#forget(); // the next attach leaves, where the backend may still hold us
  }

  /** Makes the backend hold `own`; a rejected wish is taken back, and a leave is none that could be. */
  async #want(own: Own | undefined, { signal }: Options = {}): Promise<void> {
    this.#own = own;
    try {
      await this.#wish(signal);
    } catch (error) {
      if (this.#own === own) this.#own = own && this.#proven;
      this.#settle();
      throw error;
    } finally {
      if (!this.#own) this.#forget();
    }
  }

  async #wish(signal?: AbortSignal): Promise<void> {
    const wish = new AbortController();
    this.#wishes.add(wish);
    try {
      const what = `presence in '${this.attachment.name}'`;
      await perform(this.attachment, what, [signal, wish.signal], (session, inner) =>
        this.#tell(session, inner),
      );
    } finally {
      this.#wishes.delete(wish);
    }
  }

  /** What was given up may have come true: where nobody waits any longer, the backend is told once more what we are. */
  #settle(): void {
    if (this.#wishes.size > 0 || !this.#isNews) return;
    this.#wish().then(
      () => this.#settle(),
      (error: RealtimeError) => this.attachment.isAttached && this.attachment.report(error),
    );
  }

  get #isNews(): boolean {
    return this.#told !== this.#own || this.#known !== this.#own;
  }

  async #tell(session: Session, signal: AbortSignal): Promise<void> {
    this.require();
    const { name, client, capabilities } = this.attachment;
    const turn = client.rates.pass(this.attachment, ['presence'], [signal], () => this.#isNews);
    if (turn) await turn;
    if (!this.#isNews || signal.aborted) return; // the attach carried it, or an earlier call did
    const own = this.#own;
    const before = this.#told;
    const isMember = before && this.#known;
    const verb = isMember && capabilities.presence.update !== 'none' ? 'update' : 'enter';
    const presence = session.presence as PresenceSession;
    this.#told = own;
    try {
      if (own) await presence[verb](name, own.data, signal);
      else await presence.leave(name, signal);
    } catch (error) {
      const isRefused = !signal.aborted && (error as RealtimeError).code !== 'timeout';
      if (isRefused && this.#told === own) this.#told = before;
      throw error;
    }
    if (signal.aborted) return;
    this.#known = own;
    if (this.#own) this.#proven = own;
    client.rates.reconsider();
  }

  #forget(): void {
    this.#own = this.#proven = undefined;
    this.attachment.release(this);
  }

  // --- what the attachment asks and tells ---

  /** What the service took away on this connection is dropped, as if an attach had been refused. */
  narrowed(): void {
    if (this.attachment.capabilities.presence.support !== 'none') return;
    const error = unsupported(this.attachment, 'presence');
    if (this.#own) this.refused(error, this.#own);
    if (this.view !== 'none') this.refused(error, undefined);
  }

  wanted(): Wanted {
    this.#told = this.#own ?? this.#told;
    return { mode: this.#own ? 'enter' : this.view, own: this.#own };
  }

  /** An attach carried it. */
  entered(own: Own | undefined): void {
    if (own) this.#known = own;
    if (this.refusal) this.attachment.report(this.refusal);
    if (own === this.#own) this.#proven = own;
    // It left while this attach was out, or was not there; or while a vendor was away that enters again by itself.
    this.#settle();
  }

  /** The attach was refused with what it wanted here: others may use the channel, so only that is dropped. */
  refused(error: RealtimeError, own: Own | undefined): void {
    if (!own) {
      this.refusal = error;
      return;
    }
    this.#told = this.#known;
    if (this.#wishes.size === 0) this.attachment.report(error);
    for (const wish of this.#wishes) wish.abort(error);
    this.#forget();
  }

  override interrupted(): void {
    super.interrupted();
    if (!this.attachment.mayBeKnown) this.#told = this.#known = undefined;
  }

  override detached(): void {
    this.#told = this.#known = undefined;
    super.detached();
  }
}
