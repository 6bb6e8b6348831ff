/**
 * Client events: from one subscriber to the others, without the app's backend.
 *
 * @see SOURCE.md#client-events
 */
import { broadcast } from './channel.ts';
import { sendError, type Connection } from './connection.ts';
import { kindOf } from './names.ts';

const second = 1_000;

export function clientEvent(
  connection: Connection,
  event: string,
  name: unknown,
  data: unknown,
): void {
  const { app, socketId, subscriptions } = connection;
  const { limits, clock } = app;
  const channel = typeof name === 'string' ? app.channels.get(name) : undefined;
  const refuse = (message: string, code: number | null = null): void =>
    sendError(connection, code, message);
  if (!app.clientEvents)
    return refuse(
      'To send client events, you must enable this feature in the Settings page of your dashboard.',
    );
  if (!channel || !subscriptions.has(channel.name))
    return refuse(
      `Cannot broadcast client event (connection not subscribed to channel ${String(name)})`,
    );
  const { isPrivate, isEncrypted, isPresence } = kindOf(channel.name);
  if (!isPrivate || isEncrypted)
    return refuse('Client event rejected - only supported on private and presence channels');
  if (event.length > limits.eventNameLength)
    return refuse(`Client event name exceeds ${limits.eventNameLength} characters`);
  const text = JSON.stringify(data) ?? '';
  if (Buffer.byteLength(text) > limits.clientEventBytes)
    return refuse(
      `Client event data exceeds the allowed maximum (${limits.clientEventBytes} bytes)`,
    );
  const now = clock.now();
  connection.sentMs = connection.sentMs.filter((ms) => now - ms < second);
  if (connection.sentMs.length >= limits.clientEventsPerSecond)
    return refuse('Client event rejected due to rate limit', 4301);
  connection.sentMs.push(now);
  const user = isPresence ? subscriptions.get(channel.name)?.id : undefined;
  const more = user === undefined ? {} : { user_id: user };
  broadcast(channel, event, data, connection, more);
  app.webhooks.tell({
    name: 'client_event',
    channel: channel.name,
    event,
    data: text,
    socket_id: socketId,
    ...more,
  });
}
