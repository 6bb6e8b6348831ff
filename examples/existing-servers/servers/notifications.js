// Notifications: clients authenticate first, then get what is for them and for the topics they follow.
//
//   JWT_SECRET=secret PORT=3004 node notifications.js
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { pathToFileURL } from 'node:url';
import express from 'express';
import { jwtVerify } from 'jose';
import { Server } from 'socket.io';

const AUTH_TIMEOUT = 10_000;

export function start({ port = 0, host = '127.0.0.1', secret = process.env.JWT_SECRET } = {}) {
  const app = express();
  const server = http.createServer(app);
  const io = new Server(server, { cors: { origin: '*' } });
  const key = new TextEncoder().encode(secret || 'change-me');

  app.use(express.json());

  const notify = ({ userId, topic, type, message, from }) => {
    const notification = { id: randomUUID(), topic, type, message, from, createdAt: Date.now() };
    io.to(topic ? `topic_${topic}` : `user_${userId}`).emit('notification', notification);
    return notification;
  };

  // For our other services: { userId | topic, type, message }
  app.post('/notify', (req, res) => {
    const { userId, topic, type = 'info', message } = req.body;
    if (!message || (!userId && !topic)) {
      return res.status(400).json({ error: 'message and userId or topic are required' });
    }
    const { id } = notify({ userId, topic, type, message, from: { name: 'system' } });
    res.json({ success: true, id });
  });

  io.on('connection', (socket) => {
    const timer = setTimeout(() => socket.disconnect(true), AUTH_TIMEOUT);

    socket.on('authenticate', async ({ token }) => {
      try {
        const { payload } = await jwtVerify(token, key);
        socket.user = { userId: payload.sub, name: payload.name || payload.sub };
        clearTimeout(timer);
        socket.join(`user_${payload.sub}`);
        socket.emit('authenticated', socket.user);
      } catch {
        socket.emit('unauthorized', { message: 'Invalid token' });
        socket.disconnect(true);
      }
    });

    socket.on('subscribe', (topic) => {
      if (!socket.user) return;
      socket.join(`topic_${topic}`);
      socket.emit('subscribed', topic);
    });

    socket.on('unsubscribe', (topic) => {
      socket.leave(`topic_${topic}`);
    });

    socket.on('send_notification', ({ userId, topic, type, message }) => {
      if (!socket.user) return;
      notify({ userId, topic, type, message, from: { ...socket.user, socketId: socket.id } });
    });

    socket.on('disconnect', () => clearTimeout(timer));
  });

  return new Promise((resolve) => {
    server.listen(port, host, () => {
      const url = `http://${host}:${server.address().port}`;
      resolve({ url, close: () => io.close() });
    });
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { url } = await start({ port: Number(process.env.PORT || 3004) });
  console.log(`Notification server on ${url}`);
}
