/**
 * An event stream down, read with `fetch`, and POST up.
 *
 * Not `EventSource`: it sends no headers, shows no status, and is dead for ever after a 503.
 *
 * @see docs/protocol.md#http · stream-pipe.test.ts · upstream.ts for the way up
 */
import type { Clock } from '@anywire/core';
import type { Pipe, PipeEvents } from '@anywire/protocol/client';
import { createParser } from 'eventsource-parser';
import type { Endpoint } from './endpoint.ts';
import { createLifetime } from './lifetime.ts';
import { isOfType, refusal, unreachable } from './refusal.ts';
import { createUpstream } from './upstream.ts';

const streamType = 'text/event-stream';

export function openStream(endpoint: Endpoint, clock: Clock, events: PipeEvents): Pipe {
  const life = createLifetime(events, clock);
  const { signal, ended } = life;
  const upstream = createUpstream(endpoint, events, signal, ended);
  let native: Response | undefined;
  let isAsked = false;

  /** @param first - The `connect` frame. */
  const read = async (first: string): Promise<void> => {
    native = await endpoint.post(endpoint.address('/sse'), first, { signal, accept: streamType });
    if (native.status !== 200 || !isOfType(native, streamType) || !native.body)
      return ended(await refusal(native, endpoint, events));
    const parser = createParser({
      onEvent({ event, data }) {
        if (event === 'session') upstream.open(data);
        else if (!event) events.received(data);
      },
    });
    const reader = native.body.getReader();
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return ended({ code: 1006, reason: `the stream of ${endpoint.host} ended` });
      events.alive(); // every byte counts: comments, and events that take long
      parser.feed(decoder.decode(value, { stream: true }));
    }
  };
  return {
    get native() {
      return native;
    },
    send(message) {
      if (isAsked) return upstream.send(message as string);
      isAsked = true;
      read(message as string).catch((cause: unknown) =>
        ended(unreachable(endpoint, cause, native && 'broken: the stream of')),
      );
    },
    close: (code, reason) => life.close({ code, reason }, upstream.emptied()),
  };
}
