/**
 * Requests and answers of `fetch` as {@link HttpRequest}s: for Next.js route handlers, Hono, Bun, Deno and Workers.
 *
 * @see http-request.ts · fetch-http.test.ts
 */
import {
  bodyCutOff,
  Refusal,
  type HttpAnswer,
  type HttpRequest,
  type HttpStream,
  type HttpStreamer,
} from './http-request.ts';

/** What of a body may wait before its reader counts as slow. */
const highWaterMark = 65_536;

/** @param path - What follows our path in its URL. */
export function fetchRequest(path: string, url: URL, request: Request): HttpRequest {
  const { method, signal } = request;
  return {
    method,
    url: url.pathname + url.search,
    path,
    query: url.searchParams,
    // Not every runtime shows the header that it found the request by.
    headers: { host: url.host, ...Object.fromEntries(request.headers) },
    remoteAddress: undefined,
    text: (maxBytes) => readBody(request, maxBytes),
    onceGone(fn) {
      if (signal.aborted) fn();
      else signal.addEventListener('abort', fn, { once: true });
    },
  };
}

export function fetchResponse(
  { method, signal }: Request,
  { status, headers, body = '', streamer }: HttpAnswer,
): Response {
  if (streamer) {
    const stream = new BodyStream(streamer, signal);
    return new Response(stream.body, { status, headers: { ...headers } });
  }
  const all = { ...headers, 'Cache-Control': 'no-store' };
  return new Response(status === 204 || method === 'HEAD' ? null : body, { status, headers: all });
}

async function readBody(request: Request, maxBytes: number): Promise<string> {
  const says = `the body has more than ${maxBytes} bytes`;
  const tooLarge = new Refusal(413, 'payload_too_large', says);
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const reader = request.body?.getReader();
  const read = async (): Promise<Uint8Array | undefined> => (await reader?.read())?.value;
  const chunk = async (): Promise<Uint8Array | undefined> => {
    try {
      return await read();
    } catch {
      throw bodyCutOff();
    }
  };
  for (let next = await chunk(); next; next = await chunk()) {
    bytes += next.length;
    if (bytes > maxBytes) {
      await reader?.cancel();
      throw tooLarge;
    }
    chunks.push(next);
  }
  return Buffer.concat(chunks).toString();
}

class BodyStream implements HttpStream {
  readonly body: ReadableStream<Uint8Array>;
  private readonly streamer: HttpStreamer;
  private readonly signal: AbortSignal;
  private controller!: ReadableStreamDefaultController<Uint8Array>;
  private isOver = false;
  private drains: (() => void)[] = [];

  constructor(streamer: HttpStreamer, signal: AbortSignal) {
    this.streamer = streamer;
    this.signal = signal;
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => void (this.controller = controller),
        pull: () => this.pulled(),
        cancel: () => this.over(),
      },
      { highWaterMark, size: (chunk) => chunk?.byteLength ?? 0 },
    );
    if (signal.aborted) {
      this.over();
    } else {
      signal.addEventListener('abort', this.aborted);
      streamer.opened(this);
    }
  }

  write(bytes: Buffer): void {
    if (!this.isOver) this.controller.enqueue(bytes);
  }

  end(): void {
    if (this.isOver) return;
    this.controller.close();
    this.over();
  }

  destroy(): void {
    if (this.isOver) return;
    // Unlike `close`, this drops what nobody has read.
    this.controller.error(new Error('the stream was ended'));
    this.over();
  }

  get bufferedBytes(): number {
    return this.isOver ? 0 : highWaterMark - (this.controller.desiredSize ?? highWaterMark);
  }

  onceDrained(fn: () => void): void {
    if (this.bufferedBytes < highWaterMark) setImmediate(fn);
    else this.drains.push(fn);
  }

  private pulled(): void {
    const { drains } = this;
    this.drains = [];
    for (const fn of drains) setImmediate(fn);
  }

  /** Its client has gone: nobody would hear of an error, but for the log of the host. */
  private readonly aborted = (): void => this.end();

  private over(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.signal.removeEventListener('abort', this.aborted);
    this.streamer.gone();
  }
}
