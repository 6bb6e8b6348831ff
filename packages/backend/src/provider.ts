/**
 * What a managed service must offer to the backend kit. One shape for all of them: what a service calls its things stays in its
 * provider.
 *
 * @see pusher/pusher.ts, the first one · ably/ably.ts, one with tokens · docs/backend.md
 */
import type { ChannelKind, Client, HttpHeaders, Route } from '@anywire/server/kit';

/** A channel of the app's, and what it is. */
export interface ProviderChannel {
  readonly name: string;
  readonly kind: ChannelKind;
}

/** A message that the kit has taken: allowed, checked, and stored where there is a store. */
export interface Outgoing {
  readonly id: string;
  readonly event: string;
  /** A JSON value, or a `Uint8Array`. */
  readonly data: unknown;
  /** ms since 1970. */
  readonly timestamp: number;
  readonly serial?: number;
  readonly cursor?: string;
  readonly clientId?: string;
  readonly connectionId?: string;
  readonly sequence?: number;
  readonly extras?: Readonly<Record<string, unknown>>;
  /** Kept nowhere. */
  readonly volatile?: true;
}

/** One instance of a client, and what it shows. */
export interface ProviderMember {
  readonly clientId: string;
  readonly instanceId: string;
  readonly data?: unknown;
}

/** What `authorize` was asked for. */
export type ChannelAction = 'attach' | 'publish' | 'presence' | 'history';

/** What a client may do in a channel: what `authorize` allows, and the channel can. */
export interface ChannelGrant {
  readonly channel: ProviderChannel;
  readonly may: ReadonlySet<ChannelAction>;
}

/** What is to be signed: a channel, the members of one, who somebody is, or a token for several channels. */
export interface AuthRequest {
  readonly channel?: ProviderChannel;
  /** Names the connection, where the service signs for one. */
  readonly connectionRef?: string | undefined;
  /** Present: for the members' channel. */
  readonly member?: ProviderMember;
  readonly clientId: string | undefined;
  readonly claims: unknown;
  /** Where the service takes tokens: what this one shall allow. */
  readonly grants?: readonly ChannelGrant[];
  /** ms since 1970. */
  readonly issuedAt: number;
  /** ms since 1970, where the service takes tokens. */
  readonly expiresAt?: number;
}

/** What a service told the app, the same for all services. */
export type BackendEvent =
  | { readonly type: 'occupied' | 'vacated'; readonly channel: string }
  | {
      readonly type: 'enter' | 'leave';
      readonly channel: string;
      readonly clientId: string;
      readonly instanceId: string;
    }
  | {
      readonly type: 'message';
      readonly channel: string;
      readonly event: string;
      readonly data: unknown;
      readonly clientId?: string;
      /** As the service knows it: the same where it tells of it twice. */
      readonly id?: string;
      /** As who published it says. */
      readonly extras?: Readonly<Record<string, unknown>>;
    }
  /** What has no name here. */
  | {
      readonly type: 'other';
      readonly name: string;
      readonly channel?: string;
      readonly native: unknown;
    };

/** What a route of a provider's own may ask of the kit. */
export interface ProviderKit {
  /** Who asks. @throws {RealtimeError} auth_failed */
  identify(request: {
    readonly headers: HttpHeaders;
    readonly url: string;
  }): Promise<{ clientId: string | undefined; claims: unknown }>;
  /** What `POST auth` answers, for a channel by the app's name. */
  sign(
    headers: { readonly headers: HttpHeaders; readonly url: string },
    request: {
      channel?: string;
      /** In place of `channel`, where the service takes tokens. */
      channels?: readonly string[];
      connectionRef?: string;
      presence?: { data: unknown };
    },
  ): Promise<unknown>;
}

export interface Provider {
  readonly name: string;
  readonly limits: {
    /** Of the data of one message. */
    readonly payloadBytes: number;
    /** Messages of one request. */
    readonly batch: number;
    /** Of the data of one member. */
    readonly presenceBytes: number;
  };
  /** Whether `send` can leave out one connection. @default true */
  readonly excludes?: boolean;
  /** Present: the service takes one token for all channels of a connection. */
  readonly tokens?: {
    readonly ttlMs: number;
    /** Channels that a token covers where the client names none. @default none */
    channels?(client: Client): readonly string[] | Promise<readonly string[]>;
  };
  /** What `Credentials.detail` holds, or a promise of it; undefined where there is nothing to sign. @throws {RealtimeError} invalid */
  auth(request: AuthRequest): unknown;
  /**
   * Whether the service would take it, with all that travels beside its data: asked before it is stored.
   *
   * @throws {RealtimeError} payload_too_large, invalid
   */
  check?(channel: ProviderChannel, message: Outgoing): void;
  /**
   * Sends messages, in their order; at most `limits.batch`.
   *
   * @param except - The connection that shall not get them.
   * @throws {RealtimeError} retryable: it may be tried again, with the same ids
   */
  send(
    channel: ProviderChannel,
    messages: readonly Outgoing[],
    except: string | undefined,
  ): Promise<void>;
  /** Tells the others of a member: what it shows now, or that it goes on purpose. */
  present?(
    channel: ProviderChannel,
    member: ProviderMember,
    change: 'update' | 'leave',
  ): Promise<void>;
  /** Verified over the raw body. @throws {RealtimeError} forbidden, for a signature that is wrong */
  webhook?(
    headers: HttpHeaders,
    body: string,
  ): readonly BackendEvent[] | Promise<readonly BackendEvent[]>;
  /** Requests that libraries of the service make by themselves. */
  routes?(kit: ProviderKit): readonly Route[];
}
