/**
 * What a channel can have on Pusher: by how the app publishes, and whether its backend keeps messages.
 *
 * @see docs/adapters/pusher.md · https://pusher.com/docs/channels/server_api/http-api/ (limits)
 */
import type { Capabilities, ChannelSpec } from '@anywire/core';

export interface Setup {
  readonly publish: 'backend' | 'client-event';
  readonly hasBackend: boolean;
  readonly store: boolean;
  readonly reconnect: Capabilities['reconnect'];
  readonly clientEventsPerSecond: number;
}

const members: Capabilities['presence'] = {
  support: 'native',
  watchOnly: false,
  update: 'emulated',
  perInstance: true,
  graceMs: 0,
  occupancy: 'none',
  maxMembers: 100,
};
const noMembers: Capabilities['presence'] = {
  ...members,
  ...{ support: 'none', update: 'none', maxMembers: 0 },
};

/** 10 KB for the data of an event; some of it for what travels beside ours. */
const maxPayloadBytes = 9_728;
/** 164 with the longest prefix. */
const maxNameLength = 146;

export function ceiling({
  publish,
  hasBackend,
  store,
  reconnect,
  clientEventsPerSecond,
}: Setup): Capabilities {
  const isStored = publish === 'backend' && store;
  const byBackend = publish === 'backend';
  return {
    ack: !byBackend ? 'written' : isStored ? 'stored' : 'accepted',
    order: isStored ? 'overtaking' : 'sender',
    attach: 'confirmed',
    reconnect,
    resume: { support: 'none', windowMs: 0 },
    idempotencyWindowMs: byBackend ? 120_000 : 0,
    publish: { maxBatch: byBackend ? 10 : 1, inFlight: 1, needsAttach: !byBackend },
    history: {
      support: isStored ? 'emulated' : 'none',
      limit: 100,
      retentionMs: isStored ? 86_400_000 : 0,
      after: isStored,
    },
    rewind: 'none',
    // Who signs a member says what it shows: only our own backend asks the client.
    presence: hasBackend ? members : noMembers,
    echo: byBackend ? 'native' : 'none',
    binary: 'emulated',
    maxPayloadBytes,
    maxNameLength,
    // The network may bunch what was sent apart.
    limits: byBackend
      ? {}
      : {
          publish: [
            { max: Math.max(1, clientEventsPerSecond - 1), perMs: 1_000, scope: 'connection' },
          ],
        },
  };
}

/** Client events are for private channels alone; what the definition does not keep is not kept. */
export function narrowed(ceiling: Capabilities, spec: ChannelSpec): Capabilities {
  const cannotSend = ceiling.ack === 'written' && spec.kind !== 'private';
  const isKept = ceiling.ack === 'stored' && spec.history;
  return {
    ...ceiling,
    ack: cannotSend ? 'none' : ceiling.ack === 'stored' && !isKept ? 'accepted' : ceiling.ack,
    history: isKept
      ? ceiling.history
      : { ...ceiling.history, support: 'none', retentionMs: 0, after: false },
    order: isKept ? ceiling.order : 'sender',
    presence: spec.presence ? ceiling.presence : noMembers,
  };
}
