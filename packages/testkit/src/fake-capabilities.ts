/**
 * What the fake adapter says that it can do: everything, unless a test takes something away.
 */
import type { Capabilities } from '@anywire/core';

/** {@link Capabilities} of which only the named members differ from the default. */
export type CapabilitiesPatch = {
  readonly [Key in keyof Capabilities]?: Capabilities[Key] extends readonly unknown[] | string
    ? Capabilities[Key]
    : Capabilities[Key] extends object
      ? Partial<Capabilities[Key]>
      : Capabilities[Key];
};

const full: Capabilities = {
  ack: 'stored',
  order: 'serial',
  attach: 'confirmed',
  reconnect: 'core',
  resume: { support: 'native', windowMs: 120_000 },
  idempotencyWindowMs: 120_000,
  publish: { maxBatch: 1, inFlight: 16, needsAttach: false },
  history: { support: 'native', limit: 100, retentionMs: 3_600_000, after: true },
  rewind: 'native',
  presence: {
    support: 'native',
    watchOnly: true,
    update: 'native',
    perInstance: true,
    graceMs: 15_000,
    occupancy: 'emulated',
    maxMembers: 1_000,
  },
  echo: 'native',
  binary: 'native',
  maxPayloadBytes: 65_536,
  limits: {},
};

/** Everything a backend can have, changed by `patch`. */
export function capabilitiesWith(patch: CapabilitiesPatch = {}): Capabilities {
  return {
    ...full,
    ...patch,
    resume: { ...full.resume, ...patch.resume },
    publish: { ...full.publish, ...patch.publish },
    history: { ...full.history, ...patch.history },
    presence: { ...full.presence, ...patch.presence },
    limits: { ...patch.limits },
  };
}
