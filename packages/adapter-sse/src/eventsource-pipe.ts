/**
 * An event stream down, read by an `EventSource`, and POST up.
 *
 * The first POST makes the session, because an EventSource can send neither headers nor a body. It is closed at its first
 * `error`: it is dead for ever after a 5xx, would go back by itself to a session that is over after any other, and does not
 * say which. Core opens another session instead.
 *
 * @see docs/protocol.md#http · eventsource-pipe.test.ts
 */
import type { Clock } from '@anywire/core';
import { RealtimeError } from '@anywire/core/errors';
import type { Pipe, PipeEvents } from '@anywire/protocol/client';
import type { Endpoint } from './endpoint.ts';
import { createLifetime } from './lifetime.ts';
import { isOfType, refusal, unreachable } from './refusal.ts';
import { createUpstream } from './upstream.ts';

/** What is used of an `EventSource`. */
export interface EventSourceLike {
  onmessage: ((event: never) => unknown) | null;
  onerror: ((event: never) => unknown) | null;
  close(): void;
}

/** The class of the browser's `EventSource`, of the package `eventsource`, or of another implementation. */
export type EventSourceClass = new (url: string) => EventSourceLike;

const sessionType = 'application/json';

/** @throws {RealtimeError} `unsupported` without an EventSource class */
export function openEventSource(
  endpoint: Endpoint,
  clock: Clock,
  events: PipeEvents,
  EventSource: EventSourceClass | undefined,
): Pipe {
  if (!EventSource)
    throw new RealtimeError(
      'unsupported',
      'no EventSource here; pass one: sse({ EventSource, … })',
    );
  const life = createLifetime(events, clock);
  const { signal, ended } = life;
  const upstream = createUpstream(endpoint, events, signal, ended);
  let native: EventSourceLike | undefined;
  let isAsked = false;

  /** @param first - The `connect` frame. */
  const open = async (first: string): Promise<void> => {
    const options = { signal, accept: sessionType };
    const response = await endpoint.post(endpoint.address('/sse'), first, options);
    if (response.status !== 201 || !isOfType(response, sessionType))
      return ended(await refusal(response, endpoint, events));
    const { session } = (await response.json()) as { session: string };
    if (signal.aborted) return;
    const source = new EventSource(endpoint.address(`/sse/${session}`));
    native = source;
    signal.addEventListener('abort', () => source.close());
    source.onmessage = ({ data }: { data: string }) => events.received(data);
    source.onerror = ({ message = 'an EventSource does not say why' }: { message?: string }) =>
      ended({ code: 1006, reason: `the stream of ${endpoint.host} ended (${message})` });
    upstream.open(session);
  };
  return {
    get native() {
      return native;
    },
    send(message) {
      if (isAsked) return upstream.send(message as string);
      isAsked = true;
      open(message as string).catch((cause: unknown) => ended(unreachable(endpoint, cause)));
    },
    close: (code, reason) => life.close({ code, reason }, upstream.emptied()),
  };
}
