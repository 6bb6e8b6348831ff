/**
 * A Pusher client, and the truth about its connection: told at the first honest sign, and once.
 *
 * After a loss pusher-js says `connected` for a second, and its first retry after a refused TCP connection may take 16 s: a client
 * of our own is ended at the first sign, and core makes the next one.
 *
 * @see refusals.ts · pusher.faults.test.ts
 */
import type { Drop, Link } from '@anywire/core';
import { complaintOf, dropOf, type Complaint } from './refusals.ts';
import type { PusherLike } from './pusher-like.ts';

export interface ConnectionEvents {
  opened(socketId: string): void;
  dropped(drop: Drop): void;
  /** An error that ends nothing. */
  complained(complaint: Complaint): void;
}

export interface Watched {
  /** Hears nothing more. */
  end(): void;
}

/** What ends or closes no connection. */
const isPassing = ({ code, isServices }: Complaint): boolean =>
  isServices && (code === undefined || code === 4301 || code === 4302);

export function watchConnection(client: PusherLike, link: Link, events: ConnectionEvents): Watched {
  const { connection } = client;
  let isUp = false;
  let isOver = false;
  let last: Complaint | undefined;
  /** Told in this tick. */
  const told = new Set<string>();
  const lost = (): void => {
    if (isOver || !isUp) return;
    isUp = false;
    events.dropped(dropOf(last));
    last = undefined;
  };
  const failed = (): void => {
    if (isOver || isUp) return;
    events.dropped(dropOf(last));
  };
  const handlers: Readonly<Record<string, (heard: never) => void>> = {
    connected() {
      isUp = true;
      last = undefined;
      events.opened(connection.socket_id);
    },
    connecting_in: () => (isUp ? lost() : failed()),
    state_change({ previous, current }: { previous: string; current: string }) {
      if (current === 'connected') return;
      if (isUp) lost();
      else if (current !== 'connecting' && previous === 'connecting') failed();
    },
    error(heard: unknown) {
      const complaint = complaintOf(heard);
      if (!isPassing(complaint)) {
        last = complaint;
        return;
      }
      const key = `${complaint.code} ${complaint.message}`;
      if (complaint.message === '' || told.has(key)) return;
      told.add(key);
      queueMicrotask(() => told.clear());
      events.complained(complaint);
    },
    message: () => link.alive(),
  };
  for (const [name, handler] of Object.entries(handlers)) connection.bind(name, handler);
  const { timeline } = client as { timeline?: { info(event: object): void } };
  // pusher-js tells nobody that a socket could not be opened, but writes it down.
  const write = timeline?.info;
  if (timeline && write)
    timeline.info = (event: { cid?: unknown; state?: unknown }) => {
      write.call(timeline, event);
      if (event.cid !== undefined && event.state === 'closed' && !isUp)
        link.clock.schedule(failed, 0);
    };
  // A client of the app's may be connected already.
  if (connection.state === 'connected') handlers['connected']?.(undefined as never);
  return {
    end() {
      isOver = true;
      if (timeline && write) timeline.info = write;
      for (const [name, handler] of Object.entries(handlers)) connection.unbind(name, handler);
    },
  };
}
