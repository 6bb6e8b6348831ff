/**
 * The sse adapter against the conformance suite, over each of its transports, and with clients of ws in the same channels.
 *
 * @see tests/support/v1-backend.ts
 */
import { sse, type SseOptions } from '@anywire/adapter-sse';
import { ws } from '@anywire/adapter-ws';
import { describeAdapter } from '@anywire/testkit';
import { EventSource } from 'eventsource';
import { useV1Server, v1Harness } from '../../../tests/support/v1-backend.ts';

useV1Server();

const { capabilities } = sse({ url: 'http://127.0.0.1/' });

const overHttp = (options: Omit<SseOptions, 'url'>) => (_: number, host: string) =>
  sse({ url: `http://${host}/anywire`, ...options });

describeAdapter('sse', v1Harness(overHttp({}), { capabilities, leftOut: 19 }));
describeAdapter(
  'sse over long polling',
  v1Harness(overHttp({ transport: 'poll' }), { capabilities, leftOut: 19 }),
);
describeAdapter(
  'sse over an EventSource',
  v1Harness(overHttp({ transport: 'eventsource', EventSource }), { capabilities, leftOut: 19 }),
);
/** Clients of every kind, by their index of four. */
const kinds = [
  overHttp({ transport: 'stream' }),
  (_: number, host: string) => ws({ url: `ws://${host}/anywire` }),
  overHttp({ transport: 'poll' }),
  overHttp({ transport: 'eventsource', EventSource }),
];
describeAdapter(
  'sse and ws in one channel',
  v1Harness((index, host) => kinds[index]!(index, host), { capabilities, leftOut: 19 }),
);
