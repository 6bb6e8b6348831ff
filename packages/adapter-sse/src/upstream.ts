/**
 * What the client of a stream says: one POST at a time, so that order holds; what waits meanwhile travels together.
 *
 * @see docs/protocol.md#http · stream-pipe.test.ts
 */
import type { PipeEvents } from '@anywire/protocol/client';
import type { Endpoint } from './endpoint.ts';
import { refusal, unreachable, type Ended } from './refusal.ts';

export interface Upstream {
  /** The session is there: what waits can go. */
  open(session: string): void;
  send(message: string): void;
  /** Resolves when nothing waits; undefined when nothing does now. */
  emptied(): Promise<void> | undefined;
}

/** Joined up to this many UTF-16 units: at most 48 KiB of UTF-8. Every server takes 64 KiB, and so does a browser with `keepalive`. */
const maxJoinedLength = 16_384;

/** Takes messages that travel together from the front of `waiting`. */
export function takeJoined(waiting: string[]): string[] {
  let length = 0;
  const over = waiting.findIndex(
    (message, at) => (length += message.length) > maxJoinedLength && at > 0,
  );
  return waiting.splice(0, over < 0 ? waiting.length : over);
}

/** @param ended - Told when a message could not be handed over, and the order is broken. */
export function createUpstream(
  endpoint: Endpoint,
  events: PipeEvents,
  signal: AbortSignal,
  ended: (info: Ended) => void,
): Upstream {
  const waiting: string[] = [];
  let address: string | undefined;
  let sending: Promise<void> | undefined;

  const post = async (): Promise<void> => {
    while (address && waiting.length > 0) {
      const response = await endpoint.post(address, takeJoined(waiting).join('\n'), { signal });
      if (response.status !== 204) return ended(await refusal(response, endpoint, events, true));
    }
    sending = undefined;
  };
  const start = (): void => {
    if (address && waiting.length > 0)
      sending ??= post().catch((cause: unknown) => ended(unreachable(endpoint, cause)));
  };
  return {
    open(session) {
      address = endpoint.address(`/sse/${session}`);
      start();
    },
    send(message) {
      waiting.push(message);
      start();
    },
    emptied: () => sending,
  };
}
