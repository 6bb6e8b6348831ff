// Live numbers: one stream of server-sent events for all, and a POST that feeds it.
//
//   PORT=3006 node stats-sse.js
import { pathToFileURL } from 'node:url';
import express from 'express';

export function start({ port = 0, host = '127.0.0.1' } = {}) {
  const app = express();
  let clients = [];
  let nextClientId = 1;
  let latest = { type: 'stats', data: { visitors: 0, orders: 0 } };

  app.use(express.json());
  app.use((req, res, next) => {
    res.set('Access-Control-Allow-Origin', '*');
    res.set('Access-Control-Allow-Headers', '*');
    if (req.method === 'OPTIONS') return res.sendStatus(204);
    next();
  });

  app.get('/events', (req, res) => {
    res.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-cache',
      Connection: 'keep-alive',
    });
    res.write(`data: ${JSON.stringify(latest)}\n\n`);

    const client = { id: nextClientId++, res };
    clients.push(client);
    req.on('close', () => {
      clients = clients.filter((c) => c.id !== client.id);
    });
  });

  app.post('/stats', (req, res) => {
    if (!req.body || typeof req.body.data !== 'object') {
      return res.status(400).json({ error: 'data is required' });
    }
    latest = { ...req.body, type: 'stats' };
    clients.forEach(({ res }) => res.write(`data: ${JSON.stringify(latest)}\n\n`));
    res.json({ success: true, clients: clients.length });
  });

  // Proxies cut streams that are silent for a minute.
  const interval = setInterval(() => {
    clients.forEach(({ res }) => res.write(': keep-alive\n\n'));
  }, 15000);

  return new Promise((resolve) => {
    const server = app.listen(port, host, () => {
      const url = `http://${host}:${server.address().port}`;
      const close = () =>
        new Promise((done) => {
          clearInterval(interval);
          server.close(done);
          server.closeAllConnections();
        });
      resolve({ url, close });
    });
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { url } = await start({ port: Number(process.env.PORT || 3006) });
  console.log(`Events service listening at ${url}/events`);
}
