/**
 * A `socket.io` server with the plugin on a database file, as a process that can be killed. It prints its port when clients may
 * come.
 *
 *     node --conditions=@anywire/source killed-server.ts <file> <port> <messages kept>
 */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from '@anywire/server';
import { sqlite } from '@anywire/server/sqlite';
import { Server } from 'socket.io';

const [file = '', port, kept] = process.argv.slice(2);
const http = createHttpServer();
const server = createServer({ engine: sqlite({ file }), history: { size: Number(kept) } });
server.attach(http);
server.attachSocketIO(new Server(http));
http.listen(Number(port), '127.0.0.1', () => {
  console.log(`port ${(http.address() as AddressInfo).port}`);
});
// An orphan would hold the file and the port.
process.on('disconnect', () => process.exit());
