// Bun's own server, with `server.fetch`.
import { createServer } from '@anywire/server';

const { fetch } = createServer({ log: () => {} });
// A stream may be silent for longer than the 10 s after which Bun would end it.
const { port } = Bun.serve({ port: 0, hostname: '127.0.0.1', idleTimeout: 0, fetch });
console.log(`http://127.0.0.1:${port}/anywire`);
