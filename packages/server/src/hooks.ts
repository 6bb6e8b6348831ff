/**
 * The app's part: what it is asked, and what it may answer. Hooks answer at once or with a promise; one that does
 * not answer in `hookTimeoutMs` has said no.
 *
 * @see gate.ts, which asks · README.md
 */
import type { MaybePromise } from './flow.ts';
import type { ConnectRequest } from './transport.ts';

/** Who a connection is, as `authenticate` says. */
export interface Identity {
  /** Names the user in messages and presence; absent: anonymous. */
  readonly clientId?: string | undefined;
  /** ms since 1970: when the connection ends unless the client renews its token. */
  readonly expiresAt?: number | undefined;
  /** Whatever `authorize` wants to know. */
  readonly claims?: unknown;
}

/** A connection, as hooks see it. */
export interface Client {
  readonly clientId: string | undefined;
  readonly connectionId: string;
  /** The tab or device, as the client says. */
  readonly instanceId: string;
  readonly claims: unknown;
}

export interface AuthenticateRequest {
  readonly token: string | undefined;
  /** How the client came in; undefined when a live connection renews its token. */
  readonly request: ConnectRequest | undefined;
}

export interface AuthorizeRequest {
  readonly client: Client;
  readonly channel: string;
  readonly action: 'attach' | 'publish' | 'presence' | 'history';
  /** `publish`: the event; `presence`: 'watch' or 'enter'. */
  readonly event: string | undefined;
}

/** More than yes. */
export interface Grant {
  /** `attach`: when to ask again, in ms since 1970; a no then detaches the client. */
  readonly expiresAt?: number | undefined;
  /** `presence`: replaces the data that the client sent. */
  readonly presenceData?: unknown;
}

/** A publish of a client, before it is stored. */
export interface PublishRequest {
  readonly channel: string;
  readonly event: string;
  /** A JSON value, or a `Uint8Array`. */
  readonly data: unknown;
  /** The same for every try of one publish, and unique in its channel: the key for what the app stores. */
  readonly id: string;
  /** Will not be stored, nor acknowledged. */
  readonly volatile: boolean;
  readonly client: Client;
}

export interface Hooks {
  /**
   * Says who the token belongs to. A throw or null refuses it (close 4201), `RealtimeError('token_expired')` closes
   * with 4200, `RealtimeError('auth_denied')` with 4401. @default everybody is anonymous
   */
  authenticate?(request: AuthenticateRequest): MaybePromise<Identity | null | undefined>;
  /** A throw, or anything but true or a grant, is a no. @default everything is allowed */
  authorize?(request: AuthorizeRequest): MaybePromise<boolean | Grant | null | undefined>;
  /**
   * Runs before a client's message is stored and sent. Answer `{ data }` or `{ event }` to replace them (a new value:
   * the old one, changed in place, goes unnoticed), throw to refuse. A client that had no answer tries again: key what you store by (channel, id).
   */
  onPublish?(
    message: PublishRequest,
  ): MaybePromise<{ readonly event?: string; readonly data?: unknown } | null | undefined | void>;
  onConnect?(client: Client): unknown;
  onDisconnect?(client: Client, end: { readonly code: number; readonly reason: string }): unknown;
  /** The first client of this process attached. */
  onOccupied?(channel: string): unknown;
  /** The last one left. */
  onVacated?(channel: string): unknown;
}
