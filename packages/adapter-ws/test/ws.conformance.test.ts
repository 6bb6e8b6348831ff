/**
 * The ws adapter against the conformance suite, in each codec, and with clients of both in one channel.
 *
 * @see tests/support/v1-backend.ts
 */
import { ws } from '@anywire/adapter-ws';
import { messagePack } from '@anywire/adapter-ws/messagepack';
import { describeAdapter } from '@anywire/testkit';
import { useV1Server, v1Harness } from '../../../tests/support/v1-backend.ts';

const codec = messagePack();

useV1Server([codec]);

/** @param isPacked - Whether the client with this index, of four, speaks MessagePack. */
const harnessOf = (isPacked: (index: number) => boolean) =>
  v1Harness(
    (index, host) => ws({ url: `ws://${host}/anywire`, ...(isPacked(index) && { codec }) }),
    {
      // Where only some have bytes as they are, what they all can have is base64.
      capabilities: ws({
        url: 'ws://127.0.0.1/',
        ...([0, 1, 2, 3].every(isPacked) && { codec }),
      }).capabilities,
      leftOut: 19,
    },
  );

describeAdapter(
  'ws',
  harnessOf(() => false),
);
describeAdapter(
  'ws with MessagePack',
  harnessOf(() => true),
);
describeAdapter(
  'ws with clients of both codecs',
  harnessOf((index) => index % 2 === 1),
);
