/**
 * The network between a client and the memory hub, and what it can be made to do beyond the hub's own faults.
 */
import type { Adapter, Link, Session } from '@anywire/core';
import type { FaultTarget } from '@anywire/testkit';

/** What goes wrong; {@link calm} is nothing. */
export interface Trouble {
  /** The connection of a client breaks after so many more frames. */
  dropAfter: { readonly index: number | undefined; left: number } | undefined;
  ackDelayMs: number;
  /** So many more publishes get no answer. */
  lostAcks: number;
  /** Bytes of data that the service takes. */
  maxBytes: number;
}

export const calm = (): Trouble => ({
  dropAfter: undefined,
  ackDelayMs: 0,
  lostAcks: 0,
  maxBytes: Infinity,
});

/** An adapter behind that network. `trouble` may change at any time; `cut` breaks this client's connection. */
export function troubled(
  adapter: Adapter,
  index: number,
  trouble: Trouble,
  cut: () => void,
): Adapter {
  const frame = (): void => {
    const { dropAfter } = trouble;
    if (!dropAfter || (dropAfter.index ?? index) !== index) return;
    if ((dropAfter.left -= 1) > 0) return;
    trouble.dropAfter = undefined;
    cut();
  };
  return {
    ...adapter,
    open(link, resume) {
      const session = adapter.open({ ...link, ...behind(link, trouble, frame) }, resume);
      return { ...session, publish: publishing(session, link, trouble, { frame, cut }) };
    },
  };
}

/** The way to the client. */
function behind(link: Link, trouble: Trouble, frame: () => void): Partial<Link> {
  const counted =
    <Arguments extends unknown[]>(report: (...given: Arguments) => void) =>
    (...given: Arguments): void => {
      report(...given);
      frame();
    };
  return {
    opened: counted((info) => {
      const { maxBytes } = trouble;
      link.opened(maxBytes < Infinity ? { ...info, limits: { maxPayloadBytes: maxBytes } } : info);
    }),
    attached: counted(link.attached),
    replayed: counted(link.replayed),
    presence: counted(link.presence),
    received: counted(link.received),
  };
}

/** The way to the service, and back with the answer. */
function publishing(
  session: Session,
  link: Link,
  trouble: Trouble,
  { frame, cut }: { readonly frame: () => void; readonly cut: () => void },
): Session['publish'] {
  const never = new Promise<never>(() => {});
  return async (channel, batch, signal) => {
    if (batch.some(({ json = '' }) => json.length > trouble.maxBytes)) {
      cut();
      return never;
    }
    const outcomes = await session.publish(channel, batch, signal);
    if ((trouble.lostAcks -= batch.length) >= 0) return never;
    trouble.lostAcks = 0;
    const { ackDelayMs } = trouble;
    if (ackDelayMs > 0)
      await new Promise<void>((resolve) => void link.clock.schedule(resolve, ackDelayMs));
    frame();
    return outcomes;
  };
}

/** Whom `dropAfter` hits. */
export const dropsAfter = ({ client, count }: FaultTarget): Trouble['dropAfter'] => ({
  index: client?.index,
  left: count,
});
