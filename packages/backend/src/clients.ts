/** Who asks, and under which nonce: one reading of tokens, for all routes. */
import { createHash } from 'node:crypto';
import { RealtimeError } from '@anywire/core/errors';
import { bearer, type Client, type Gate, type HttpHeaders } from '@anywire/server/kit';
import type { Clock, Store } from '@anywire/server/store';
import { defaults } from './options.ts';
import { remember } from './window.ts';

export interface Who {
  readonly clientId: string | undefined;
  readonly claims: unknown;
  readonly expiresAt: number | undefined;
}

export interface Clients {
  /** @throws {RealtimeError} auth_failed, auth_denied, token_expired */
  identify(request: { readonly headers: HttpHeaders; readonly url: string }): Promise<Who>;
  /** As hooks see it. */
  client(who: Who, connectionRef?: string, instanceId?: string): Client;
  /** Binds the nonces of ids to who sends them. @throws {RealtimeError} forbidden */
  claim(ids: readonly string[], who: Who, secret: string | undefined): Promise<void>;
}

const dayMs = 86_400_000;

export function createClients(gate: Gate, store: Store | undefined, clock: Clock): Clients {
  const owners = remember<string>(clock, dayMs, defaults.rememberedIds);
  return {
    async identify(request) {
      const { headers, url } = request;
      const asked = { url, headers, remoteAddress: undefined };
      const { clientId, claims, expiresAt } = await gate.authenticate({
        token: bearer({ headers }),
        request: asked,
      });
      return { clientId, claims, expiresAt };
    },
    client: ({ clientId, claims }, connectionId = '', instanceId = '') => ({
      clientId,
      connectionId,
      instanceId,
      claims,
    }),
    async claim(ids, { clientId }, secret) {
      const nonces = new Set(ids.map((id) => id.slice(0, id.lastIndexOf(':'))));
      const digest =
        secret === undefined ? '' : createHash('sha256').update(secret).digest('base64url');
      // An anonymous client that signs in keeps its nonce.
      const mine = [...(clientId === undefined ? [] : [`c:${clientId}`]), `r:${digest}`];
      for (const nonce of nonces) {
        const owner = owners.get(nonce);
        const isMine =
          owner === undefined ? ((await store?.claim(nonce, mine)) ?? true) : mine.includes(owner);
        if (!isMine) throw new RealtimeError('forbidden', 'this id belongs to another client');
        owners.set(nonce, mine[0] as string);
      }
    },
  };
}
