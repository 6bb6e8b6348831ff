/**
 * The app's own HTTP servers, to which a server was attached: their requests, and their upgrades to WebSockets.
 *
 * @see host-server.ts for how a server is shared · server.ts
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Addresses } from './addresses.ts';
import type { ClientAddress } from './client-address.ts';
import {
  refuseUpgrade,
  retryAfterLine,
  shareServer,
  type Guest,
  type HttpServer,
} from './host-server.ts';
import type { HttpHeaders } from './http-request.ts';
import type { Life } from './life.ts';
import { nodeRequest, writeAnswer } from './node-http.ts';
import type { ServerHttp } from './server-http.ts';
import { wsAcceptor } from './ws-transport.ts';
import type { BinaryCodec } from '@anywire/protocol';

export interface HostParts {
  readonly life: Life;
  readonly http: ServerHttp;
  readonly addresses: Addresses;
  readonly addressOf: ClientAddress;
  readonly mayConnect: (headers: HttpHeaders) => boolean;
  /** The longest transport message. */
  readonly frameBytes: number;
  readonly codecs: readonly BinaryCodec[] | undefined;
}

export interface Hosts {
  /** The returned function stops it. */
  add(server: HttpServer, path: string): () => void;
  /** Stops all of them. */
  close(): void;
}

export function createHosts(parts: HostParts): Hosts {
  const stops = new Set<() => void>();
  return {
    add(server, path) {
      const stop = shareServer(server, path, guest(parts));
      stops.add(stop);
      return () => {
        stop();
        stops.delete(stop);
      };
    },
    close() {
      for (const stop of stops) stop();
    },
  };
}

function guest({ life, http, addresses, addressOf, mayConnect, ...parts }: HostParts): Guest {
  // Here: a server that is only asked to `fetch` may run where there are no sockets.
  const webSockets = wsAcceptor(parts.frameBytes, parts.codecs);

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const address = addressOf(request.headers, request.socket.remoteAddress);
    const excess = addresses.attempt(address);
    if (life.isLeaving) refuseUpgrade(socket, 503, 'Service Unavailable');
    else if (excess) refuseUpgrade(socket, 429, 'Too Many Requests', retryAfterLine(excess));
    else if (!mayConnect(request.headers)) refuseUpgrade(socket, 403, 'Forbidden');
    else webSockets.upgrade(request, socket, head, address, life.accept);
  }
  return {
    request: (rest, request, response) =>
      void http
        .answer(nodeRequest(rest, request, response))
        .then((given) => writeAnswer(request, response, given)),
    upgrade,
  };
}
