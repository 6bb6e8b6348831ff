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
import type { PresenceChange, PresenceSession, Session } from './contract.ts';
import { Emitter, unsubscriber } from './emitter.ts';
import { RealtimeError } from './errors.ts';
import { MemberSet } from './member-set.ts';
import { toJson } from './payload.ts';
import { unsupported } from './unsupported.ts';
import { createStore, type Store, type WritableStore } from './store.ts';

/** What we want others to see of us. Compared by identity. */
export interface Own {
  readonly data: unknown;
}

type Options = { signal?: AbortSignal };

export class PresenceCore implements Presence {
  readonly members: Store<readonly Member[]>;
  readonly clients: Store<ReadonlyMap<string, readonly Member[]>>;

  readonly #attachment: Attachment;
  readonly #set = new MemberSet();
  readonly #list: WritableStore<readonly Member[]>;
  readonly #byClient: WritableStore<ReadonlyMap<string, readonly Member[]>>;
  readonly #edges: Readonly<Record<PresenceAction, Emitter<Member>>>;
  readonly #syncs: Emitter<void>;
  #watchers = 0;
  #own: Own | undefined;
  #releaseOwn: (() => void) | undefined;
  /** What the backend holds of us, on this connection. */
  #known: Own | undefined;

  constructor(attachment: Attachment) {
    const { onThrow } = attachment.host.context;
    this.#attachment = attachment;
    this.#edges = {
      enter: new Emitter(onThrow),
      update: new Emitter(onThrow),
      leave: new Emitter(onThrow),
    };
    this.#syncs = new Emitter(onThrow);
    this.#list = createStore<readonly Member[]>([], onThrow);
    this.#byClient = createStore<ReadonlyMap<string, readonly Member[]>>(new Map(), onThrow);
    this.members = this.#watched(this.#list);
    this.clients = this.#watched(this.#byClient);
  }

  get synced(): boolean {
    return this.#set.synced;
  }

  // --- own membership ---

  async enter(data: unknown, options?: Options): Promise<void> {
    this.#require();
    const { capabilities, name } = this.#attachment;
    toJson(data, capabilities.maxPayloadBytes, `presence data of '${name}'`);
    this.#releaseOwn ??= this.#attachment.hold();
    await this.#want({ data }, options);
  }

  async update(data: unknown, options?: Options): Promise<void> {
    this.#require();
    if (!this.#own)
      throw new RealtimeError(
        'invalid',
        `not entered in '${this.#attachment.name}': call \`enter\` first`,
      );
    if (this.#attachment.capabilities.presence.update === 'none')
      throw unsupported(this.#attachment, 'presence updates');
    await this.enter(data, options);
  }

  async leave(options?: Options): Promise<void> {
    if (!this.#own) return;
    const connected =
      this.#attachment.host.connection.session && this.#attachment.state.get() === 'attached';
    try {
      if (connected) await this.#want(undefined, options);
    } finally {
      this.#own = undefined;
      this.#releaseOwn?.();
      this.#releaseOwn = undefined;
    }
  }

  /** Makes the backend hold `own`; a rejected wish is taken back. */
  async #want(own: Own | undefined, { signal }: Options = {}): Promise<void> {
    const { context, connection } = this.#attachment.host;
    const before = this.#own;
    this.#own = own;
    try {
      await context.within(
        `presence in '${this.#attachment.name}'`,
        [connection.life, signal],
        (inner) => this.#reach(inner),
      );
    } catch (error) {
      if (this.#own === own) this.#own = before;
      if (!this.#own) {
        this.#releaseOwn?.();
        this.#releaseOwn = undefined;
      }
      throw error;
    }
  }

  async #reach(signal: AbortSignal): Promise<void> {
    for (;;) {
      const session = await this.#attachment.whenAttached(signal);
      if (this.#known === this.#own) return; // the attach carried it
      const own = this.#own;
      try {
        await this.#tell(session, own, signal);
        this.#known = own;
      } catch (error) {
        // A connection that broke meanwhile: the next attach enters for us.
        if (signal.aborted || this.#attachment.host.connection.session === session) throw error;
      }
    }
  }

  #tell(session: Session, own: Own | undefined, signal: AbortSignal): Promise<void> {
    const { name } = this.#attachment;
    const presence = session.presence as PresenceSession;
    if (!own) return presence.leave(name, signal);
    const verb: keyof PresenceSession = this.#known ? 'update' : 'enter';
    return presence[verb](name, own.data, signal);
  }

  // --- watching ---

  on(action: PresenceAction, fn: (member: Member) => void, { signal }: Options = {}): Unsubscribe {
    return this.#watch(this.#edges[action].on(fn), signal);
  }

  onSync(fn: () => void, { signal }: Options = {}): Unsubscribe {
    return this.#watch(this.#syncs.on(fn), signal);
  }

  #watched<Value>({ get, subscribe }: Store<Value>): Store<Value> {
    return { get, subscribe: (fn) => this.#watch(subscribe(fn)) };
  }

  #watch(stop: () => void, signal?: AbortSignal): Unsubscribe {
    try {
      this.#require();
      if (!this.#attachment.capabilities.presence.watchOnly && !this.#own)
        throw unsupported(this.#attachment, 'watching without entering');
    } catch (error) {
      stop();
      throw error;
    }
    const release = this.#attachment.hold();
    if (this.#watchers++ === 0) this.#attachment.refresh();
    return unsubscriber(() => {
      this.#watchers--;
      stop();
      release();
    }, signal);
  }

  // --- what the attachment asks and tells ---

  wanted(): { mode: 'none' | 'watch' | 'enter'; own: Own | undefined } {
    const watching = this.#watchers > 0 ? 'watch' : 'none';
    return { mode: this.#own ? 'enter' : watching, own: this.#own };
  }

  attached(own: Own | undefined): void {
    this.#known = own ?? this.#known;
  }

  interrupted(): void {
    if (this.#attachment.host.context.adapter.capabilities.reconnect === 'core')
      this.#known = undefined;
    this.#set.doubt();
  }

  detached(): void {
    this.#known = undefined;
    this.#set.clear();
    this.#publish();
  }

  changed(change: PresenceChange): void {
    const edges = this.#set.apply(change);
    // Whoever is told of an edge finds it in the stores.
    if (edges.length > 0) this.#publish();
    for (const { action, member } of edges) this.#edges[action].emit(member);
    if (change.action === 'sync-end') this.#syncs.emit();
  }

  #publish(): void {
    const members = this.#set.list();
    if (members.length === 0 && this.#list.get().length === 0) return;
    this.#list.set(members);
    const clients = new Map<string, readonly Member[]>();
    for (const member of members)
      clients.set(member.clientId, [...(clients.get(member.clientId) ?? []), member]);
    this.#byClient.set(clients);
  }

  #require(): void {
    const { capabilities, spec } = this.#attachment;
    if (capabilities.presence.support === 'none' || !spec.presence)
      throw unsupported(this.#attachment, 'presence');
  }
}
