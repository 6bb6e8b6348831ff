/**
 * The interceptors on the way out, between a publish and the outbox. They work on several publishes at once; what they
 * make leaves in the order of the calls.
 *
 * @see docs/semantics.md#interceptors · intercept.test.ts
 */
import type { Receipt } from './channel-api.ts';
import type { Outbound } from './contract.ts';
import { onAbort } from './deadline.ts';
import type {
  Departure,
  SendingChannel,
  Interception,
  InterceptionHost,
  Interceptor,
  Outgoing,
} from './interception.ts';
import { rankOf } from './narrow.ts';
import { toReceipt } from './receipt.ts';
import { through } from './through.ts';

export function createOutlet(
  interceptors: readonly Interceptor[],
  { clock, within }: InterceptionHost,
): Pick<Interception, 'publish' | 'settled'> {
  const outbound = interceptors.filter((one) => one.outbound);
  /** The newest of each channel. */
  const last = new Map<SendingChannel, Promise<void>>();

  function make(
    channel: SendingChannel,
    message: Outgoing,
    { maxPayloadBytes, signals }: Departure,
  ): Promise<readonly Outgoing[]> {
    const { name } = channel;
    const stages = outbound.map((one) => async (item: Outgoing): Promise<Outgoing[]> => {
      const made = await one.outbound?.(item, { channel: name, maxPayloadBytes, clock });
      return [made ?? []]
        .flat()
        .map((part, at) => (at === 0 ? part : { ...part, id: channel.nextId() }));
    });
    const before = last.get(channel);
    const made = within(
      `the interceptors of '${name}'`,
      signals,
      async () => (await Promise.all([through(message, stages), before]))[0],
    );
    const turn = made
      .then(
        () => {},
        () => before,
      )
      .then(() => {
        if (last.get(channel) === turn) last.delete(channel);
      });
    last.set(channel, turn);
    return made;
  }

  return {
    settled: () => Promise.all(last.values()),
    publish:
      outbound.length > 0
        ? async (channel, message, departure) => {
            const made = await make(channel, message, departure);
            return sendTogether(message.id, made.map(departure.toOutbound), departure);
          }
        : undefined,
  };
}

/** The receipt proves what is proven of every part. One that fails stops those that wait. */
async function sendTogether(
  id: string,
  parts: readonly Outbound[],
  { send, signals }: Departure,
): Promise<Receipt> {
  const rest = new AbortController();
  const stop = onAbort(signals, 'publish', (error) => rest.abort(error));
  try {
    const receipts = await Promise.all(
      parts.map(async (part) => {
        try {
          return await send(part, rest.signal, parts.length === 1);
        } catch (error) {
          rest.abort(error); // before the outbox sends the next one
          throw error;
        }
      }),
    );
    const [lowest] = receipts.toSorted((a, b) => rankOf(a.level) - rankOf(b.level));
    const tries = receipts.map(({ attempts }) => attempts);
    const attempts = tries.includes(0) ? 0 : Math.max(0, ...tries); // a part was dropped
    return toReceipt(id, attempts, { ...receipts.at(-1), level: lowest?.level ?? 'none' });
  } finally {
    stop();
  }
}
