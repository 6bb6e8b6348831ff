/**
 * (f) against the conformance suite: one event stream for all, and a POST that is answered.
 */
import { sse } from '@anywire/adapter-sse';
import { describeAdapter } from '@anywire/testkit';
import { statsSse } from '../dialects/stats-sse.ts';
import { existingHarness } from './existing-harness.ts';

describeAdapter(
  'existing server stats-sse',
  existingHarness({
    server: 'stats-sse',
    dialect: statsSse,
    adapter: (host) => sse({ url: `http://${host}/events`, dialect: statsSse }),
    carrying: {
      toServer: () => 'stats',
      pack: (event, data) => ['stats', { carried: [event, data] }],
      // Every stream begins with the latest numbers; the first are the server's own.
      unpack: (_, data) => (data as { carried?: [event: string, data: unknown] }).carried,
    },
    oneChannel: 'there is one stream for all',
    leftOut: 96,
  }),
);
