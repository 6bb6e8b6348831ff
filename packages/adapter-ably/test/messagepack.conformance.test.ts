/** The whole contract with a client of the adapter's own, in MessagePack, as Node has it. @see tests/support/ably-backend.ts */
import { describeAdapter } from '@anywire/testkit';
import { ablyHarness, clientOptions, useAbly } from '../../../tests/support/ably-backend.ts';
import { ably } from '../src/index.ts';

useAbly();
describeAdapter(
  'ably in MessagePack',
  ablyHarness({
    adapter: (client) =>
      ably({
        publishesPerSecond: 100,
        options: { ...clientOptions(client), useBinaryProtocol: true },
      }),
    capabilities: ably({ publishesPerSecond: 100 }).capabilities,
    leftOut: 21,
  }),
);
