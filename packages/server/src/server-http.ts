/**
 * The HTTP side of a server: what it lends to the HTTP transports, the HTTP API and health, and whose address a request has.
 *
 * @see http-transports.ts · http-api.ts · health.ts · server.ts
 */
import type { Addresses } from './addresses.ts';
import type { Backend } from './backend.ts';
import { answerHealth } from './health.ts';
import type { ClientAddress } from './client-address.ts';
import { answerApi, type ApiParts } from './http-api.ts';
import { bearer, type HttpAnswer, type HttpHeaders, type HttpRequest } from './http-request.ts';
import { httpTransports } from './http-transports.ts';
import type { Hub } from './hub.ts';
import type { Life } from './life.ts';
import type { ServerOptions } from './options.ts';
import { serverKeys } from './server-keys.ts';

export interface ServerHttpParts {
  readonly options: ServerOptions;
  readonly hub: Hub;
  readonly life: Life;
  readonly backend: Backend;
  readonly addresses: Addresses;
  readonly addressOf: ClientAddress;
  readonly mayConnect: (headers: HttpHeaders) => boolean;
}

export interface ServerHttp {
  /** Never rejects. */
  answer(request: HttpRequest): Promise<HttpAnswer>;
  close(): void;
}

/** @throws {RealtimeError} invalid, for a `serverKey` that cannot be */
export function serverHttp(parts: ServerHttpParts): ServerHttp {
  const { options, hub, life, backend, addresses, addressOf, mayConnect } = parts;
  const { clock, gate, heartbeatMs, limits, log } = hub.parts;
  const api: ApiParts = { checkKey: serverKeys(options.serverKey), limits, log, backend };
  const http = httpTransports({
    clock,
    log,
    frameBytes: limits.frameBytes,
    heartbeatMs,
    origins: options.origins,
    mayConnect,
    isClosing: () => life.isLeaving,
    attempt: (request, share) => addresses.attempt(request.remoteAddress, share),
    accept: (transport, request) => {
      const { url, headers, remoteAddress } = request;
      return life.accept(transport, { url, headers, remoteAddress, token: bearer(request) });
    },
    authenticate: async (token) => gate.authenticate({ token, request: undefined }),
    others: async (request) => answerHealth(life.readiness, request) ?? answerApi(api, request),
  });
  return {
    async answer(request) {
      const { headers, remoteAddress } = request;
      return http.answer({ ...request, remoteAddress: addressOf(headers, remoteAddress) });
    },
    close: () => http.close(),
  };
}
