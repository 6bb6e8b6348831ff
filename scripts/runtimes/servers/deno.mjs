// Deno's own server, with `server.fetch`.
import { createServer } from '@anywire/server';

const { fetch } = createServer({ log: () => {} });
Deno.serve(
  {
    port: 0,
    hostname: '127.0.0.1',
    onListen: ({ port }) => console.log(`http://127.0.0.1:${port}/anywire`),
  },
  (request) => fetch(request),
);
