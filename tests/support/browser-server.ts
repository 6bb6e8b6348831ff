/**
 * The servers of browser-setup.ts, as a process: says on its first line where they are, and runs until it is told to stop.
 *
 * `POST /cut` breaks all connections, as a proxy does that restarts.
 */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from '@anywire/server';
import { startBufferingProxy } from './buffering-proxy.ts';
import { startRemotePusher } from './remote-pusher.ts';
import { startRemoteAbly, startRemoteSupabase } from './remote-service.ts';

async function start(origins: '*' | undefined): Promise<number> {
  const http = createHttpServer((request, response) => {
    if (request.method !== 'POST' || request.url !== '/cut') return response.writeHead(404).end();
    return http.closeAllConnections();
  });
  const server = createServer({
    ...(origins && { origins }),
    authenticate: ({ token = '' }) => ({ clientId: token }),
    log: () => {},
  });
  server.attach(http);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return (http.address() as AddressInfo).port;
}

const [open, strict] = await Promise.all([start('*'), start(undefined)]);
const buffered = await startBufferingProxy({ port: open });
const pusher = await startRemotePusher();
const managed = { ...pusher, ...(await startRemoteAbly()), ...(await startRemoteSupabase()) };
console.log(JSON.stringify({ open, strict, buffered: buffered.port, ...managed }));
// Its parent is gone.
process.stdin.on('close', () => process.exit()).resume();
