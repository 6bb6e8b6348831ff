/**
 * Serves the dashboard's page; the numbers come from a server that runs already.
 *
 *     STATS_URL=http://localhost:3006/events node --conditions=@anywire/source examples/dashboard/server.ts
 *
 * PORT (8788; 0: any free one).
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createPage } from '../chat/server/page.ts';

const url = process.env['STATS_URL'] ?? 'http://localhost:3006/events';
const folder = fileURLToPath(new URL('page/', import.meta.url));
const http = createServer(createPage({ url }, [new URL(url).origin], folder));

http.once('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
http.listen(Number(process.env['PORT'] ?? 8788), () => {
  const { port } = http.address() as AddressInfo;
  console.log(`Dashboard: http://localhost:${port}`);
});
