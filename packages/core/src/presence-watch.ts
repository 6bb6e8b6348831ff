/**
 * The members of one channel as the app watches them: stores, edges, the count, and the grace where the backend has
 * none.
 *
 * Who is present is decided by `member-set.ts`; own membership is `presence.ts`.
 *
 * @see docs/semantics.md#presence · presence-watch.test.ts
 */
import type { Member, PresenceAction } from './api.ts';
import type { Attachment } from './attachment.ts';
import type { AttachRequest, Occupancy, PresenceChange } from './contract.ts';
import { Emitter, type Unsubscribe, unsubscriber } from './emitter.ts';
import type { RealtimeError } from './errors.ts';
import { MemberSet, type PresenceEdge } from './member-set.ts';
import { validate } from './schema.ts';
import { derivedStore, type Store } from './store.ts';
import { unsupported } from './unsupported.ts';

export type Options = { signal?: AbortSignal };

type MemberChange = Exclude<PresenceChange, { readonly action: 'occupancy' }>;

type Edge = PresenceEdge | { readonly action: 'sync-end' };

type Mode = AttachRequest['presence'];

/** What a backend tells of members: each also what the ones before it do. */
const modes: readonly Mode[] = ['none', 'count', 'watch', 'enter'];

export abstract class PresenceWatch {
  readonly members: Store<readonly Member[]>;
  readonly clients: Store<ReadonlyMap<string, readonly Member[]>>;
  readonly occupancy: Store<Occupancy>;

  protected readonly attachment: Attachment;
  /** Why nobody may watch, until the next connection. */
  protected refusal: RealtimeError | undefined;

  readonly #set = new MemberSet();
  readonly #edges: Emitter<Edge>;
  readonly #changed: Emitter<void>;
  readonly #recounted: Emitter<void>;
  #watchers = 0;
  #counters = 0;
  #count: Occupancy = this.#set.size;
  #graceAt: number | undefined;
  #cancelGrace = (): void => {};

