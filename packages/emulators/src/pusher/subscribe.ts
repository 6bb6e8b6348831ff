/**
 * `pusher:subscribe`: whether a connection may, and why not.
 *
 * Real servers say most of it in an error without a code and without a channel.
 *
 * @see SOURCE.md#subscribing
 */
import { join } from './channel.ts';
import { send, sendError, type Connection, type MemberData } from './connection.ts';
import { isChannelName, kindOf, userChannelPrefix } from './names.ts';
import { hmac, isSame } from './signature.ts';

export function subscribe(connection: Connection, data: unknown): void {
  const { app, subscriptions, user } = connection;
  const {
    channel: name,
    auth,
    channel_data: channelData,
  } = (data ?? {}) as Record<string, unknown>;
  if (typeof name === 'string' && name.startsWith(userChannelPrefix)) {
    if (user?.id !== name.slice(userChannelPrefix.length))
      return refuse(connection, name, 'AuthError', 401, `Not signed in as the user of ${name}`);
    return subscriptions.has(name) ? existing(connection, name) : join(connection, name, undefined);
  }
  if (!isChannelName(name, app.limits.channelNameLength))
    return refuse(
      connection,
      String(name),
      'BadName',
      400,
      `Invalid channel name: '${String(name)}'`,
    );
  if (subscriptions.has(name)) return existing(connection, name);
  const { isPrivate, isPresence } = kindOf(name);
  if (!isPrivate) return join(connection, name, undefined);
  const wrong = faultOf(connection, name, auth, channelData);
  if (wrong !== undefined) return refuse(connection, name, 'AuthError', 401, wrong);
  if (!isPresence) return join(connection, name, undefined);
  const member = memberOf(channelData);
  if (typeof member === 'string') return refuse(connection, name, 'AuthError', 400, member);
  const tooMuch = exceeds(connection, name, member);
  if (tooMuch !== undefined) return refuse(connection, name, 'LimitReached', 400, tooMuch);
  join(connection, name, member);
}

/** Over the raw text: `channel_data` counts whenever it is given, on private channels too. */
function faultOf(
  { app, socketId }: Connection,
  name: string,
  auth: unknown,
  channelData: unknown,
): string | undefined {
  const [key = '', signature = ''] = typeof auth === 'string' ? auth.split(/:(.*)/s) : [];
  if (key !== app.key) return `Invalid key in subscription auth data: '${key}'`;
  const signed = typeof channelData === 'string' ? `${name}:${channelData}` : name;
  if (isSame(signature, hmac(app.secret, `${socketId}:${signed}`))) return undefined;
  return `Invalid signature: Expected HMAC SHA256 hex digest of ${socketId}:${signed}, but got ${signature}`;
}

function memberOf(channelData: unknown): MemberData | string {
  try {
    const { user_id: id, user_info: info } = JSON.parse(String(channelData)) as Record<
      string,
      unknown
    >;
    // Numbers are taken too, and told as text.
    if ((typeof id === 'string' && id !== '') || typeof id === 'number')
      return { id: String(id), info };
  } catch {
    // Told below.
  }
  return "Invalid channel_data: a presence channel needs JSON with a 'user_id'";
}

function exceeds({ app }: Connection, name: string, { id, info }: MemberData): string | undefined {
  const { presenceMembers, userIdLength, userInfoBytes } = app.limits;
  const members = app.channels.get(name)?.members;
  if (id.length > userIdLength) return `user_id exceeds ${userIdLength} characters`;
  if (Buffer.byteLength(JSON.stringify(info) ?? '') > userInfoBytes)
    return `user_info exceeds ${userInfoBytes} bytes`;
  if (members && !members.has(id) && members.size >= presenceMembers)
    return `Presence channel member limit of ${presenceMembers} reached (${name})`;
  return undefined;
}

function existing(connection: Connection, name: string): void {
  sendError(connection, null, `Existing subscription to channel ${name}`);
}

/** Named with its channel by one family of servers alone. */
function refuse(
  connection: Connection,
  name: string,
  type: string,
  status: number,
  error: string,
): void {
  if (connection.app.variant === 'pusher') return sendError(connection, null, error);
  send(connection, 'pusher:subscription_error', { type, error, status }, name);
}
