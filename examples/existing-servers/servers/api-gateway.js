// A WebSocket API in the style of AWS API Gateway: handlers by route, `action` selects the route, and whatever is
// posted to a connection is sent to it as it is. Below the handlers is what stands in for the gateway on a laptop.
//
//   PORT=3007 node api-gateway.js
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { pathToFileURL } from 'node:url';
import { WebSocketServer } from 'ws';

// --- handlers: what one would deploy ---

function createHandlers({ table, postToConnection }) {
  return {
    $connect: async (event) => {
      const { token } = event.queryStringParameters || {};
      if (token === 'expired') return { statusCode: 401 };
      table.add(event.requestContext.connectionId);
      return { statusCode: 200 };
    },

    $disconnect: async (event) => {
      table.delete(event.requestContext.connectionId);
      return { statusCode: 200 };
    },

    sendmessage: async (event) => {
      const { data } = JSON.parse(event.body);
      const text = typeof data === 'string' ? data : JSON.stringify(data);
      const postCalls = [...table].map(async (connectionId) => {
        try {
          await postToConnection(connectionId, text);
        } catch (e) {
          if (e.statusCode !== 410) throw e;
          table.delete(connectionId);
        }
      });
      await Promise.all(postCalls);
      return { statusCode: 200 };
    },
  };
}

// --- the gateway ---

export function start({ port = 0, host = '127.0.0.1' } = {}) {
  const connections = new Map(); // connectionId -> socket

  const postToConnection = async (connectionId, text) => {
    const ws = connections.get(connectionId);
    if (!ws) throw Object.assign(new Error('GoneException'), { statusCode: 410 });
    ws.send(text);
  };
  const handlers = createHandlers({ table: new Set(), postToConnection });

  // POST /@connections/{id}: how other services reach one connection
  const server = http.createServer(async (req, res) => {
    const [, connectionId] = /^\/@connections\/([^/]+)$/.exec(req.url) || [];
    if (req.method !== 'POST' || !connectionId) return res.writeHead(403).end();
    let body = '';
    for await (const chunk of req) body += chunk;
    try {
      await postToConnection(decodeURIComponent(connectionId), body);
      res.writeHead(200).end();
    } catch (e) {
      res.writeHead(e.statusCode || 500).end();
    }
  });

  const wss = new WebSocketServer({ noServer: true });

  server.on('upgrade', async (req, socket, head) => {
    const connectionId = randomUUID();
    const query = new URL(req.url, 'http://localhost').searchParams;
    const queryStringParameters = Object.fromEntries(query);
    const event = { queryStringParameters, requestContext: { connectionId, routeKey: '$connect' } };
    const { statusCode } = await handlers.$connect(event);
    if (statusCode !== 200) {
      return socket.end(`HTTP/1.1 ${statusCode} Unauthorized\r\nConnection: close\r\n\r\n`);
    }
    wss.handleUpgrade(req, socket, head, (ws) => {
      connections.set(connectionId, ws);
      ws.on('message', (raw) => route(ws, connectionId, raw.toString()));
      ws.on('close', () => {
        connections.delete(connectionId);
        handlers.$disconnect({ requestContext: { connectionId, routeKey: '$disconnect' } });
      });
    });
  });

  const route = async (ws, connectionId, body) => {
    const requestId = randomUUID();
    const answer = (message) => ws.send(JSON.stringify({ message, connectionId, requestId }));
    let action;
    try {
      ({ action } = JSON.parse(body));
    } catch {
      return answer('Forbidden');
    }
    if (action !== 'sendmessage') return answer('Forbidden'); // there is no $default route
    try {
      await handlers[action]({ body, requestContext: { connectionId, routeKey: action } });
    } catch {
      answer('Internal server error');
    }
  };

  const close = () =>
    new Promise((resolve) => {
      connections.forEach((ws) => ws.terminate());
      server.close(resolve);
      server.closeAllConnections();
    });

  return new Promise((resolve) => {
    server.listen(port, host, () => {
      const url = `ws://${host}:${server.address().port}`;
      resolve({ url, close });
    });
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { url } = await start({ port: Number(process.env.PORT || 3007) });
  console.log(`Gateway on ${url}`);
}
