/**
 * Presence of one channel: own membership, which is entered again after each interruption, and the members that are
 * watched.
 *
 * The set and its edges are in `member-set.ts`; entering travels with the attach where it can (`attachment.ts`).
 *
 * @see docs/semantics.md#presence · presence.test.ts
 */
import type { Member, Presence, PresenceAction, Unsubscribe } from './api.ts';
import type { Attachment } from './attachment.ts';
import type { AttachRequest, PresenceChange, PresenceSession, Session } from './contract.ts';
import { Emitter, unsubscriber } from './emitter.ts';
import { RealtimeError } from './errors.ts';
import { MemberSet, type PresenceEdge } from './member-set.ts';
import { toJson } from './payload.ts';
import { perform } from './perform.ts';
import { derivedStore, type Store } from './store.ts';
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

type Options = { signal?: AbortSignal };

type Edge = PresenceEdge | { readonly action: 'sync-start' | 'sync-end' };

export class PresenceCore implements Presence {
  readonly members: Store<readonly Member[]>;
  readonly clients: Store<ReadonlyMap<string, readonly Member[]>>;

  readonly #attachment: Attachment;
  readonly #set = new MemberSet();
  readonly #edges: Emitter<Edge>;
  readonly #changed: Emitter<void>;
  #watchers = 0;
  #own: Own | undefined;
  /** The last wish that came true. */
  #proven: Own | undefined;
  /** What the backend holds of us, on this connection. */
  #known: Own | undefined;
  /** Why nobody may watch, until the next connection. */
  #refusal: RealtimeError | undefined;
  /** Calls that wait for the backend to hold, or to let go of, what we are. */
  readonly #wishes = new Set<AbortController>();

  constructor(attachment: Attachment) {
    const { onThrow } = attachment.client;
    this.#attachment = attachment;
    this.#edges = new Emitter(onThrow);
    this.#changed = new Emitter(onThrow);
    this.members = this.#store(() => this.#set.list());
    this.clients = this.#store(() => this.#set.byClient());
  }

  get synced(): boolean {
    return this.#set.synced;
  }

  // --- own membership ---

  async enter(data: unknown, options?: Options): Promise<void> {
    this.#require();
    toJson(
      data,
      this.#attachment.capabilities.maxPayloadBytes,
      `presence data of '${this.#attachment.name}'`,
    );
    this.#attachment.hold(this);
    await this.#want({ data }, options);
  }

  async update(data: unknown, options?: Options): Promise<void> {
    this.#require();
    if (!this.#own) throw new RealtimeError('invalid', `not entered in '${this.#attachment.name}'`);
    if (this.#attachment.capabilities.presence.update === 'none')
      throw unsupported(this.#attachment, 'presence updates');
    await this.enter(data, options);
  }

  async leave(options?: Options): Promise<void> {
    try {
      if (this.#own && this.#attachment.isAttached) await this.#want(undefined, options);
    } finally {
      this.#forget();
    }
  }

  /** Makes the backend hold `own`; a rejected wish is taken back. */
  async #want(own: Own | undefined, { signal }: Options = {}): Promise<void> {
    const wish = new AbortController();
    this.#own = own;
    this.#wishes.add(wish);
    try {
      const what = `presence in '${this.#attachment.name}'`;
      await perform(this.#attachment, what, [signal, wish.signal], (session, inner) =>
        this.#tell(session, inner),
      );
    } catch (error) {
      if (this.#own === own) this.#own = this.#proven;
      if (!this.#own) this.#forget();
      throw error;
    } finally {
      this.#wishes.delete(wish);
    }
  }

  async #tell(session: Session, signal: AbortSignal): Promise<void> {
    const own = this.#own;
    const { name } = this.#attachment;
    const presence = session.presence as PresenceSession;
    if (this.#known === own) return; // the attach carried it
    const verb =
      this.#known && this.#attachment.capabilities.presence.update !== 'none' ? 'update' : 'enter';
    if (own) await presence[verb](name, own.data, signal);
    else await presence.leave(name, signal);
    this.#known = this.#proven = own;
  }

  #forget(): void {
    this.#own = this.#proven = undefined;
    this.#attachment.release(this);
  }

  // --- watching ---

  on(action: PresenceAction, fn: (member: Member) => void, options?: Options): Unsubscribe {
    return this.#on(action, fn, options);
  }

  onSync(fn: () => void, options?: Options): Unsubscribe {
    return this.#on('sync-end', fn, options);
  }

  #on(action: Edge['action'], fn: (member: Member) => void, options?: Options): Unsubscribe {
    const tell = (edge: Edge): void => {
      if (edge.action === action) fn((edge as PresenceEdge).member);
    };
    return this.#watch(() => this.#edges.on(tell), options);
  }

  /** A store that is watched while somebody subscribes to it. */
  #store<Value>(make: () => Value): Store<Value> {
    const { get, subscribe, changed } = derivedStore(make, this.#attachment.client.onThrow);
    this.#changed.on(changed);
    return { get, subscribe: (fn) => this.#watch(() => subscribe(fn)) };
  }

  #watch(start: () => () => void, { signal }: Options = {}): Unsubscribe {
    const attachment = this.#attachment;
    this.#require();
    if (!attachment.capabilities.presence.watchOnly && !this.#own)
      throw unsupported(attachment, 'watching without entering');
    const stop = start();
    this.#watchers++;
    attachment.hold(stop);
    attachment.refresh();
    return unsubscriber(() => {
      this.#watchers--;
      stop();
      attachment.release(stop);
    }, signal);
  }

  // --- what the attachment asks and tells ---

  wanted(): Wanted {
    const watching = this.isWatched ? 'watch' : 'none';
    return { mode: this.#own ? 'enter' : watching, own: this.#own };
  }

  get isWatched(): boolean {
    return this.#watchers > 0 && !this.#refusal;
  }

  /** An attach carried it. */
  entered(own: Own | undefined): void {
    if (own) this.#known = own;
    if (this.#refusal) this.#attachment.report(this.#refusal);
    if (own === this.#own) this.#proven = own;
    // It left while this attach was out; or while a vendor was away that enters again by itself.
    if (this.#known && !this.#own)
      this.#want(undefined).catch((error: RealtimeError) => this.#attachment.report(error));
  }

  /** The attach was refused with what it wanted here: others may use the channel, so only that is dropped. */
  refused(error: RealtimeError, own: Own | undefined): void {
    if (!own) {
      this.#refusal = error;
      return;
    }
    if (this.#wishes.size === 0) this.#attachment.report(error);
    for (const wish of this.#wishes) wish.abort(error);
    this.#forget();
  }

  interrupted(): void {
    this.#refusal = undefined;
    if (this.#attachment.client.adapter.capabilities.reconnect === 'core') this.#known = undefined;
    this.#set.doubt();
  }

  detached(): void {
    this.#known = undefined;
    if (this.#set.clear()) this.#changed.emit();
  }

  changed(change: PresenceChange): void {
    const edges = this.#set.apply(change);
    // Whoever is told of an edge finds it in the stores.
    if (edges.length > 0) this.#changed.emit();
    for (const edge of edges) this.#edges.emit(edge);
    if (change.action === 'sync-end') this.#edges.emit(change);
  }

  #require(): void {
    if (
      this.#attachment.capabilities.presence.support === 'none' ||
      !this.#attachment.spec.presence
    )
      throw unsupported(this.#attachment, 'presence');
  }
}
