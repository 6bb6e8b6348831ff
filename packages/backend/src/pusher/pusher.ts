/**
 * Pusher Channels as a provider: by the vendor's own library, which signs, encrypts and triggers.
 *
 * @see ../provider.ts · docs/adapters/pusher.md
 */
import { createHash } from 'node:crypto';
import { RealtimeError, type ErrorCode } from '@anywire/core/errors';
import { mediaType, Refusal, type HttpRequest, type Route } from '@anywire/server/kit';
import Library from 'pusher';
import type { Provider, ProviderKit } from '../provider.ts';
import { appName, remoteName } from './names.ts';
import { checkSize, toEvent, userIdOf } from './messages.ts';
import { toBackendEvent, type PusherEvent } from './webhooks.ts';

export interface PusherProviderOptions {
  readonly appId: string;
  readonly key: string;
  readonly secret: string;
  /** Of Pusher itself. */
  readonly cluster?: string;
  /** Of another server of this protocol; in place of `cluster`. */
  readonly host?: string;
  readonly port?: string | number;
  /** @default true */
  readonly useTLS?: boolean;
  /** Needed where `channels` has `kind: 'encrypted'`: 32 bytes. */
  readonly encryptionMasterKeyBase64?: string;
}

/** 10 KB for the data of an event; some of it for what travels beside ours. */
const payloadBytes = 9_728;
const form = 'application/x-www-form-urlencoded';

/** @throws {RealtimeError} invalid, for what is missing */
export function pusher(options: PusherProviderOptions): Provider {
  const {
    appId,
    key,
    secret,
    cluster,
    host,
    port,
    useTLS = true,
    encryptionMasterKeyBase64,
  } = options;
  for (const [name, value] of Object.entries({ appId, key, secret }))
    if (!value)
      throw new RealtimeError(
        'invalid',
        `pusher({ ${name} }) is missing; it is in the app keys of the dashboard`,
      );
  if (!cluster && !host)
    throw new RealtimeError(
      'invalid',
      "pusher({ cluster }) is missing, such as 'eu'; or host, for another server",
    );
  const library = new Library({
    ...{ appId, key, secret, useTLS },
    ...(cluster && { cluster }),
    ...(host && { host }),
    ...(port !== undefined && { port: String(port) }),
    ...(encryptionMasterKeyBase64 && { encryptionMasterKeyBase64 }),
  } as Library.Options);
  const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');

  const call = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      throw errorOf(error);
    }
  };

  return {
    name: 'pusher',
    limits: { payloadBytes, batch: 10, presenceBytes: 768 },
    auth({ channel, connectionRef, member, clientId, claims }) {
      void claims;
      if (connectionRef !== undefined && !/^\d+\.\d+$/.test(connectionRef))
        throw new RealtimeError('invalid', '"connectionRef" is no socket id of Pusher');
      if (!channel) {
        if (clientId === undefined || connectionRef === undefined) return undefined;
        return library.authenticateUser(connectionRef, { id: clientId });
      }
      if (connectionRef === undefined)
        throw new RealtimeError('invalid', '"connectionRef" is missing: the socket id');
      if (!member)
        return library.authorizeChannel(connectionRef, remoteName(channel.name, channel.kind));
      const { clientId: c, instanceId: i, data: d } = member;
      const user = { user_id: userIdOf(member, digest), user_info: { c, i, d } };
      return library.authorizeChannel(connectionRef, remoteName(channel.name, 'presence'), user);
    },
    check(channel, message) {
      if (channel.kind === 'encrypted' && !encryptionMasterKeyBase64)
        throw new RealtimeError(
          'invalid',
          'pusher({ encryptionMasterKeyBase64 }) is missing: this channel is encrypted',
        );
      remoteName(channel.name, channel.kind);
      checkSize(channel, message);
    },
    send: ({ name, kind }, messages, except) => {
      const channel = remoteName(name, kind);
      const events = messages.map((message) => ({
        channel,
        ...toEvent(message),
        ...(except !== undefined && { socket_id: except }),
      }));
      const [first] = events;
      if (!first) return Promise.resolve();
      return call(() =>
        events.length === 1
          ? library.trigger(
              channel,
              first.name,
              first.data,
              except === undefined ? {} : { socket_id: except },
            )
          : library.triggerBatch(events),
      );
    },
    present({ name }, member, change) {
      const { clientId: c, instanceId: i, data: d } = member;
      const u = userIdOf(member, digest);
      const event = change === 'update' ? 'aw:update' : 'aw:left';
      return call(() => library.trigger(remoteName(name, 'presence'), event, { u, c, i, d }));
    },
    webhook(headers, rawBody) {
      // The library takes this type alone, and proxies like to add a charset.
      const type = mediaType({ headers });
      const hook = library.webhook({ headers: { ...headers, 'content-type': type }, rawBody });
      if (!hook.isValid())
        throw new RealtimeError('forbidden', 'the signature of this webhook is wrong');
      return (hook.getEvents() as readonly PusherEvent[]).map(toBackendEvent);
    },
    routes,
  };
}

/** What plain pusher-js asks for by itself. */
function routes(kit: ProviderKit): readonly Route[] {
  const fields = async (request: HttpRequest): Promise<URLSearchParams> => {
    if (!String(request.headers['content-type']).startsWith(form))
      throw new Refusal(415, 'invalid', `the body is ${form}`);
    return new URLSearchParams(await request.text(16_384));
  };
  const signed = (detail: unknown) => ({
    status: 200,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(detail ?? {}),
  });
  return [
    {
      path: /^\/pusher\/auth$/,
      methods: {
        async POST(request) {
          const body = await fields(request);
          const connectionRef = body.get('socket_id') ?? '';
          const found = appName(body.get('channel_name') ?? '');
          if (!found) throw new RealtimeError('invalid', 'there is no channel of this name');
          const presence = found.kind === 'presence' ? { presence: { data: null } } : {};
          return signed(
            await kit.sign(request, { channel: found.name, connectionRef, ...presence }),
          );
        },
      },
    },
    {
      path: /^\/pusher\/user-auth$/,
      methods: {
        async POST(request) {
          const connectionRef = (await fields(request)).get('socket_id') ?? '';
          const detail = await kit.sign(request, { connectionRef });
          if (!detail) throw new RealtimeError('forbidden', 'an anonymous client has no user');
          return signed(detail);
        },
      },
    },
  ];
}

const codes: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid',
  413: 'payload_too_large',
  429: 'rate_limited',
};

/** What the service answered, or that it did not: only the first is final. */
function errorOf(cause: unknown): RealtimeError {
  const { status, body } = cause as { status?: number; body?: string };
  const says =
    body === undefined ? 'Pusher did not answer' : `Pusher answered ${status}: ${body.trim()}`;
  const code = codes[status ?? 0] ?? 'server_error';
  return new RealtimeError(code, says, {
    cause,
    ...(status !== undefined && { vendorCode: status }),
  });
}
