/**
 * An event stream as a wire: it is read with `fetch`, and what is said are requests beside it, one after the other.
 *
 * @see dialect-wire.ts · dialect-status.ts for what statuses mean
 */
import type { DialectSpec, SseRequest } from './dialect-spec.ts';
import { dropOf, refusalOf } from './dialect-status.ts';
import type { OpenWire } from './dialect-wire.ts';
import { RealtimeError } from './errors.ts';

/** What the adapter lends: where to, and how an event stream is read. */
export interface StreamParts {
  readonly url: string | URL | (() => string | URL);
  readonly fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** That of `eventsource-parser`. */
  createParser(callbacks: {
    onEvent(event: { event?: string | undefined; data: string; id?: string | undefined }): void;
  }): { feed(chunk: string): void };
}

const streamType = 'text/event-stream';

function fromText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

export const wireOfStream =
  (parts: StreamParts, { name }: DialectSpec<'sse'>): OpenWire<'sse'> =>
  (events, { token, headers: given, address, clock }) => {
    const fetch = parts.fetch ?? globalThis.fetch;
    if (!fetch)
      throw new RealtimeError('unsupported', 'no fetch here; pass one: sse({ url, fetch })');
    const headers = given ?? (token ? { authorization: `Bearer ${token}` } : {});
    const over = new AbortController();
    const { signal } = over;
    let url: URL;
    try {
      const asked = typeof parts.url === 'function' ? parts.url() : parts.url;
      url = new URL(address(asked), globalThis.location?.href);
    } catch (cause) {
      throw new RealtimeError('invalid', 'the URL cannot be read; is it https://…?', { cause });
    }
    let native: Response | undefined;

    const broken = (cause: unknown): void => {
      const { message = '', cause: inner } = cause as Error & { cause?: { code?: string } };
      events.closed({ reason: `no answer from ${url.host} (${inner?.code ?? message})` });
    };

    const read = async (): Promise<void> => {
      const response = (native = await fetch(url.href, {
        headers: { accept: streamType, ...headers },
        cache: 'no-store',
        signal,
      }));
      const type = response.headers.get('content-type') ?? 'no type';
      if (response.status !== 200 || !type.startsWith(streamType) || !response.body) {
        void response.body?.cancel().catch(() => {}); // else its connection stays in use
        const reason = `${url.host} answered ${response.status}, with ${type}`;
        return events.closed({ code: response.status, reason }, dropOf(response, reason, clock));
      }
      events.opened();
      const parser = parts.createParser({
        onEvent: ({ event = 'message', data, id }) =>
          events.received({ event, data: fromText(data), ...(id !== undefined && { id }) }),
      });
      const reader = response.body.getReader();
      const decoder = new TextDecoder();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return events.closed({ reason: `the stream of ${url.host} ended` });
        events.alive(); // also comments, and events that take long
        parser.feed(decoder.decode(value, { stream: true }));
      }
    };

    const ask = async (request: SseRequest): Promise<unknown> => {
      const { path, method = 'POST', body } = request;
      let response: Response;
      let text: string;
      try {
        response = await fetch(new URL(path, url).href, {
          method,
          headers: {
            ...(body !== undefined && { 'content-type': 'application/json' }),
            ...headers,
            ...request.headers,
          },
          ...(body !== undefined && { body: JSON.stringify(body) }),
          signal,
        });
        text = await response.text();
      } catch (cause) {
        // What became of it is not known; with the connection, all that waits is told so.
        if (!signal.aborted) broken(cause);
        throw new RealtimeError('connection_failed', `${name}: ${path} was not answered`, {
          cause,
        });
      }
      const reply = fromText(text);
      const refusal = refusalOf(response, `${name}: ${method} ${path}`, reply, clock);
      if (!refusal) return reply;
      // The token is old for the stream, too; whoever asked is told first.
      if (response.status === 401)
        clock.schedule(() => events.closed({ code: 401, reason: '' }, refusal), 0);
      throw Object.assign(refusal.error, { retryAfterMs: refusal.retryAfterMs });
    };

    let last: Promise<unknown> = Promise.resolve();
    read().catch((cause: unknown) => !signal.aborted && broken(cause));
    return {
      send(request) {
        const asked = last.then(() => ask(request));
        last = asked.catch(() => {});
        return asked;
      },
      close: () => over.abort(),
      get native() {
        return native;
      },
    };
  };
