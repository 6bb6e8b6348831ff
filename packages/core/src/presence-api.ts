/**
 * What an app sees of the presence of one channel. The implementation is in presence.ts and presence-watch.ts; nothing
 * here has behaviour.
 */
import type { MemberInfo, Occupancy } from './contract.ts';
import type { Unsubscribe } from './emitter.ts';
import type { Store } from './store.ts';

/** One instance (tab, device) of one client. */
export type Member<Data = unknown> = MemberInfo & { readonly data: Data };

/** What can happen to a member. */
export type PresenceAction = 'enter' | 'update' | 'leave';

/** `Sent` differs where a schema transforms. */
export interface Presence<Data = unknown, Sent = Data> {
  /** Becomes a member, or changes the data of one; core enters again by itself after each interruption. */
  enter(data: Sent, options?: { signal?: AbortSignal }): Promise<void>;
  /** Changes own data. @throws {RealtimeError} invalid when not entered */
  update(data: Sent, options?: { signal?: AbortSignal }): Promise<void>;
  leave(options?: { signal?: AbortSignal }): Promise<void>;
  /** Watches members come, change and go. A member that is there already is told as `enter` at the first sync. */
  on(
    action: PresenceAction,
    fn: (member: Member<Data>) => void,
    options?: { signal?: AbortSignal },
  ): Unsubscribe;
  /** A client came with its first instance, or went with its last one, which is what `fn` gets. */
  onClient(
    action: 'enter' | 'leave',
    fn: (member: Member<Data>) => void,
    options?: { signal?: AbortSignal },
  ): Unsubscribe;
  /** The set is complete as of now. */
  onSync(fn: () => void, options?: { signal?: AbortSignal }): Unsubscribe;
  /** Every instance. Complete once `synced`. Subscribing watches the channel. */
  readonly members: Store<readonly Member<Data>[]>;
  /** Every client once, with its instances. */
  readonly clients: Store<ReadonlyMap<string, readonly Member<Data>[]>>;
  /** How many there are; asks the backend for no more than that where it can tell the count alone. */
  readonly occupancy: Store<Occupancy>;
  readonly synced: boolean;
}
