/** The client library: the app's class, or `pusher-js`, loaded when it is first needed. */
import type { PusherClass } from './pusher-like.ts';

/** Begins as soon as there is a class; with the app's at once. @param failed - Why there is none. */
export function withClientLibrary(
  given: PusherClass | undefined,
  begin: (Pusher: PusherClass) => void,
  failed: (reason: string) => void,
): void {
  if (given) return begin(given);
  // Which of the two a CommonJS package becomes depends on who loads it.
  import('pusher-js')
    .then((library) => {
      const { default: found = library } = library as { default?: unknown };
      const { default: inner = found } = found as { default?: unknown };
      return inner as PusherClass;
    })
    .then(begin)
    .catch((error: unknown) =>
      failed(
        `pusher-js cannot be used: ${(error as Error).message ?? error}; pass its class: pusher({ Pusher })`,
      ),
    );
}
