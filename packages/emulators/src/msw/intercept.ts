/** Sockets and requests to the address of a vendor, answered by an emulated service. */
import { http, HttpResponse, ws, type RequestHandler, type WebSocketHandler } from 'msw';
import type { Answer, Request } from '../listen.ts';

export interface Intercepted {
  /** For `setupServer(...handlers)` or `setupWorker(...handlers)`. */
  readonly handlers: readonly (RequestHandler | WebSocketHandler)[];
  /** Ends every connection. */
  close(): void;
}

export interface Pipe<Data extends string | Uint8Array> {
  send(data: Data): void;
  close(code: number, reason?: string): void;
  ping(): void;
  readonly unsentBytes: number;
}

interface Inlet {
  receive(data: string | Uint8Array): void;
  closed(): void;
}

interface Service<Data extends string | Uint8Array> {
  open(pipe: Pipe<Data>, target: string, isSecure: boolean): Inlet;
  http(request: Request): Answer | Promise<Answer>;
}

/** What a page may close a socket with, in the place of 1006. */
const dropped = 3_000;

const isBytes = (data: unknown): data is ArrayBuffer | Uint8Array =>
  data instanceof ArrayBuffer || data instanceof Uint8Array;

export function intercept<Data extends string | Uint8Array>(
  addresses: { readonly sockets: readonly string[]; readonly requests: readonly string[] },
  service: Service<Data>,
): Intercepted['handlers'] {
  const sockets = addresses.sockets.map((address) =>
    ws.link(address).addEventListener('connection', ({ client }) => {
      const { pathname, search, protocol } = client.url;
      const pipe: Pipe<Data> = {
        // A page gets an ArrayBuffer, and not a view of some memory of ours.
        send: (data) => client.send(typeof data === 'string' ? data : new Uint8Array(data).buffer),
        close: (code, reason) => client.close(code === 1006 ? dropped : code, reason),
        ping() {}, // nothing that a page would see
        unsentBytes: 0,
      };
      const inlet = service.open(pipe, pathname + search, protocol === 'wss:');
      client.addEventListener('message', ({ data }) => {
        if (typeof data === 'string') inlet.receive(data);
        else if (isBytes(data)) inlet.receive(new Uint8Array(data));
      });
      client.addEventListener('close', () => inlet.closed());
    }),
  );
  const requests = addresses.requests.map((address) =>
    http.all(address, async ({ request }) => {
      const { pathname, search } = new URL(request.url);
      const answer = await service.http({
        method: request.method,
        target: pathname + search,
        headers: Object.fromEntries(request.headers),
        body: new Uint8Array(await request.arrayBuffer()),
      });
      // A response of 204 may have no body, not even an empty one.
      return new HttpResponse(answer.status === 204 ? null : (answer.body as string), {
        status: answer.status,
        headers: { ...answer.headers },
      });
    }),
  );
  return [...sockets, ...requests];
}
