/**
 * What the app's own backend can do with a server: the verbs of the server object. The HTTP API has the same.
 *
 * No hook is asked: who calls these is the app itself.
 *
 * @see http-api.ts · README.md#the-server-object · backend.test.ts
 */
import { RealtimeError } from '@anywire/core/errors';
import { randomBytes } from 'node:crypto';
import { background } from './background.ts';
import {
  channelsOf,
  membersOf,
  occupancyOf,
  type ChannelsPage,
  type ChannelsQuery,
  type Occupancy,
  type PresentMember,
} from './backend-channels.ts';
import { pageOf, type HistoryPage, type HistoryQuery } from './backend-history.ts';
import { disconnect, type DisconnectOptions, type DisconnectTarget } from './disconnect.ts';
import type { Hub } from './hub.ts';
import {
  publishBatch,
  publishFromBackend,
  type BatchMessage,
  type NotPublished,
  type Published,
  type PublishOptions,
} from './publish-backend.ts';

/** The verbs of the app's own backend. All reject with `closed` once the server was closed. */
export interface Backend {
  /** Publishes as the app itself: a JSON value, or a `Uint8Array`. @throws {RealtimeError} invalid, payload_too_large, closed, server_error */
  publish(
    channel: string,
    event: string,
    data: unknown,
    options?: PublishOptions,
  ): Promise<Published>;
  /**
   * Publishes many, in one or several channels; the order within a channel is that of the list.
   *
   * All are looked at before the first is stored: what cannot be is refused whole, and the error names the message.
   * What the engine does not take then has its `error` in its place in the answer; with an `id` in each, the whole batch may be repeated.
   *
   * @throws {RealtimeError} invalid, payload_too_large, limit_exceeded (over `limits.batchItems`), closed
   */
  publishBatch(messages: readonly BatchMessage[]): Promise<readonly (Published | NotPublished)[]>;
  /** One page of stored messages. @throws {RealtimeError} invalid, unsupported, history_expired, closed, server_error */
  history(channel: string, query?: HistoryQuery): Promise<HistoryPage>;
  /** The members of a channel, in all processes that share the engine. @throws {RealtimeError} invalid, unsupported, closed, server_error */
  presence(channel: string): Promise<readonly PresentMember[]>;
  /** How many are in a channel. @throws {RealtimeError} invalid, closed, server_error */
  occupancy(channel: string): Promise<Occupancy>;
  /** The channels that somebody is attached to in this process. @throws {RealtimeError} invalid, closed */
  channels(query?: ChannelsQuery): Promise<ChannelsPage>;
  /** Ends connections of this process, and answers how many. @throws {RealtimeError} invalid, closed */
  disconnect(target: DisconnectTarget, options?: DisconnectOptions): Promise<number>;
}

/** @param isClosed - Whether the server was closed. */
export function createBackend(hub: Hub, isClosed: () => boolean): Backend {
  const { engine, limits, log } = hub.parts;
  const ownNonce = randomBytes(9).toString('base64url');
  let published = 0;
  const newId = (): string => `${ownNonce}:${++published}`;
  // Receivers see it in every id of ours.
  background(log, 'claim', () => engine.claim(ownNonce, ['server']));

  function checkOpen(): void {
    if (isClosed()) throw new RealtimeError('closed', 'this server was closed');
  }

  return {
    async publish(channel, event, data, options = {}) {
      checkOpen();
      const { id = newId() } = options;
      return publishFromBackend(hub, { ...options, channel, event, data, id });
    },
    async publishBatch(messages) {
      checkOpen();
      if (messages.length === 0 || messages.length > limits.batchItems)
        throw new RealtimeError(
          messages.length === 0 ? 'invalid' : 'limit_exceeded',
          `a batch has 1 to ${limits.batchItems} messages`,
        );
      return publishBatch(
        hub,
        messages.map((message) => ({ ...message, id: message.id ?? newId() })),
      );
    },
    async history(channel, query = {}) {
      checkOpen();
      return pageOf(hub, channel, query);
    },
    async presence(channel) {
      checkOpen();
      return membersOf(hub, channel);
    },
    async occupancy(channel) {
      checkOpen();
      return occupancyOf(hub, channel);
    },
    async channels(query = {}) {
      checkOpen();
      return channelsOf(hub, query);
    },
    async disconnect(target, options = {}) {
      checkOpen();
      return disconnect(hub, target, options);
    },
  };
}
