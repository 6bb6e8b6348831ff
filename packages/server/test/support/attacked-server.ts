/**
 * The server that is attacked, a process of its own: what an attack costs is then what it costs the server, and nobody else. It
 * tells its port; any message is answered with its connections.
 */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from '../../src/index.ts';
import { attackedOptions } from './attacks.ts';

const server = createServer({ ...attackedOptions, log: () => {} });
const http = createHttpServer({
  headersTimeout: 300,
  requestTimeout: 300,
  connectionsCheckingInterval: 100,
});
server.attach(http);
http.listen(0, '127.0.0.1', () => process.send?.((http.address() as AddressInfo).port));
process.on('message', () => process.send?.(server.stats().connections));
process.on('disconnect', () => process.exit(0));
