/**
 * Shares the app's own HTTP server: takes the requests and upgrades under one path, and leaves the rest to whoever
 * listened before. Nothing of the app's server is closed from here.
 *
 * @see server.ts
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Server as SecureServer } from 'node:https';
import type { Duplex } from 'node:stream';

/** A server of `node:http` or `node:https`. */
export type HttpServer = Server | SecureServer;

export interface Guest {
  /** A request at `path`, or below it: `rest` is what follows the path. */
  request(rest: string, request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** Begins to take what is under `path`. The returned function stops it and may be called again. */
export function shareServer(server: HttpServer, path: string, guest: Guest): () => void {
  const others = server.listeners('request') as ((...args: unknown[]) => void)[];
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const rest = restOf(path, request.url);
    if (rest !== undefined) guest.request(rest, request, response);
    else if (others.length > 0) for (const other of others) other.call(server, request, response);
    else response.writeHead(404).end();
  };
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (restOf(path, request.url) === '') guest.upgrade(request, socket, head);
    else if (server.listenerCount('upgrade') === 1) refuseUpgrade(socket, 404, 'Not Found');
  };

  // The app's handler would answer our requests too, or end them with its own 404.
  server.removeAllListeners('request');
  server.on('request', onRequest);
  server.on('upgrade', onUpgrade);
  return () => {
    if (!server.listeners('request').includes(onRequest)) return;
    server.off('request', onRequest);
    server.off('upgrade', onUpgrade);
    for (const other of others) server.on('request', other);
  };
}

/** Ends the socket of an upgrade with an HTTP status. @param headers - Whole lines, each with its end. */
export function refuseUpgrade(socket: Duplex, status: number, text: string, headers = ''): void {
  socket.on('error', () => {}); // who is refused may be gone already
  // Sockets of upgrades have no time-out of the HTTP server; one whose client never ends its half would stay for ever.
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${text}\r\n${headers}Connection: close\r\nContent-Length: 0\r\n\r\n`,
  );
}

/** When an HTTP client may come again: in whole seconds. */
export function retryAfterLine({ retryAfterMs }: { readonly retryAfterMs: number }): string {
  return `Retry-After: ${Math.ceil(retryAfterMs / 1_000)}\r\n`;
}

/** What follows `path` in the URL's path: '' or '/…'; undefined when it is elsewhere. */
export function restOf(path: string, url = ''): string | undefined {
  const [pathname = ''] = url.split('?', 1);
  if (!pathname.startsWith(path)) return undefined;
  const rest = pathname.slice(path.length);
  return rest === '' || rest === '/' ? '' : rest.startsWith('/') ? rest : undefined;
}
