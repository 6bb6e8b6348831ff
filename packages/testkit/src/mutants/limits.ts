/** Mutants of rates, ceilings and counts. */
import type { Adapter } from '@anywire/core';
import { declares, reports, type Mutants } from './mutant.ts';

export const limitMutants: Mutants = {
  'forgets to say that a lost member is gone': reports((link) => ({
    presence(channel, change) {
      if (change.action !== 'leave' || change.reason === 'left') link.presence(channel, change);
    },
  })),
  'counts one member too few': reports((link) => ({
    presence(channel, change) {
      if (change.action !== 'occupancy') return link.presence(channel, change);
      link.presence(channel, { ...change, members: change.members - 1 });
    },
  })),
  'gives a channel more than it declares': declares(() => ({ maxPayloadBytes: 1e6 })),
  'does not say that its service counts': (adapter: Adapter) => {
    const unlimited = { ...adapter.capabilities, limits: {} };
    return { ...adapter, capabilities: unlimited, capabilitiesFor: () => unlimited };
  },
};
