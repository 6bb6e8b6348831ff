// Rooms on a plain WebSocket: { type: 'join', room }, then { type: 'message', room, content }.
//
//   PORT=3005 node raw-ws.js
import { pathToFileURL } from 'node:url';
import WebSocket, { WebSocketServer } from 'ws';

export function start({ port = 0, host = '127.0.0.1' } = {}) {
  const wss = new WebSocketServer({ port, host });
  const rooms = new Map(); // room -> Set of sockets

  const leave = (ws, room) => {
    if (!rooms.has(room)) return;
    rooms.get(room).delete(ws);
    if (rooms.get(room).size === 0) rooms.delete(room);
  };

  wss.on('connection', (ws) => {
    ws.isAlive = true;
    ws.on('pong', () => {
      ws.isAlive = true;
    });

    ws.on('message', (raw) => {
      let data;
      try {
        data = JSON.parse(raw);
      } catch {
        return ws.send(JSON.stringify({ type: 'error', message: 'Invalid JSON' }));
      }

      switch (data.type) {
        case 'join':
          if (!rooms.has(data.room)) rooms.set(data.room, new Set());
          rooms.get(data.room).add(ws);
          ws.send(JSON.stringify({ type: 'joined', room: data.room }));
          break;

        case 'leave':
          leave(ws, data.room);
          break;

        case 'message':
          if (!rooms.get(data.room)?.has(ws)) {
            ws.send(JSON.stringify({ type: 'error', room: data.room, message: 'Join first' }));
            break;
          }
          // to everybody else
          rooms.get(data.room).forEach((client) => {
            if (client !== ws && client.readyState === WebSocket.OPEN) {
              client.send(JSON.stringify(data));
            }
          });
          break;

        case 'ping':
          ws.send(JSON.stringify({ type: 'pong' }));
          break;

        default:
          ws.send(JSON.stringify({ type: 'error', message: `Unknown type ${data.type}` }));
      }
    });

    ws.on('close', () => {
      for (const room of [...rooms.keys()]) leave(ws, room);
    });
  });

  // Clients that do not answer are gone.
  const interval = setInterval(() => {
    wss.clients.forEach((ws) => {
      if (!ws.isAlive) return ws.terminate();
      ws.isAlive = false;
      ws.ping();
    });
  }, 30000);

  const close = () =>
    new Promise((resolve) => {
      clearInterval(interval);
      wss.clients.forEach((ws) => ws.terminate());
      wss.close(resolve);
    });

  return new Promise((resolve) => {
    wss.on('listening', () => {
      const url = `ws://${host}:${wss.address().port}`;
      resolve({ url, close });
    });
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { url } = await start({ port: Number(process.env.PORT || 3005) });
  console.log(`WebSocket server is running on ${url}`);
}
