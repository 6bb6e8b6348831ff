/** The clients of the conformance suite in each codec; one file each, for they wait more than they work. */
import { ws } from '@anywire/adapter-ws';
import { messagePack } from '@anywire/adapter-ws/messagepack';
import { describeAdapter } from '@anywire/testkit';
import { useV1Server, v1Harness } from '../../../tests/support/v1-backend.ts';

const codec = messagePack();

/**
 * Runs the suite.
 *
 * @param isPacked - Whether the client with this index, of four, speaks MessagePack.
 */
export function describeInCodec(title: string, isPacked: (index: number) => boolean): void {
  useV1Server([codec]);
  // Where only some have bytes as they are, what they all can have is base64.
  const areAllPacked = [0, 1, 2, 3].every(isPacked);
  const { capabilities } = ws({ url: 'ws://127.0.0.1/', ...(areAllPacked && { codec }) });
  describeAdapter(
    title,
    v1Harness(
      (index, host) => ws({ url: `ws://${host}/anywire`, ...(isPacked(index) && { codec }) }),
      { capabilities, leftOut: 19 },
    ),
  );
}
