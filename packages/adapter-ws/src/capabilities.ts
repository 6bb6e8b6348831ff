/**
 * What an `anywire.v1` server can do. A server's own limits narrow it when it answers.
 *
 * @see docs/protocol.md#limits · docs/capabilities.md
 */
import type { Capabilities, ChannelSpec } from '@anywire/core';

/** The ceiling of what any channel can have, in JSON. */
const inJson: Capabilities = {
  ack: 'stored',
  order: 'serial',
  attach: 'confirmed',
  reconnect: 'core',
  resume: { support: 'native', windowMs: 120_000 },
  idempotencyWindowMs: 120_000,
  resendAfterReload: true,
  publish: { maxBatch: 100, inFlight: 1_000, needsAttach: false },
  history: { support: 'native', limit: 1_000, retentionMs: 86_400_000, after: true },
  rewind: 'native',
  presence: {
    support: 'native',
    watchOnly: true,
    update: 'native',
    perInstance: true,
    graceMs: 15_000,
    occupancy: 'emulated',
    maxMembers: 5_000,
  },
  echo: 'native',
  binary: 'emulated',
  maxPayloadBytes: 65_536,
  limits: {},
};

const noHistory: Capabilities['history'] = {
  support: 'none',
  limit: 0,
  retentionMs: 0,
  after: false,
};

/** The ceiling of what any channel can have. @param hasBytes - A codec that carries bytes as they are is offered. */
export function capabilitiesOf(hasBytes: boolean): Capabilities {
  return hasBytes ? { ...inJson, binary: 'native' } : inJson;
}

/** A channel without history is kept for a resume only: a publish is accepted, and cannot be read again. */
export function narrowed(ceiling: Capabilities, { history }: ChannelSpec): Capabilities {
  if (history) return ceiling;
  return { ...ceiling, ack: 'accepted', history: noHistory, rewind: 'none' };
}
