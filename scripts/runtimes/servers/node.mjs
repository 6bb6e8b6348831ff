// Node's own server, by the package that turns `fetch` handlers into listeners.
import { createServer } from '@anywire/server';
import { serve } from '@hono/node-server';

const { fetch } = createServer({ log: () => {} });
serve({ fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
  console.log(`http://127.0.0.1:${port}/anywire`),
);
