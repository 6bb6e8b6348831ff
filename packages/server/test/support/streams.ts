/** Clients on event streams: over `server.fetch` in virtual time, or over a real port. */
import { TestClient } from './client.ts';

/** Sends a request: `server.fetch`, or the platform's own with a port. */
export type Send = (path: string, init: RequestInit) => Promise<Response>;

export const over =
  (fetch: (request: Request) => Promise<Response>): Send =>
  (path, init) =>
    fetch(new Request(`http://example.com/anywire${path}`, init));

export const overPort =
  (port: number): Send =>
  (path, init) =>
    fetch(`http://127.0.0.1:${port}/anywire${path}`, init);

/** One event, or one comment. */
export interface StreamEvent {
  event?: string;
  data?: string;
  id?: string;
  retry?: string;
  comment?: string;
}

/** Reads a stream to its end; written apart from any parser, so that a mistake is not shared. */
export async function* eventsIn(
  body: ReadableStream<Uint8Array> | null,
): AsyncGenerator<StreamEvent> {
  if (!body) return;
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event: StreamEvent = {};
      for (const line of text.slice(0, end).split('\n')) {
        const [, field = '', value = ''] = /^([a-z]*)(?::(?: ?))?([^]*)$/.exec(line) ?? [];
        if (field === '') event.comment = value;
        else if (field === 'data' && event.data !== undefined) event.data += `\n${value}`;
        else event[field as 'data'] = value;
      }
      text = text.slice(end + 2);
      yield event;
    }
  }
}

export interface StreamClient extends TestClient {
  /** Of the POST that opens the stream. */
  readonly opened: Promise<Response>;
  /** Of each POST that followed. */
  readonly statuses: number[];
  readonly comments: number;
  readonly session: string;
  /** The token of the next requests. */
  token: string | undefined;
}

export const ndjson = 'application/x-ndjson';

/** Its first frame opens the stream. One request at a time, as the protocol says. */
export function streamClient(send: Send, token?: string): StreamClient {
  const abort = new AbortController();
  const statuses: number[] = [];
  let opened: Promise<Response> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let session = '';
  let comments = 0;
  let saidBye = false;
  let resolveOpened!: (response: Response) => void;
  const whenOpened = new Promise<Response>((resolve) => (resolveOpened = resolve));

  const post = (path: string, body: string, as = client.token): Promise<Response> =>
    send(path, {
      method: 'POST',
      body,
      headers: {
        'Content-Type': ndjson,
        Accept: 'text/event-stream',
        ...(as === undefined || as === '' ? {} : { Authorization: `Bearer ${as}` }),
      },
      signal: abort.signal,
    });

  async function open(body: string): Promise<Response> {
    const response = await post('/sse', body);
    void read(response.clone());
    resolveOpened(response);
    return response;
  }
  async function read(response: Response): Promise<void> {
    try {
      if (response.status !== 200) {
        client.received(await response.text());
      } else {
        for await (const event of eventsIn(response.body)) {
          if (event.comment !== undefined) comments += 1;
          if (event.event === 'session') session = event.data ?? '';
          else if (event.data !== undefined) client.received(event.data);
        }
      }
    } catch {
      // cut
    }
    const bye = client.all.findLast((frame) => frame.t === 'bye');
    client.wasClosed(bye?.code ?? (saidBye ? 1000 : 1006), '');
  }

  const pipe = {
    write(message: string | Uint8Array) {
      const body = message as string;
      saidBye ||= body.includes('"t":"bye"');
      if (!opened) {
        client.token ??= /"token":"([^"]*)"/.exec(body)?.[1];
        last = opened = open(body);
        return;
      }
      const as = client.token;
      last = last.then(async () => {
        const { status } = await post(`/sse/${session}`, body, as ?? '');
        statuses.push(status);
      });
    },
    end: () => void pipe.write('{"t":"bye"}'),
    cut: () => abort.abort(),
  };
  const client = Object.defineProperties(new TestClient(pipe), {
    opened: { get: () => whenOpened },
    statuses: { value: statuses },
    comments: { get: () => comments },
    session: { get: () => session },
    token: { value: token, writable: true },
  }) as StreamClient;
  return client;
}

/** A client whose stream is open. */
export async function streaming(send: Send, token?: string): Promise<StreamClient> {
  const client = streamClient(send, token);
  await client.connect(token === undefined ? {} : { instance: `tab-of-${token}` });
  return client;
}
