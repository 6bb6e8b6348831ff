import { RealtimeError, type Adapter, type Capabilities } from '@anywire/core';
import type { Bus } from './bus.ts';

/** What the bus really does. Each line chooses cases of the suite. */
const capabilities: Capabilities = {
  ack: 'accepted', // it says that it has taken a text, and keeps none
  order: 'sender',
  attach: 'confirmed',
  reconnect: 'core',
  resume: { support: 'none', windowMs: 0 },
  idempotencyWindowMs: 0, // a resend would be delivered twice
  publish: { maxBatch: 100, inFlight: 100, needsAttach: false },
  history: { support: 'none', limit: 0, retentionMs: 0, after: false },
  rewind: 'none',
  presence: {
    support: 'none',
    watchOnly: false,
    update: 'none',
    perInstance: false,
    graceMs: 0,
    occupancy: 'none',
    maxMembers: 0,
  },
  echo: 'native',
  binary: 'none',
  maxPayloadBytes: 65_536,
  limits: {},
};

/** The envelope: the bus knows texts alone. */
interface Envelope {
  readonly id: string;
  readonly event: string;
  readonly from?: string;
  readonly data: unknown;
}

export function bus({ bus }: { readonly bus: Bus }): Adapter {
  return {
    name: 'bus',
    specVersion: 1,
    capabilities,
    open(link) {
      const { clientId } = link;
      const waiting = new Map<string, () => void>();
      const wire = bus.connect(clientId ?? '', {
        onOpen: (connectionId) =>
          link.opened({ connectionId, heartbeatMs: 0, ...(clientId && { clientId }) }),
        onClose: (reason) =>
          link.dropped({ error: new RealtimeError('connection_failed', reason), retry: 'backoff' }),
        onSubscribed(topic) {
          link.attached(topic, { continuity: 'unknown' }); // before any message of it
          waiting.get(topic)?.();
        },
        onText(topic, text) {
          link.alive();
          const { id, event, from, data } = JSON.parse(text) as Envelope;
          const sender = { verified: false, ...(from && { clientId: from }) }; // anybody can claim it
          link.received(topic, { id, event, data, sender, action: 'create' });
        },
      });
      return {
        attach: (channel, { signal }) =>
          new Promise((resolve, reject) => {
            waiting.set(channel, resolve);
            const abort = (): void =>
              reject(new RealtimeError('aborted', 'the attach was aborted'));
            signal.addEventListener('abort', abort, { once: true });
            wire.subscribe(channel);
          }),
        detach: (channel) => Promise.resolve(wire.unsubscribe(channel)),
        publish: (channel, batch) =>
          Promise.all(
            batch.map(async ({ id, event, json, volatile }) => {
              const head = JSON.stringify({ id, event, ...(clientId && { from: clientId }) });
              await wire.publish(channel, `${head.slice(0, -1)},"data":${json}}`);
              return { level: volatile ? 'none' : 'accepted' };
            }),
          ),
        close: () => Promise.resolve(wire.close()),
        native: wire,
      };
    },
  };
}
