/**
 * Clients of sse, over each transport, and of ws in one channel against the conformance suite.
 *
 * @see tests/support/v1-backend.ts
 */
import { ws } from '@anywire/adapter-ws';
import { EventSource } from 'eventsource';
import { describeOverHttp, overHttp, type AdapterAt } from './over-http.ts';

/** Clients of every kind, by their index of four. */
const kinds: readonly AdapterAt[] = [
  overHttp({ transport: 'stream' }),
  (_, host) => ws({ url: `ws://${host}/anywire` }),
  overHttp({ transport: 'poll' }),
  overHttp({ transport: 'eventsource', EventSource }),
];

describeOverHttp('sse and ws in one channel', (index, host) => kinds[index]!(index, host));
