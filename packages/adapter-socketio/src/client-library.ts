/** The client library: the app's `io`, or `socket.io-client`, loaded when it is first needed. @see socketio.test.ts */
import type { IoFunction } from './socket-like.ts';

/**
 * Begins as soon as there is a client library; with the app's at once.
 *
 * @param failed - Why there is none, or what `begin` has thrown later on. Trying again cannot help.
 */
export function withClientLibrary(
  io: IoFunction | undefined,
  begin: (io: IoFunction) => void,
  failed: (reason: string) => void,
): void {
  if (io) return begin(io);
  import('socket.io-client')
    .catch(() => {
      throw new Error('socket.io-client cannot be loaded; pass its io: socketio({ url, io })');
    })
    .then((library) => begin((url, options) => library.io(url, options)))
    .catch((error: unknown) => failed((error as Error).message));
}