  constructor(attachment: Attachment) {
    const { onThrow } = attachment.client;
    this.attachment = attachment;
    this.#edges = new Emitter(onThrow);
    this.#changed = new Emitter(onThrow);
    this.#recounted = new Emitter(onThrow);
    const watched = (start: () => () => void): Unsubscribe => this.#watch(start);
    this.members = this.#store(this.#changed, () => this.#set.list(), watched);
    this.clients = this.#store(this.#changed, () => this.#set.byClient(), watched);
    this.occupancy = this.#store(
      this.#recounted,
      () => this.#count,
      (start) => this.#countAlone(start),
    );
  }

  /** Others see us: where watching means entering, we may watch. */
  protected abstract readonly isMember: boolean;

  get synced(): boolean {
    return this.#set.synced;
  }

  on(action: PresenceAction, fn: (member: Member) => void, options?: Options): Unsubscribe {
    return this.#on((edge) => edge.action === action, fn, options);
  }

  onClient(
    action: 'enter' | 'leave',
    fn: (member: Member) => void,
    options?: Options,
  ): Unsubscribe {
    return this.#on((edge) => edge.action === action && edge.isClient, fn, options);
  }

  onSync(fn: () => void, options?: Options): Unsubscribe {
    return this.#on((edge) => edge.action === 'sync-end', fn, options);
  }

  #on(
    isMeant: (edge: Edge) => boolean,
    fn: (member: Member) => void,
    options?: Options,
  ): Unsubscribe {
    const tell = (edge: Edge): void => {
      if (isMeant(edge)) fn((edge as PresenceEdge).member);
    };
    return this.#watch(() => this.#edges.on(tell), options);
  }

  /** A store that is watched while somebody subscribes to it. */
  #store<Value>(
    changes: Emitter<void>,
    make: () => Value,
    watch: (start: () => () => void) => Unsubscribe,
  ): Store<Value> {
    const { get, subscribe, changed } = derivedStore(make, this.attachment.client.onThrow);
    changes.on(changed);
    return { get, subscribe: (fn) => watch(() => subscribe(fn)) };
  }

  /** Where the backend cannot tell the count alone, we count who is there. */
  #countAlone(start: () => () => void): Unsubscribe {
    if (this.#counts !== 'native') return this.#watch(start);
    this.#counters++;
    return this.#use(start, () => this.#counters--);
  }

  #watch(start: () => () => void, options?: Options): Unsubscribe {
    this.require();
    if (!this.attachment.capabilities.presence.watchOnly && !this.isMember)
      throw unsupported(this.attachment, 'watching without entering');
    this.#watchers++;
    return this.#use(start, () => this.#watchers--, options);
  }

  #use(start: () => () => void, end: () => void, { signal }: Options = {}): Unsubscribe {
    const { attachment } = this;
    const stop = start();
    attachment.hold(stop);
    attachment.refresh();
    return unsubscriber(() => {
      end();
      stop();
      attachment.release(stop);
    }, signal);
  }

  get #counts(): string {
    return this.attachment.capabilities.presence.occupancy;
  }

  // --- what the attachment asks and tells ---

  /** What those who watch need of the backend. */
  protected get view(): Mode {
    if (this.refusal) return 'none';
    if (this.#watchers > 0) return 'watch';
    return this.#counters > 0 ? 'count' : 'none';
  }

  needsMoreThan(asked: Mode): boolean {
    return modes.indexOf(this.view) > modes.indexOf(asked);
  }

  changed(change: PresenceChange): void {
    if (change.action === 'occupancy') return this.#recount(change);
    const { presence } = this.attachment.capabilities;
    const { now, presenceGraceMs } = this.attachment.client;
    // Grace runs in one place.
    const graceMs = presence.graceMs > 0 ? 0 : presenceGraceMs;
    this.#update(() => this.#set.apply(this.#checked(change), now(), graceMs));
    if (change.action === 'sync-end') this.#edges.emit({ action: 'sync-end' });
  }

  /** Who shows what the schema refuses is not shown. */
  #checked(change: MemberChange): MemberChange {
    const { name, definition } = this.attachment;
    if (!('member' in change) || change.action === 'leave') return change;
    const { member } = change;
    try {
      const what = `presence data of '${member.clientId}' in '${name}'`;
      const data = validate(definition?.presence, member.data, what);
      return { ...change, member: { ...member, data } };
    } catch (error) {
      this.attachment.report(error as RealtimeError);
      return { ...change, action: 'leave' };
    }
  }

  interrupted(): void {
    this.refusal = undefined;
    this.#set.doubt();
    this.#awaitGrace();
  }

  detached(): void {
    this.#update(() => {
      this.#set.clear();
      return [];
    });
    this.#recount(this.#set.size);
  }

  #update(act: () => readonly PresenceEdge[]): void {
    const { revision } = this.#set;
    const edges = act();
    if (this.synced) this.#recount(this.#set.size);
    // Whoever is told of an edge finds it in the stores.
    if (this.#set.revision !== revision) this.#changed.emit();
    this.#awaitGrace();
    for (const edge of edges) this.#edges.emit(edge);
  }

  #recount({ members, clients }: Occupancy): void {
    if (this.#count.members === members && this.#count.clients === clients) return;
    this.#count = Object.freeze({ members, ...(clients !== undefined && { clients }) });
    this.#recounted.emit();
  }

  /** One timer, for whoever was lost first. */
  #awaitGrace(): void {
    const { client } = this.attachment;
    const at = this.#set.nextAt;
    if (at === this.#graceAt) return;
    this.#cancelGrace();
    this.#graceAt = at;
    if (at === undefined) return;
    this.#cancelGrace = client.schedule(() => {
      this.#graceAt = undefined;
      this.#update(() => this.#set.expire(client.now()));
    }, at - client.now());
  }

  /** @throws {RealtimeError} unsupported */
  protected require(): void {
    const { capabilities, spec } = this.attachment;
    if (capabilities.presence.support === 'none' || !spec.presence)
      throw unsupported(this.attachment, 'presence');
  }
}
