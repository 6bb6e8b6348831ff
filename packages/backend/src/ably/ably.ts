/**
 * Ably as a provider: by the vendor's own library, which publishes and decodes; tokens have the rights that the app grants.
 *
 * @see ../provider.ts · docs/adapters/ably.md
 */
import { RealtimeError } from '@anywire/core/errors';
import { mediaType, Refusal, type Client, type HttpRequest, type Route } from '@anywire/server/kit';
import Ably from 'ably';
import type { Provider, ProviderKit } from '../provider.ts';
import { checkSize, toMessage } from './messages.ts';
import { remoteName } from './names.ts';
import { errorOf } from './refusals.ts';
import { jwt, tokenRequest } from './tokens.ts';
import { readWebhook } from './webhooks.ts';

export interface AblyProviderOptions {
  /** `app.key:secret`: signs tokens and webhooks, and publishes. */
  readonly key: string;
  /** How long a token is good for, unless who asks is known for less. @default 3_600_000 */
  readonly tokenTtlMs?: number;
  /** A JWT, or a token request, which can be used once and costs the client a request more. @default 'jwt' */
  readonly tokens?: 'jwt' | 'request';
  /** Channels that a token covers where the client names none. @default none: it is good for nothing */
  readonly channels?: (client: Client) => readonly string[] | Promise<readonly string[]>;
  /** What Ably takes for a message of this account, with all that travels beside its data. @default 65_536 */
  readonly messageBytes?: number;
  /** Of another server of this protocol. @default Ably's own */
  readonly endpoint?: string;
  readonly port?: number;
  /** @default true */
  readonly tls?: boolean;
}

/** Left for the name, the client id and the headers of a message. */
const besideBytes = 1_024;
const formType = 'application/x-www-form-urlencoded';

/** @throws {RealtimeError} invalid, for what is missing */
export function ably(options: AblyProviderOptions): Provider {
  const { tokenTtlMs: ttlMs = 3_600_000, tokens = 'jwt', channels } = options;
  const { messageBytes = 65_536 } = options;
  const [, name = '', secret = ''] = /^([^.:]+\.[^:]+):(.+)$/s.exec(options.key ?? '') ?? [];
  if (secret === '')
    throw new RealtimeError('invalid', "ably({ key }) is 'app.key:secret', of the dashboard");
  if (!(ttlMs >= 1_000))
    throw new RealtimeError('invalid', 'ably({ tokenTtlMs }) is 1,000 or more');
  const rest = library(options, messageBytes);
  return {
    name: 'ably',
    // Each message is a publish of its own: those of one share the beginning of their ids, and ours do not.
    limits: { payloadBytes: messageBytes - besideBytes, batch: 1, presenceBytes: messageBytes },
    excludes: false,
    tokens: { ttlMs, ...(channels && { channels }) },
    auth: (request) =>
      tokens === 'jwt' ? jwt({ name, secret }, request) : tokenRequest(rest, request),
    check: (_, message) => checkSize(message, messageBytes),
    async send(channel, messages) {
      const remote = remoteName(channel.name);
      try {
        for (const message of messages)
          await rest.channels.get(remote).publish(toMessage(message) as Ably.Message);
      } catch (error) {
        throw errorOf(error, secret);
      } finally {
        // Or each channel that was ever published to would be kept.
        rest.channels.release(remote);
      }
    },
    webhook: (headers, body) => readWebhook({ name, secret }, headers, body),
    routes: (kit) => routes(kit),
  };
}

function library(
  { key, endpoint, port, tls = true }: AblyProviderOptions,
  maxMessageSize: number,
): Ably.Rest {
  return new Ably.Rest({
    ...{ key, tls, maxMessageSize, logLevel: 0 },
    ...(endpoint !== undefined && { endpoint }),
    ...(port !== undefined && (tls ? { tlsPort: port } : { port })),
  });
}

/** What Ably's client asks for by itself, as its `authUrl`: with its own parameters, of which none says what it may do. */
function routes(kit: ProviderKit): readonly Route[] {
  async function answer(request: HttpRequest, given: unknown) {
    const credentials = await kit.sign(request, channelsOf(given));
    return typeof credentials === 'string'
      ? { status: 200, headers: { 'Content-Type': 'application/jwt' }, body: credentials }
      : {
          status: 200,
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(credentials),
        };
  }
  return [
    {
      path: /^\/ably\/auth$/,
      methods: {
        GET: (request) => answer(request, request.query.get('channels')),
        async POST(request) {
          const type = mediaType(request);
          const text = await request.text(65_536);
          if (type === undefined || text === '') return answer(request, null);
          if (type === formType) return answer(request, new URLSearchParams(text).get('channels'));
          if (type !== 'application/json')
            throw new Refusal(415, 'invalid', `the body is ${formType} or application/json`);
          return answer(request, (Object(parsed(text)) as { channels?: unknown }).channels);
        },
      },
    },
  ];
}

/** @throws {RealtimeError} invalid */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RealtimeError('invalid', 'the body is no JSON');
  }
}

/** A list, or one as JSON: names may hold any sign that could stand between them. @throws {RealtimeError} invalid */
function channelsOf(given: unknown): { readonly channels?: readonly string[] } {
  if (given === null || given === undefined) return {};
  const list = typeof given === 'string' ? parsed(given) : given;
  if (!Array.isArray(list)) throw new RealtimeError('invalid', '"channels" is a list, as JSON');
  return { channels: list as readonly string[] };
}
