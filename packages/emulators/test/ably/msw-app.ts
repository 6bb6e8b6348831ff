/**
 * An app that knows only the vendor's addresses, in a process of its own: what `msw` puts in the place of sockets is never given back.
 * Prints what it saw, as JSON.
 *
 * @see msw.conformance.test.ts
 */
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type * as AblySdk from 'ably';
import { setupServer } from 'msw/node';
import { ablyHandlers } from '../../src/msw/index.ts';

const key = 'app.key:secret';
const service = ablyHandlers({ keys: [key] });
setupServer(...service.handlers).listen();

// The build for pages uses the global WebSocket; the one for Node brings its own, which nobody can intercept.
const required = createRequire(import.meta.url);
const forPages = new URL('ably.js', pathToFileURL(required.resolve('ably')));
const Ably = required(fileURLToPath(forPages)) as typeof AblySdk;
const rest = new Ably.Rest({ key });
const client = new Ably.Realtime({ key, clientId: 'ann' });
const channel = client.channels.get('room');
await channel.attach();
const heard = new Promise((resolve) => {
  void channel.subscribe('news', ({ data }) => resolve(data));
});
await rest.channels.get('room').publish('news', { n: 1 });
const news = await heard;
await channel.presence.enter({ mood: 'calm' });
const members = (await rest.channels.get('room').presence.get()).items.map((one) => one.clientId);
const lost = client.connection.once('disconnected');
const dropped = service.drop();
await lost;
await client.connection.once('connected');
await channel.publish('news', { n: 2 });
const items = (await channel.history()).items.map((message): unknown => message.data);
process.stdout.write(`\n${JSON.stringify({ news, members, dropped, items })}`);
process.exit(0);
