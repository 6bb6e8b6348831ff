/**
 * Users who have signed in, and who watches whom.
 *
 * @see SOURCE.md#users
 */
import type { App } from './app.ts';
import { send, sendError, type Connection } from './connection.ts';
import { hmac, isSame } from './signature.ts';

export interface PusherUser {
  readonly id: string;
  readonly watchlist: readonly string[];
}

/** `pusher:signin`. */
export function signIn(connection: Connection, data: unknown): void {
  const { app, socketId } = connection;
  const { auth, user_data: text } = (data ?? {}) as Record<string, unknown>;
  if (typeof auth !== 'string' || typeof text !== 'string')
    return sendError(connection, null, 'Signing in needs auth and user_data');
  const [key, signature = ''] = auth.split(/:(.*)/s);
  const expected = hmac(app.secret, `${socketId}::user::${text}`);
  if (key !== app.key)
    return sendError(connection, null, `Invalid key in signin auth data: '${key}'`);
  if (!isSame(signature, expected)) {
    const of = `${socketId}::user::${text}`;
    return sendError(
      connection,
      null,
      `Invalid signature: Expected HMAC SHA256 hex digest of ${of}, but got ${signature}`,
    );
  }
  const user = userOf(text);
  if (!user)
    return sendError(connection, null, 'user_data must be a JSON object with a string "id"');
  if (user.watchlist.length > app.limits.watchlistLength)
    return sendError(connection, 4302, `Watchlist limit of ${app.limits.watchlistLength} exceeded`);
  if (connection.user) signOut(connection);
  connection.user = user;
  send(connection, 'pusher:signin_success', { user_data: text });
  const sockets = app.users.get(user.id);
  if (sockets) sockets.add(connection);
  else {
    app.users.set(user.id, new Set([connection]));
    tellWatchers(app, user.id, 'online');
  }
  const isHere = (id: string): boolean => app.users.has(id);
  tellWatcher(connection, 'online', user.watchlist.filter(isHere));
  tellWatcher(
    connection,
    'offline',
    user.watchlist.filter((id) => !isHere(id)),
  );
}

/** The user of a connection that ends. */
export function signOut(connection: Connection): void {
  const { app, user } = connection;
  if (!user) return;
  connection.user = undefined;
  const sockets = app.users.get(user.id);
  sockets?.delete(connection);
  if (sockets?.size !== 0) return;
  app.users.delete(user.id);
  tellWatchers(app, user.id, 'offline');
}

function userOf(text: string): PusherUser | undefined {
  try {
    const { id, watchlist = [] } = JSON.parse(text) as Record<string, unknown>;
    if (typeof id !== 'string' || id === '' || !Array.isArray(watchlist)) return undefined;
    return { id, watchlist: watchlist.map(String) };
  } catch {
    return undefined;
  }
}

function tellWatchers(app: App, id: string, name: 'online' | 'offline'): void {
  for (const connection of app.connections.values())
    if (connection.user?.watchlist.includes(id) && connection.user.id !== id)
      tellWatcher(connection, name, [id]);
}

function tellWatcher(connection: Connection, name: string, ids: readonly string[]): void {
  if (ids.length === 0) return;
  const events = [{ name, user_ids: ids }];
  send(connection, 'pusher_internal:watchlist_events', JSON.stringify({ events }));
}
