/**
 * Which rooms are heard, and in which one we are present. All rooms in the list are heard, so that each can tell how much
 * was not read. A backend that takes one channel at a time refuses the second one: from then on it is the current
 * room alone, and the page says so.
 */
import type { Realtime, Store } from '@anywire/core';
import type { Room } from './room.ts';
import { value } from './store.ts';

export interface Following {
  /** One room at a time: nothing is heard of the others. */
  readonly isSingle: Store<boolean>;
  added(room: Room): void;
  /** Another room is the current one. */
  moved(before: Room): void;
}

export function createFollowing(
  connection: Realtime['connection'],
  rooms: Store<readonly Room[]>,
  current: () => Room,
): Following {
  const isSingle = value(false);
  let entered: Room | undefined;
  let turn = Promise.resolve();

  async function enter(): Promise<void> {
    const room = current();
    if (entered === room) return;
    entered = room;
    try {
      await room.enter();
    } catch {
      if (entered === room) entered = undefined; // the list of who is here tells: we are not in it
    }
  }

  /** Lets go of all others first, or the backend would refuse this one. */
  async function followAlone(): Promise<void> {
    const room = current();
    const isHeard = room.status.get().kind === 'ready';
    const others = rooms.get().filter((other) => !isHeard || other !== room);
    if (others.includes(room)) entered = undefined;
    await Promise.all(others.map((other) => other.unfollow()));
    if (room !== current()) return; // there is another turn
    room.follow();
    void enter();
  }

  const takeTurn = (): void => {
    turn = turn.then(followAlone);
  };

  // The route decides which room is the first, and is read later in this tick.
  queueMicrotask(() => void enter());
  // The SDK enters again by itself after an interruption; but a first try that met none is ours to repeat.
  connection.state.subscribe((state) => {
    if (state === 'connected') void enter();
  });

  return {
    isSingle,
    added(room) {
      if (!isSingle.get()) room.follow();
      room.status.subscribe(({ kind }) => {
        if (kind !== 'absent' || isSingle.get()) return;
        isSingle.set(true);
        takeTurn();
      });
    },
    moved(before) {
      if (isSingle.get()) return takeTurn();
      void before.leave();
      void enter();
    },
  };
}
