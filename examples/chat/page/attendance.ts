/** Who is in a room, ourselves among them, where the backend tells. */
import type { Channel, Member, Store } from '@anywire/core';
import type { Person } from '../channels.ts';
import { tellsWhoIsHere } from './abilities.ts';
import { value } from './store.ts';

/** Client id -> tabs and devices. */
export type People = ReadonlyMap<string, readonly Member<Person>[]>;

export interface Attendance {
  /** Undefined: this backend does not tell, which is not the same as nobody. */
  readonly people: Store<People | undefined>;
  /** Rejects when the backend did not take us. */
  enter(): Promise<void>;
  leave(): Promise<void>;
}

export function createAttendance(
  channel: Pick<Channel<object, Person>, 'presence' | 'state' | 'capabilities'>,
  person: Person,
): Attendance {
  const { presence } = channel;
  const tells = (): boolean => tellsWhoIsHere(channel.capabilities);
  const nobody: People = new Map();
  const people = value<People | undefined>(tells() ? nobody : undefined);
  let stop: (() => void) | undefined;

  const unwatch = (): void => {
    stop?.();
    stop = undefined;
  };
  // The service may take presence away when it answers, or give it back on the next connection.
  channel.state.subscribe(() => {
    if (!tells()) people.set(undefined);
    else if (people.get() === undefined) people.set(nobody);
  });

  return {
    people,
    async enter() {
      if (!tells()) return;
      try {
        const entered = presence.enter(person);
        // Only now: some backends show the others to members alone.
        stop ??= presence.clients.subscribe((clients) => {
          if (tells()) people.set(clients);
        });
        await entered;
      } catch (error) {
        unwatch();
        throw error;
      }
    },
    async leave() {
      unwatch();
      people.set(tells() ? nobody : undefined);
      await presence.leave().catch(() => {}); // it ended with the connection, or ends with the room
    },
  };
}
