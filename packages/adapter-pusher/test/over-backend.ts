/**
 * The app's backend for the conformance suite: `createBackend` in a server of Node's, with the faults that a backend can have.
 *
 * @see tests/support/pusher-backend.ts for the service
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Adapter } from '@anywire/core';
import { RealtimeError } from '@anywire/core/errors';
import { createBackend, type Backend } from '@anywire/backend';
import { toNodeListener } from '@anywire/backend/node';
import { pusher as pusherProvider } from '@anywire/backend/pusher';
import { memory, type Engine } from '@anywire/server/store';
import type { ConformanceClient, ConformanceHarness } from '@anywire/testkit';
import {
  app,
  clientOptions,
  encryptionMasterKeyBase64,
  pusherHarness,
  theService,
  usePusher,
} from '../../../tests/support/pusher-backend.ts';
import { pusher } from '../src/index.ts';

let http: Server;
let backend: Backend;
let url: string;
let open: () => Backend;

const faults = {
  isRefusing: false,
  /** Tokens that were given before are expired. */
  generation: 0,
  forbidden: new Set<string>(),
  ackDelayMs: 0,
  lost: 0,
  isHolding: false,
};
const held = new Set<() => void>();

function heal(): void {
  Object.assign(faults, { isRefusing: false, ackDelayMs: 0, lost: 0, isHolding: false });
  faults.forbidden.clear();
  for (const release of held) release();
  held.clear();
}

/** Keeps the answers to publishes back, as the fault says. */
function answers(request: IncomingMessage, response: ServerResponse): void {
  if (!request.url?.endsWith('/publish')) return;
  const end = response.end.bind(response) as (body?: unknown) => ServerResponse;
  response.end = ((body?: unknown) => {
    if (faults.lost > 0) {
      faults.lost -= 1;
      held.add(() => response.destroy());
    } else if (faults.isHolding) held.add(() => response.destroy());
    else if (faults.ackDelayMs > 0) setTimeout(() => end(body), faults.ackDelayMs);
    else end(body);
    return response;
  }) as never;
}

/** Starts service and backend around all tests of the file. */
export function useBackend(store: (() => Engine) | undefined): void {
  usePusher(
    async () => {
      const { host, port } = theService();
      open = () =>
        createBackend({
          provider: pusherProvider({
            ...{ appId: app.id, key: app.key, secret: app.secret, encryptionMasterKeyBase64 },
            ...{ host, port, useTLS: false },
          }),
          ...(store && { store: store() }),
          origins: '*',
          log: () => {},
          authenticate: ({ token }) => identityOf(token),
          authorize: ({ channel }) => !faults.forbidden.has(channel),
        });
      backend = open();
      http = createServer((request, response) => {
        answers(request, response);
        toNodeListener(backend)(request, response);
      });
      await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
      url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/realtime`;
    },
    async () => {
      heal();
      await backend.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  );
}

interface Token {
  readonly clientId?: string;
  readonly expiresAt: number;
  readonly generation: number;
}

function identityOf(token: string | undefined): { clientId?: string; expiresAt?: number } {
  if (faults.isRefusing) throw new RealtimeError('auth_failed', 'every token is refused');
  if (token === undefined) return {};
  const { generation, ...identity } = JSON.parse(decodeURIComponent(token)) as Token;
  if (generation < faults.generation)
    throw new RealtimeError('token_expired', 'the token has expired');
  return identity;
}

const make = (client: ConformanceClient | undefined, store: boolean): Adapter =>
  pusher({
    key: app.key,
    backend: { url: url ?? 'http://127.0.0.1' },
    store,
    quietMs: 500,
    ...(client && { options: clientOptions(client) }),
  });

export const backendHarness = (store: boolean, leftOut: number): ConformanceHarness =>
  pusherHarness({
    adapter: (client) => make(client, store),
    capabilities: pusher({ key: app.key, backend: '/', store }).capabilities,
    leftOut,
    credentials: (_, { clientId, ttlMs }) => {
      const expiresAt = Date.now() + ttlMs;
      const token = {
        expiresAt,
        generation: faults.generation,
        ...(clientId !== undefined && { clientId }),
      };
      return { token: encodeURIComponent(JSON.stringify(token)), expiresAt };
    },
    heal,
    faults: {
      holdAcks: () => void (faults.isHolding = true),
      delayAcks: (_, { count }) => void (faults.ackDelayMs = count),
      loseAcks: (_, { count }) => void (faults.lost = count),
      refuseAuth() {
        faults.isRefusing = true;
        theService().drop();
      },
      expireTokens() {
        faults.generation += 1;
        theService().drop();
      },
      /** What was stored is lost, and so is every connection. */
      async forget() {
        const before = backend;
        backend = open();
        await before.close();
        theService().drop();
      },
      forbid: (_, { channel }) => void faults.forbidden.add(channel),
    },
  });

export { memory };
