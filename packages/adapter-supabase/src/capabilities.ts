/** What a channel can have on Supabase Realtime. @see https://supabase.com/docs/guides/realtime/limits · docs/adapters/supabase.md */
import type { Capabilities } from '@anywire/core';

export interface Plan {
  readonly messagesPerSecond: number;
  readonly payloadBytes: number;
}

/** Left for the event, the id and what else travels beside the data. */
const besideBytes = 1_024;

export const capabilities = ({ messagesPerSecond, payloadBytes }: Plan): Capabilities => ({
  ack: 'accepted',
  order: 'sender',
  attach: 'confirmed',
  reconnect: 'core',
  resume: { support: 'none', windowMs: 0 },
  idempotencyWindowMs: 0,
  publish: { maxBatch: 1, inFlight: 20, needsAttach: true },
  history: { support: 'none', limit: 0, retentionMs: 0, after: false },
  rewind: 'none',
  presence: {
    support: 'native',
    watchOnly: true,
    update: 'native',
    perInstance: true,
    graceMs: 0,
    occupancy: 'none',
    maxMembers: 1_000,
  },
  echo: 'none',
  senders: 'claimed',
  binary: 'native',
  maxPayloadBytes: payloadBytes - besideBytes,
  // 255 bytes with the prefix of the service.
  maxNameLength: 246,
  limits: {
    publish: [{ max: messagesPerSecond, perMs: 1_000, scope: 'connection' }],
    // The sixth call would close the channel.
    presence: [{ max: 5, perMs: 30_000, scope: 'channel' }],
  },
});
