/** `@anywire/backend/node`: the handlers in a server of Node's `http`, or in Express. @see node.test.ts @module */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { nodeRequest, writeAnswer } from '@anywire/server/kit';
import type { Backend } from './backend.ts';

/**
 * A listener for requests: `http.createServer(toNodeListener(backend))`, or `app.use(toNodeListener(backend))`. Before anything
 * that reads bodies.
 *
 * @param next - Gets what is none of ours. @default 404
 */
export function toNodeListener(
  backend: Backend,
): (request: IncomingMessage, response: ServerResponse, next?: () => void) => void {
  return (request, response, next) => {
    // Express takes off of `url` where a router is mounted.
    const { originalUrl = request.url ?? '/' } = request as { originalUrl?: string };
    const answer = backend.answer(originalUrl, (rest) => ({
      ...nodeRequest(rest, request, response),
      query: new URLSearchParams(originalUrl.split('?')[1] ?? ''),
    }));
    if (answer) void answer.then((given) => writeAnswer(request, response, given));
    else if (next) next();
    else response.writeHead(404).end();
  };
}
