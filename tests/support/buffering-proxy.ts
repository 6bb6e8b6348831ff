/** A proxy that holds every answer back until it is complete, as virus scanners and some gateways do. Without timers. */
import { createServer, request as ask } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface BufferingProxy {
  readonly port: number;
  /** Paths that were asked for, in order. */
  readonly asked: string[];
  close(): Promise<void>;
}

export async function startBufferingProxy(target: {
  readonly port: number;
}): Promise<BufferingProxy> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { method, url: path = '', headers } = request;
    asked.push(path);
    const upstream = ask({ host: '127.0.0.1', port: target.port, method, path, headers });
    upstream.on('response', (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        response.end(Buffer.concat(chunks));
      });
    });
    upstream.on('error', () => response.destroy());
    response.on('close', () => upstream.destroy());
    request.pipe(upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
