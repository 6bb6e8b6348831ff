// Chat with rooms: everybody in a room, the sender too, gets what is said there.
//
//   PORT=3001 node tutorial-rooms.js
import http from 'node:http';
import { pathToFileURL } from 'node:url';
import express from 'express';
import { Server } from 'socket.io';

const MAX_HISTORY = 50;

export function start({ port = 0, host = '127.0.0.1' } = {}) {
  const app = express();
  const server = http.createServer(app);
  const io = new Server(server, { cors: { origin: '*' } });

  const messages = new Map(); // room -> last messages
  const users = new Map(); // room -> [{ id, username }]

  app.get('/', (req, res) => {
    res.send('Chat server is running');
  });

  const sendPresence = (room) => {
    io.to(room).emit('presence_update', { room, users: users.get(room) || [] });
  };

  const removeUser = (room, id) => {
    const rest = (users.get(room) || []).filter((user) => user.id !== id);
    if (rest.length > 0) users.set(room, rest);
    else users.delete(room);
    sendPresence(room);
  };

  io.on('connection', (socket) => {
    socket.on('join_room', ({ room, username }) => {
      socket.join(room);
      const others = (users.get(room) || []).filter((user) => user.id !== socket.id);
      users.set(room, [...others, { id: socket.id, username }]);

      socket.emit('message_history', { room, messages: messages.get(room) || [] });
      sendPresence(room);
    });

    socket.on('send_message', (data) => {
      const message = { ...data, timestamp: Date.now() };
      const history = messages.get(data.room) || [];
      messages.set(data.room, [...history, message].slice(-MAX_HISTORY));
      io.to(data.room).emit('new_message', message);
    });

    socket.on('user_typing', (data) => {
      socket.to(data.room).emit('user_typing', data);
    });

    socket.on('leave_room', ({ room }) => {
      socket.leave(room);
      removeUser(room, socket.id);
    });

    socket.on('disconnect', () => {
      for (const [room, list] of users) {
        if (list.some((user) => user.id === socket.id)) removeUser(room, socket.id);
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
  const { url } = await start({ port: Number(process.env.PORT || 3001) });
  console.log(`Server listening on ${url}`);
}
