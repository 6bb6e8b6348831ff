/**
 * The dialect of servers/api-gateway.js: one channel for all connections, `lobby`, because what arrives names none.
 *
 * `data` is carried as it is, so the event and our id travel in it, and the echo proves a publish. Text that other pages
 * send is a `message`. An action without a route is answered, which makes a ping.
 */
import { defineDialect } from '@anywire/core/dialect';
import { fields, text } from './reading.ts';

export const apiGateway = defineDialect({
  name: 'api-gateway',
  on: 'ws',
  handshake: ({ credentials: { token } }) => (token === undefined ? {} : { query: { token } }),
  defaultChannel: 'lobby',
  publish: ({ event, data, id }, { clientId }) => ({
    action: 'sendmessage',
    data: { event, data, id, clientId },
  }),
  ack: { level: 'accepted', by: 'echo' },
  echo: true,
  ping: () => ({ action: 'ping' }),
  receive(frame) {
    if (typeof frame === 'string') return { event: 'message', data: { text: frame } };
    const { event, data, id, clientId, message, requestId } = fields(frame);
    if (requestId !== undefined)
      return message === 'Forbidden' // to a ping
        ? undefined
        : { refused: 'server_error', message: text(message), of: 'publish' };
    if (typeof event !== 'string') return undefined;
    return { event, data, id: text(id), clientId: text(clientId) };
  },
});
