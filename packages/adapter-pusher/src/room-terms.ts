/** A channel as one connection holds it, and what may be asked of all of them. @see rooms.ts */
import type { AttachRequest, Cursor, HistoryQuery, Inbound, Link } from '@anywire/core';
import type { BackendClient } from '@anywire/core/backend';
import type { Subscription, Subscriptions } from './subscriptions.ts';

export interface Room {
  readonly channel: string;
  readonly remote: string;
  readonly remoteMembers: string;
  messages: Subscription | undefined;
  members: Subscription | undefined;
  /** What we show as a member. */
  shown: { readonly data: unknown } | undefined;
  /** Until it is known where live messages begin. */
  held: Inbound[] | undefined;
  /** The furthest position that was heard of. */
  position: Cursor | undefined;
  serial: number;
  began: Cursor | undefined;
  /** Counts what came. */
  count: number;
  isAttached: boolean;
  over: AbortController;
}

export interface QuietRoom {
  readonly channel: string;
  isStillQuiet(): boolean;
  moved(to: Cursor): void;
}

export interface RoomsParts {
  readonly link: Link;
  readonly backend: BackendClient | undefined;
  readonly subscriptions: Subscriptions;
  readonly isStored: boolean;
  /** The client was connected before: nobody knows what was missed. */
  readonly isBack: boolean;
}

export interface Rooms {
  /** Nobody is told of channels until `resume`: the connection has not been told of. */
  pause(): void;
  resume(): void;
  attach(channel: string, request: AttachRequest): Promise<void>;
  detach(channel: string): void;
  enter(channel: string, data: unknown, signal: AbortSignal): Promise<void>;
  update(
    channel: string,
    data: unknown,
    socketId: string | undefined,
    signal: AbortSignal,
  ): Promise<void>;
  leave(channel: string, socketId: string | undefined, signal: AbortSignal): Promise<void>;
  /** What is sent to a channel; undefined where we are not in it. */
  find(channel: string): Subscription['channel'] | undefined;
  /** Our name of a channel, and what we show there. */
  named(
    remote: string,
  ):
    | { readonly channel: string; readonly shown: Room['shown']; readonly isMembers: boolean }
    | undefined;
  quiet(): readonly QuietRoom[];
  absolute(channel: string, query: HistoryQuery): HistoryQuery;
  farewell(socketId: string | undefined): void;
  end(): void;
}
