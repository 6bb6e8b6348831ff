/**
 * `createBackend`: what an app's own backend needs to use a managed service: it signs, publishes, keeps history, and takes webhooks.
 *
 * @see docs/backend.md · docs/decisions/0018-backend-kit.md
 */
import { randomUUID } from 'node:crypto';
import { RealtimeError } from '@anywire/core/errors';
import {
  answerRoute,
  channelRules,
  createGate,
  fetchRequest,
  fetchResponse,
  jsonAnswer,
  logOf,
  originCheck,
  restOf,
  systemClock,
  type HttpAnswer,
  type HttpRequest,
} from '@anywire/server/kit';
import { openStore, type Store } from '@anywire/server/store';
import { createClients } from './clients.ts';
import { defaults, type BackendOptions } from './options.ts';
import { createPresenceUpdates } from './presence.ts';
import type { Done } from './publish-terms.ts';
import { createPublishing } from './publishing.ts';
import { createRoutes } from './routes.ts';
import { createSending } from './sending.ts';

/** What a publish of the app itself has proven. */
export interface Published extends Done {
  readonly id: string;
}

export interface PublishOptions {
  /** The same for every try. @default a new one */
  readonly id?: string;
  /** The connection that shall not get it: what clients send as `connectionRef`. Not with Ably. @default nobody is left out */
  readonly except?: string;
  readonly extras?: Readonly<Record<string, unknown>>;
  /** On behalf of whom: receivers see it as the verified sender. @default nobody: the app itself */
  readonly clientId?: string;
}

export interface Backend {
  /** Where the handlers lie. */
  readonly path: string;
  /** Answers a request; 404 where it is none of ours. Never rejects. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** As `fetch`, for a request of any server. `undefined` outside of `path`. */
  answer(url: string, make: (rest: string) => HttpRequest): Promise<HttpAnswer> | undefined;
  /**
   * Publishes as the app: nobody is asked.
   *
   * @throws {RealtimeError} invalid, payload_too_large, server_error; unsupported, for `except` where the service cannot
   */
  publish(
    channel: string,
    event: string,
    data: unknown,
    options?: PublishOptions,
  ): Promise<Published>;
  /** What is stored and has not gone out yet. */
  readonly pending: number;
  /** Sends what waits, once more, and ends. */
  close(): Promise<void>;
}

/** @throws {RealtimeError} invalid, for options that cannot be */
export function createBackend(options: BackendOptions): Backend {
  const { provider, path = defaults.path, clock = systemClock, random = Math.random } = options;
  if (typeof provider?.send !== 'function')
    throw new RealtimeError(
      'invalid',
      'createBackend({ provider }): write provider: pusher({ … })',
    );
  const log = logOf(options.log);
  const rules = channelRules(options.channels, options.history);
  const gate = createGate(options, clock, options.hookTimeoutMs ?? defaults.hookTimeoutMs, log);
  const timeoutMs = options.sendTimeoutMs ?? defaults.sendTimeoutMs;
  const sending = createSending({ provider, clock, log, random, timeoutMs });
  const presence = createPresenceUpdates(defaults.presenceUpdates);
  const mayConnect = originCheck(options.origins);
  const opening: Promise<Store | undefined> = options.store
    ? openStore(options.store, { retention: (channel) => rules(channel).retention, log, clock })
    : Promise.resolve(undefined);
  opening.catch(() => {}); // told to who asks
  let isClosed = false;
  const ready = opening.then((store) => {
    const publishing = createPublishing({ provider, store, sending, gate, rules, clock });
    const clients = createClients(gate, store, clock);
    const parts = {
      provider,
      store,
      publishing,
      presence,
      clients,
      gate,
      rules,
      clock,
      onEvent: options.onEvent,
      onPublish: options.onPublish,
    };
    return { store, publishing, routes: createRoutes(parts) };
  });
  ready.catch(() => {});

  const others = async (): Promise<HttpAnswer> =>
    jsonAnswer(404, { error: { code: 'unsupported', message: 'there is nothing here' } });
  const closed = (): HttpAnswer =>
    jsonAnswer(503, { error: { code: 'closed', message: 'the backend is closing' } });

  async function answered(request: HttpRequest): Promise<HttpAnswer> {
    if (isClosed) return closed();
    try {
      const { routes } = await ready;
      return await answerRoute(
        { log, origins: options.origins, mayConnect, others },
        routes,
        request,
      );
    } catch (error) {
      log('error', 'the store could not be opened', { error });
      return jsonAnswer(500, {
        error: { code: 'server_error', message: 'the backend has no store' },
      });
    }
  }

  return {
    path,
    async fetch(request) {
      const url = new URL(request.url);
      const rest = restOf(path, url.pathname);
      const answer =
        rest === undefined ? await others() : await answered(fetchRequest(rest, url, request));
      return fetchResponse(request, answer);
    },
    answer(url, make) {
      const rest = restOf(path, url);
      return rest === undefined ? undefined : answered(make(rest));
    },
    async publish(channel, event, data, { id = randomUUID(), except, extras, clientId } = {}) {
      if (isClosed) throw new RealtimeError('closed', 'the backend is closed');
      if (except !== undefined && provider.excludes === false)
        throw new RealtimeError('unsupported', `${provider.name} can leave out no connection`);
      const { publishing } = await ready;
      const [outcome] = await publishing.publish(
        channel,
        [{ id, event, data, extras, clientId }],
        undefined,
        except,
      );
      if (!outcome || 'error' in outcome) {
        const { code = 'server_error', message = '' } = outcome?.error ?? {};
        throw new RealtimeError(code as never, message);
      }
      return { id, ...outcome };
    },
    get pending() {
      return sending.pending;
    },
    async close() {
      isClosed = true;
      await sending.close();
      gate.close();
      await (await opening.catch(() => undefined))?.close();
    },
  };
}
