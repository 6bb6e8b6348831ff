/**
 * What a client says: one text frame, one event.
 *
 * @see SOURCE.md#wire
 */
import { leave } from './channel.ts';
import { clientEvent } from './client-event.ts';
import { send, sendError, type Connection } from './connection.ts';
import { subscribe } from './subscribe.ts';
import { signIn } from './users.ts';

interface Frame {
  readonly event?: unknown;
  readonly channel?: unknown;
  readonly data?: unknown;
}

const verbs = new Map<string, (connection: Connection, data: unknown) => void>([
  ['pusher:subscribe', subscribe],
  ['pusher:unsubscribe', (connection, data) => unsubscribe(connection, data)],
  ['pusher:ping', (connection) => send(connection, 'pusher:pong', '{}')],
  ['pusher:pong', () => {}],
  ['pusher:signin', signIn],
]);

/** Takes one frame. */
export function receive(connection: Connection, text: string): void {
  const { app, isMuted, isOver } = connection;
  if (isMuted || isOver) return;
  connection.heardMs = app.clock.now();
  const frame = parse(text);
  if (!frame || typeof frame.event !== 'string')
    return sendError(connection, null, 'Invalid message: expected JSON with an "event"');
  const { event, channel, data } = frame;
  if (event !== 'pusher:pong') connection.activeMs = connection.heardMs;
  const verb = verbs.get(event);
  if (verb) return verb(connection, asObject(data));
  if (event.startsWith('client-')) return clientEvent(connection, event, channel, data);
  sendError(connection, null, `Unknown event '${event}'`);
}

function unsubscribe(connection: Connection, data: unknown): void {
  const { channel } = (data ?? {}) as Record<string, unknown>;
  if (typeof channel === 'string') leave(connection, channel);
}

/** Some clients send their data as text. */
function asObject(data: unknown): unknown {
  const value = typeof data === 'string' ? parse(data) : data;
  return typeof value === 'object' ? value : undefined;
}

function parse(text: string): Frame | undefined {
  try {
    const frame = JSON.parse(text) as unknown;
    return typeof frame === 'object' && frame !== null ? frame : undefined;
  } catch {
    return undefined;
  }
}
