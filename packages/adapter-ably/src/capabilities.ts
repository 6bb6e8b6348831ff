/** What a channel can have on Ably. @see https://ably.com/docs/platform/pricing/limits · docs/adapters/ably.md */
import type { Capabilities } from '@anywire/core';

export const capabilities = (publishesPerSecond: number): Capabilities => ({
  ack: 'stored',
  order: 'serial',
  attach: 'confirmed',
  reconnect: 'adapter',
  resume: { support: 'native', windowMs: 120_000 },
  idempotencyWindowMs: 120_000,
  publish: { maxBatch: 50, inFlight: 50, needsAttach: false },
  history: { support: 'native', limit: 1_000, retentionMs: 120_000, after: false },
  // Ably's own rewind has no end that one could see, and is the channel's: core takes the last messages from history, for each
  // listener that wants them.
  rewind: 'none',
  presence: {
    support: 'native',
    watchOnly: true,
    update: 'native',
    perInstance: true,
    graceMs: 15_000,
    occupancy: 'none',
    maxMembers: 200,
  },
  echo: 'native',
  binary: 'native',
  // 64 KiB for name, client id, headers and data.
  maxPayloadBytes: 64_512,
  limits: {
    publish: [{ max: publishesPerSecond, perMs: 1_000, scope: 'connection' }],
  },
});
