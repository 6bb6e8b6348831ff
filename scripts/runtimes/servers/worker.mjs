// Cloudflare's workerd: a Durable Object holds the server, for there all requests of a room meet in one isolate. A plain
// Worker may not answer one request from within another.
import { createServer } from '@anywire/server';

export class Hub {
  #server = createServer({ log: () => {} });

  fetch(request) {
    return this.#server.fetch(request);
  }
}

export default {
  fetch: (request, { HUB }) => HUB.get(HUB.idFromName('hub')).fetch(request),
};
