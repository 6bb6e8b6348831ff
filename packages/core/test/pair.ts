/**
 * Two clients on one channel: what ann publishes, bob receives, as it went over the wire. For what needs both ends.
 */
import type { Channel, Inbound, Outbound } from '@anywire/core';
import type { FakeAdapter } from '@anywire/testkit/fake';
import { testClient, type TestClient } from './client.ts';

type Options = NonNullable<Parameters<typeof testClient>[0]>;

export interface Pair {
  readonly ann: TestClient;
  readonly bob: TestClient;
  /** Of ann, and of bob, who is attached. */
  readonly rooms: readonly [Channel, Channel];
  /** What went over the wire, in order. */
  readonly wire: Outbound[];
}

/** @param deliver what reaches bob of what ann sends, by default all of it at once */
export async function pair(
  options: Options,
  deliver: (inbound: Inbound, link: FakeAdapter['link']) => void = (inbound, link) =>
    link.received('room', inbound),
): Promise<Pair> {
  const [ann, bob] = [testClient(options), testClient(options)];
  const wire: Outbound[] = [];
  await ann.realtime.connection.connect();
  const rooms = [ann.realtime.channel('room'), await bob.attached('room')] as const;
  ann.fake.handle('publish', (call) => {
    call.answer();
    for (const outbound of call.batch) {
      wire.push(outbound);
      deliver(toInbound(outbound, wire.length), bob.fake.link);
    }
  });
  return { ann, bob, rooms, wire };
}

/** A message as it arrives. */
export function toInbound({ id, event, data, extras }: Outbound, serial: number): Inbound {
  const position = { serial, cursor: `c${serial}`, action: 'create' } as const;
  return { id, event, data, ...(extras && { extras }), ...position };
}
