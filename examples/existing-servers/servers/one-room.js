// Everybody is in one room at a time, and can whisper to another socket.
//
//   PORT=3003 node one-room.js
import http from 'node:http';
import { pathToFileURL } from 'node:url';
import express from 'express';
import { Server } from 'socket.io';

export function start({ port = 0, host = '127.0.0.1' } = {}) {
  const app = express();
  const server = http.createServer(app);
  const io = new Server(server, { cors: { origin: '*' } });

  const users = {}; // socket.id -> { id, name, room }

  const usersIn = (room) => Object.values(users).filter((user) => user.room === room);

  io.on('connection', (socket) => {
    const leaveRoom = () => {
      const user = users[socket.id];
      if (!user) return;
      delete users[socket.id];
      socket.leave(user.room);
      socket.to(user.room).emit('user-disconnected', { id: user.id, name: user.name });
    };

    socket.on('join-room', (room, name) => {
      leaveRoom();
      socket.join(room);
      users[socket.id] = { id: socket.id, name, room };
      socket.emit('room-users', room, usersIn(room));
      socket.to(room).emit('user-connected', { id: socket.id, name });
    });

    socket.on('leave-room', leaveRoom);

    socket.on('chat-message', (message) => {
      const user = users[socket.id];
      if (!user) return;
      socket.to(user.room).emit('chat-message', { id: user.id, name: user.name, message });
    });

    socket.on('typing', (isTyping) => {
      const user = users[socket.id];
      if (!user) return;
      socket.to(user.room).emit('typing', { id: user.id, name: user.name, isTyping });
    });

    socket.on('private-message', (to, message) => {
      const user = users[socket.id];
      const name = user ? user.name : 'Anonymous';
      io.to(to).emit('private-message', { from: socket.id, name, message });
    });

    socket.on('disconnect', leaveRoom);
  });

  return new Promise((resolve) => {
    server.listen(port, host, () => {
      const url = `http://${host}:${server.address().port}`;
      resolve({ url, close: () => io.close() });
    });
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { url } = await start({ port: Number(process.env.PORT || 3003) });
  console.log(`Server running at ${url}`);
}
