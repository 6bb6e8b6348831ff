/**
 * What a server can do, by what its dialect has: nothing is declared that no function is there for.
 *
 * @see docs/existing-servers.md · dialect-capabilities.test.ts
 */
import type { Capabilities } from './capabilities.ts';
import type { DialectSpec, DialectTransport } from './dialect-spec.ts';

const dayMs = 86_400_000;

export function capabilitiesOf<On extends DialectTransport>(spec: DialectSpec<On>): Capabilities {
  const { presence, history, backlog = 0, ack } = spec;
  const of = (part: unknown, support: 'native' | 'emulated' = 'native') =>
    part ? support : 'none';
  return {
    ack: spec.publish ? (ack?.level ?? 'written') : 'none',
    order: spec.order ?? 'sender',
    attach: spec.joined ? 'confirmed' : 'assumed',
    reconnect: 'core',
    resume: { support: 'none', windowMs: 0 },
    idempotencyWindowMs: spec.idempotencyWindowMs ?? 0,
    publish: { maxBatch: 100, inFlight: 100, needsAttach: !!(spec.needsJoin ?? spec.join) },
    history: {
      support: of(history, 'emulated'),
      limit: history ? 100 : 0,
      retentionMs: history ? dayMs : 0,
      after: false,
    },
    rewind: of(backlog, 'emulated'),
    presence: {
      support: of(presence),
      watchOnly: !!presence?.enter,
      update: of(presence?.update),
      perInstance: presence?.perInstance ?? false,
      graceMs: presence?.graceMs ?? 0,
      occupancy: of(presence, 'emulated'),
      maxMembers: presence ? (presence.maxMembers ?? 1_000) : 0,
    },
    echo: spec.echo ? 'native' : 'none',
    binary: 'none',
    maxPayloadBytes: spec.maxPayloadBytes ?? 65_536,
    limits: spec.limits ?? {},
  };
}

/** Where one may write to channels that one has not joined. */
export const capabilitiesFor = <On extends DialectTransport>(
  { needsJoin }: DialectSpec<On>,
  capabilities: Capabilities,
  channel: string,
): Capabilities =>
  typeof needsJoin === 'function'
    ? { ...capabilities, publish: { ...capabilities.publish, needsAttach: needsJoin(channel) } }
    : capabilities;
