/**
 * (d) against the conformance suite: tokens that are checked, refused and expire, and own messages known by their socket.
 */
import { socketio } from '@anywire/adapter-socketio';
import { describeAdapter } from '@anywire/testkit';
import { SignJWT } from 'jose';
import { notifications } from '../dialects/notifications.ts';
import { inRooms } from './carried.ts';
import { existingHarness } from './existing-harness.ts';

describeAdapter(
  'existing server notifications',
  existingHarness({
    server: 'notifications',
    dialect: notifications,
    adapter: (host) =>
      socketio({
        url: `http://${host}`,
        options: { transports: ['websocket'] },
        dialect: notifications,
      }),
    carrying: inRooms,
    cannot: {
      'asks before the credentials expire, and the connection goes on':
        'the server takes a token where a connection begins: a new one needs a new connection',
    },
    async credentials(secret, { clientId, ttlMs }) {
      const expiresAt = Date.now() + ttlMs;
      const jwt = new SignJWT({ name: clientId ?? 'nobody' })
        .setProtectedHeader({ alg: 'HS256' })
        .setExpirationTime(new Date(expiresAt));
      if (clientId !== undefined) jwt.setSubject(clientId);
      return { token: await jwt.sign(new TextEncoder().encode(secret)), expiresAt };
    },
    leftOut: 82,
  }),
);
