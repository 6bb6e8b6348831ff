/**
 * The adapter: `anywire.v1` over plain HTTP. Mechanism only; the session is the protocol's, the policy core's.
 *
 * @see docs/protocol.md#http · stream-pipe.ts, poll-pipe.ts and eventsource-pipe.ts for the transports
 */
import type { Adapter, Credentials } from '@anywire/core';
import { fromBase64, toBase64 } from '@anywire/core/base64';
import type { Dialect } from '@anywire/core/dialect';
import { errorCodes, RealtimeError } from '@anywire/core/errors';
import { declared, openSession, type Pipe, type PipeEvents } from '@anywire/protocol/client';
import { createParser } from 'eventsource-parser';
import { openAuto, type Memory } from './auto-pipe.ts';
import { endpointAt, headerToken, type Access, type Fetch } from './endpoint.ts';
import { openEventSource, type EventSourceClass } from './eventsource-pipe.ts';
import { openPoll } from './poll-pipe.ts';
import { openStream } from './stream-pipe.ts';

/** Options of {@link sse}. */
export interface SseOptions {
  /** `https://…` of the server's endpoint, or a function that answers it anew for each attempt. */
  readonly url: string | URL | (() => string | URL);
  /**
   * `stream`: an event stream down, POST up · `poll`: long polling · `eventsource`: a stream read by an `EventSource` ·
   * `auto`: `stream`, or `poll` where something in between holds streams back.
   *
   * @default 'auto'
   */
  readonly transport?: 'auto' | 'stream' | 'poll' | 'eventsource';
  /** `auto`: polling is tried when a stream has been silent for so long, in ms. @default 4_000 */
  readonly streamTimeoutMs?: number;
  /** @default the global `fetch` */
  readonly fetch?: Fetch;
  /** For `eventsource`. @default the global `EventSource`: browsers, Deno */
  readonly EventSource?: EventSourceClass;
  /**
   * How a server that knows nothing of us is spoken to: `defineDialect` of `@anywire/core/dialect`. `url` is its event
   * stream, which is read with `fetch`.
   *
   * @default `anywire.v1`
   */
  readonly dialect?: Dialect<'sse'>;
}

const core = { errorCodes, RealtimeError, toBase64, fromBase64 };

/**
 * Plain HTTP that speaks `anywire.v1`, or a dialect.
 *
 * The token travels in the header `Authorization`, never in a URL, where logs would keep it; with a dialect, as that says.
 *
 * @throws {RealtimeError} `invalid` for the dialect of another transport
 */
export function sse({
  url,
  transport = 'auto',
  streamTimeoutMs = 4_000,
  fetch,
  EventSource,
  dialect,
}: SseOptions): Adapter {
  if (dialect) return dialect.adapter('sse', { url, fetch, createParser });
  const memory: Memory = { blockedUntil: 0 };
  return {
    name: 'sse',
    specVersion: 1,
    ...declared(false),
    open(link, resume) {
      const { clock } = link;
      const access: Access = { token: undefined, renewed() {} };
      const open = (events: PipeEvents): Pipe => {
        const given = typeof url === 'function' ? url() : url;
        const used = fetch === undefined ? globalThis.fetch : fetch;
        const endpoint = endpointAt(given, used, access, () => clock.now());
        const pipes = {
          openStream: (own: PipeEvents) => openStream(endpoint, clock, own),
          openPoll: (own: PipeEvents) => openPoll(endpoint, access, clock, own),
        };
        if (transport === 'stream') return pipes.openStream(events);
        if (transport === 'poll') return pipes.openPoll(events);
        if (transport === 'auto') return openAuto(pipes, memory, clock, streamTimeoutMs, events);
        if (transport !== 'eventsource')
          throw new RealtimeError('invalid', 'transport is auto, stream, poll or eventsource');
        const Source = EventSource ?? globalThis.EventSource;
        return openEventSource(endpoint, clock, events, Source);
      };
      const session = openSession(
        core,
        {
          ...link,
          // The header carries it, so no frame has to.
          async authorize(request) {
            access.token = headerToken((await link.authorize(request)).token);
            return {};
          },
        },
        (events) => {
          const pipe = open(events);
          queueMicrotask(() => events.opened()); // each request opens anew what it needs
          return pipe;
        },
        resume,
      );
      const { refresh } = session;
      return Object.assign(session, {
        async refresh(credentials: Credentials) {
          headerToken(credentials.token);
          const expiresAt = await refresh(credentials);
          access.token = credentials.token;
          access.renewed();
          return expiresAt;
        },
      });
    },
  };
}
