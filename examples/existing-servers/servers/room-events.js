// Team chat: rooms with members, acknowledged messages, history by REST.
//
//   PORT=3002 node room-events.js
import http from 'node:http';
import { pathToFileURL } from 'node:url';
import express from 'express';
import { Server } from 'socket.io';

// Rooms that are not for everybody.
const PRIVATE_ROOMS = new Map([['staff', ['alice', 'bob']]]);

const canAccess = (room, userId) =>
  !PRIVATE_ROOMS.has(room) || PRIVATE_ROOMS.get(room).includes(userId);

export function start({ port = 0, host = '127.0.0.1' } = {}) {
  const app = express();
  const server = http.createServer(app);
  const io = new Server(server, { cors: { origin: '*' } });

  let nextId = 1;
  const db = []; // { id, room, userId, username, text, createdAt }

  app.use((req, res, next) => {
    res.set('Access-Control-Allow-Origin', '*');
    next();
  });

  // GET /api/rooms/general/messages?after=12&before=80&limit=50 -> oldest first
  app.get('/api/rooms/:room/messages', (req, res) => {
    const { after = 0, before = Infinity, limit = 50 } = req.query;
    const found = db.filter(
      (message) =>
        message.room === req.params.room &&
        message.id > Number(after) &&
        message.id < Number(before),
    );
    const messages = req.query.after ? found.slice(0, limit) : found.slice(-limit);
    res.json({ messages, hasMore: found.length > messages.length });
  });

  io.use((socket, next) => {
    const { userId, username } = socket.handshake.auth;
    if (!userId) return next(new Error('Authentication error'));
    socket.data.user = { userId, username: username || userId };
    next();
  });

  const onlineUsers = async (room) => {
    const sockets = await io.in(room).fetchSockets();
    return sockets.map((s) => ({ socketId: s.id, ...s.data.user }));
  };

  io.on('connection', (socket) => {
    const { user } = socket.data;

    socket.on('room:join', async ({ room }, callback) => {
      if (!canAccess(room, user.userId)) {
        return socket.emit('error', { event: 'room:join', room, message: 'Access denied' });
      }
      await socket.join(room);
      const users = await onlineUsers(room);
      if (typeof callback === 'function') callback({ status: 'ok', users });
      socket.to(room).emit('user:online', { room, socketId: socket.id, ...user });
    });

    socket.on('room:leave', ({ room }) => {
      socket.leave(room);
      socket.to(room).emit('user:offline', { room, socketId: socket.id, ...user });
    });

    socket.on('message:send', ({ room, text }, callback) => {
      if (!canAccess(room, user.userId)) {
        return callback?.({ status: 'error', message: 'Access denied' });
      }
      if (typeof text !== 'string') {
        return callback?.({ status: 'error', message: 'Text is required' });
      }
      const message = { id: nextId++, room, ...user, text, createdAt: new Date().toISOString() };
      db.push(message);
      socket.to(room).emit('message:new', message);
      callback?.({ status: 'ok', message });
    });

    socket.on('typing:start', ({ room }) => {
      socket.to(room).emit('typing:start', { room, ...user });
    });

    socket.on('typing:stop', ({ room }) => {
      socket.to(room).emit('typing:stop', { room, ...user });
    });

    // In "disconnecting" the rooms are still known.
    socket.on('disconnecting', () => {
      for (const room of socket.rooms) {
        if (room === socket.id) continue;
        socket.to(room).emit('user:offline', { room, socketId: socket.id, ...user });
      }
    });
  });

  return new Promise((resolve) => {
    server.listen(port, host, () => {
      const url = `http://${host}:${server.address().port}`;
      resolve({ url, close: () => io.close() });
    });
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { url } = await start({ port: Number(process.env.PORT || 3002) });
  console.log(`listening on ${url}`);
}
