/** The whole contract with a client of the adapter's own, in JSON, as pages have it. @see tests/support/ably-backend.ts */
import { describeAdapter, type ConformanceClient } from '@anywire/testkit';
import { ablyHarness, clientOptions, useAbly } from '../../../tests/support/ably-backend.ts';
import { ably } from '../src/index.ts';

useAbly();

const adapter = (client: ConformanceClient) =>
  ably({
    publishesPerSecond: 100,
    options: { ...clientOptions(client), useBinaryProtocol: false },
  });

describeAdapter(
  'ably',
  ablyHarness({
    adapter,
    capabilities: ably({ publishesPerSecond: 100 }).capabilities,
    leftOut: 21,
  }),
);
