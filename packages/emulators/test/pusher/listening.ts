/** What clients of pusher-js hear, awaited; also in a page. */
import type PusherJs from 'pusher-js';
import type { Channel, PresenceChannel } from 'pusher-js';

export type Client = PusherJs;

/** The next time that `event` is heard. */
export const next = (
  emitter: {
    bind(event: string, fn: (data: never) => void): unknown;
    unbind(event: string, fn: unknown): unknown;
  },
  event: string,
): Promise<never> =>
  new Promise((resolve) => {
    const heard = (data: never): void => {
      emitter.unbind(event, heard);
      resolve(data);
    };
    emitter.bind(event, heard);
  });

export const connected = (client: Client): Promise<never> => next(client.connection, 'connected');

/** Subscribes; answers when it is confirmed. */
export async function subscribe(client: Client, name: string): Promise<PresenceChannel> {
  const channel: Channel = client.subscribe(name);
  await next(channel, 'pusher:subscription_succeeded');
  return channel as PresenceChannel;
}

/** Everything that a channel hears, in its order. */
export function listen(channel: Channel): [event: string, data: unknown][] {
  const heard: [string, unknown][] = [];
  channel.bind_global((event: string, data: unknown) => heard.push([event, data]));
  return heard;
}

/** Errors of a connection, unwrapped: code and text. */
export function errorsOf(client: Client): (readonly [code: unknown, message: unknown])[] {
  const errors: (readonly [unknown, unknown])[] = [];
  client.connection.bind(
    'error',
    (heard: {
      error?: { data?: { code?: unknown; message?: unknown } };
      data?: { code?: unknown; message?: unknown };
    }) => {
      const { code, message } = heard.error?.data ?? heard.data ?? {};
      errors.push([code, message]);
    },
  );
  return errors;
}
