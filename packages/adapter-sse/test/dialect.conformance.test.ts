/**
 * A dialect over an event stream against the conformance suite: the cases that its capabilities select, on a server with one
 * stream for all, and POST beside it.
 *
 * @see tests/support/dialect-backend.ts
 */
import type { ServerResponse } from 'node:http';
import { sse } from '@anywire/adapter-sse';
import { defineDialect, type Dialect } from '@anywire/core/dialect';
import { describeAdapter } from '@anywire/testkit';
import { dialectHarness, useExistingServer } from '../../../tests/support/dialect-backend.ts';

useExistingServer((http) => {
  const streams = new Set<ServerResponse>();
  http.on('request', (request, response) => {
    if (request.method === 'GET') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': hello\n\n');
      streams.add(response);
      return response.on('close', () => streams.delete(response));
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    return request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      for (const stream of streams) stream.write(`data: ${text}\n\n`);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
    });
  });
  return () => streams.clear();
});

interface Posted {
  readonly topic: string;
  readonly type: string;
  readonly data: unknown;
  readonly id: string;
  readonly user?: string;
}

const topics: Dialect<'sse'> = defineDialect({
  name: 'topics',
  on: 'sse',
  publish: ({ channel, event, data, id }, { clientId }) => ({
    path: '/publish',
    body: { topic: channel, type: event, data, id, user: clientId },
  }),
  ack: { level: 'accepted', by: 'reply' },
  echo: true,
  receive({ data }) {
    const { topic, type, data: inner, id, user } = data as Posted;
    return { channel: topic, event: type, data: inner, id, clientId: user };
  },
});

describeAdapter(
  'sse with a dialect of topics',
  dialectHarness((host) => sse({ url: `http://${host}/events`, dialect: topics }), {
    capabilities: topics.capabilities,
    leftOut: 91,
  }),
);
