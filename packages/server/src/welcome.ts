/**
 * `GET {path}`: what a person sees who opens the endpoint with a browser or with curl, where clients open a WebSocket.
 *
 * @see http-transports.ts · http-routes.test.ts
 */
import { apiRoutes } from './http-api.ts';
import type { HttpAnswer } from './http-request.ts';

const apiPaths = [...new Set(apiRoutes.map(({ path }) => path))];

const text = `This is an Anywire server. It speaks anywire.v1 with realtime clients. Below this path:

  WebSocket    here       for ws({ url }) of @anywire/adapter-ws
  HTTP         /sse       event streams, for sse({ url }) of @anywire/adapter-sse
               /poll      long polling, for the same
  health       /healthz   whether the process answers
               /readyz    whether it takes clients
  HTTP API     with a server key, as @anywire/server/openapi.json says:
${apiPaths.map((path) => `               ${path}\n`).join('')}`;

/** Knows nothing of this server but what its documents say. */
export function welcome(): HttpAnswer {
  return { status: 200, headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: text };
}
