/**
 * Finds what was lost on the way to a channel that is quiet: where the app's backend has a message that did not come, core is
 * told, and repairs.
 *
 * One question for all channels, and never at the same moment as everybody else's.
 */
import type { Link } from '@anywire/core';
import type { BackendClient } from '@anywire/core/backend';
import type { Rooms } from './room-terms.ts';

/** Asks until `over`. @param everyMs - About; 0: never. */
export function watchPositions(
  link: Link,
  backend: BackendClient,
  rooms: Rooms,
  everyMs: number,
  over: AbortSignal,
): void {
  if (everyMs === 0) return;
  const { clock, random } = link;
  let cancel = (): void => {};
  const later = (): void => {
    cancel = clock.schedule(
      () => {
        compare().catch((error: unknown) =>
          link.log('debug', 'positions could not be compared', { error }),
        );
        later();
      },
      everyMs * (0.5 + random()),
    );
  };
  async function compare(): Promise<void> {
    const quiet = rooms.quiet();
    if (quiet.length === 0) return;
    const found = await backend.positions(
      quiet.map(({ channel }) => channel),
      over,
    );
    quiet.forEach((room, at) => {
      const position = found[at];
      // What came meanwhile is on its way.
      if (position !== undefined && room.isStillQuiet()) room.moved(position);
    });
  }
  over.addEventListener('abort', () => cancel());
  later();
}
