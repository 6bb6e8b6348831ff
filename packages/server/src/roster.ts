/** The pipes that are here, and what is counted with each: its kind, and its address. */
import type { Addresses } from './addresses.ts';
import { count, labelOf, type Meter } from './meter.ts';
import type { Tally } from './tallies.ts';
import type { Transport } from './transport.ts';

export interface Roster {
  /** Answers whether its address has more than it may: nobody had asked before. */
  add(transport: Transport, remoteAddress: string | undefined): 'taken' | 'too many';
  delete(transport: Transport): void;
  /** Ends all of them at once. */
  destroy(): void;
  readonly size: number;
}

export function createRoster(meter: Meter, addresses: Addresses): Roster {
  const transports = new Map<Transport, Tally | undefined>();
  return {
    add(transport, remoteAddress) {
      const tally = addresses.enter(remoteAddress);
      transports.set(transport, tally);
      count(meter.opened, labelOf(transport));
      count(meter.open, labelOf(transport));
      return addresses.isOver(tally) ? 'too many' : 'taken';
    },
    delete(transport) {
      const tally = transports.get(transport);
      if (!transports.delete(transport)) return;
      addresses.leave(tally);
      count(meter.open, labelOf(transport), -1);
    },
    destroy() {
      for (const transport of transports.keys()) transport.destroy();
    },
    get size() {
      return transports.size;
    },
  };
}
