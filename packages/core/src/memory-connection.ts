/**
 * One client's connection to the memory hub: the wire between them, and the adapter's session on it.
 *
 * Nothing happens inside a call: every request and every report crosses in a later microtask, in order,
 * as on a network. A cut wire carries nothing more in either direction.
 *
 * @see memory-hub.ts for the hub's side
 */
import type { Drop, Link, Session } from './contract.ts';
import { RealtimeError } from './errors.ts';
import type { Hub } from './memory-hub.ts';
import { dropFor, type Identity } from './memory-identity.ts';

/** A connection, as the hub sees it. */
export interface Connection {
  readonly id: string;
  readonly nonce: string;
  readonly instanceId: string;
  /** Set by the hub when it lets the client in. */
  identity: Identity | undefined;
  /** Timers that end with the connection. */
  readonly timers: Map<'heartbeat' | 'expiry', () => void>;
  /** Reports to the client: later, and in order. */
  report(fn: (link: Link) => void): void;
  /** Breaks the wire; without a drop the client is not told, as on a half-open connection. */
  cut(drop?: Drop): void;
}

/** Connects `link` to the hub, and gives the session that core uses. */
export function connect(
  hub: Hub,
  link: Link,
  clientId: string | undefined,
  native: unknown,
): Session {
  const { defer, capabilities } = hub.settings;
  const waiting = new Set<(error: RealtimeError) => void>();
  let wire: 'whole' | 'mute' | 'cut' = 'whole';

  const cross = (fn: () => void): void =>
    defer(() => {
      if (wire === 'whole') fn();
    });

  function fray(next: 'mute' | 'cut'): void {
    wire = next;
    for (const cancel of connection.timers.values()) cancel();
    connection.timers.clear();
  }

  const failAll = (error: RealtimeError): void => {
    for (const fail of [...waiting]) fail(error);
  };

  const connection: Connection = {
    id: hub.nextConnectionId(),
    nonce: link.nonce,
    instanceId: link.instanceId,
    identity: undefined,
    timers: new Map(),
    report: (fn) =>
      cross(() => {
        link.alive();
        fn(link);
      }),
    cut(drop) {
      if (wire === 'cut') return;
      fray('mute');
      if (!drop) return;
      defer(() => {
        fray('cut'); // a request fails no earlier: core would take that for an answer
        failAll(drop.error);
        link.dropped(drop);
      });
    },
  };

  /** Runs `fn` at the hub and resolves at the client. */
  function ask<Value>(fn: () => Value | Promise<Value>, signal?: AbortSignal): Promise<Value> {
    return new Promise((resolve, reject) => {
      const end = (act: () => void): void => {
        waiting.delete(fail);
        signal?.removeEventListener('abort', abort);
        act();
      };
      const fail = (error: RealtimeError): void => end(() => reject(error));
      const abort = (): void => fail(new RealtimeError('aborted', 'the signal fired'));
      if (wire === 'cut') return fail(new RealtimeError('connection_failed', 'not connected'));
      if (signal?.aborted) return abort();
      waiting.add(fail);
      signal?.addEventListener('abort', abort);
      const answer = async (): Promise<void> => {
        try {
          const value = await fn();
          connection.report(() => end(() => resolve(value)));
        } catch (error) {
          connection.report(() => fail(RealtimeError.from(error)));
        }
      };
      cross(() => void answer());
    });
  }

  async function start(): Promise<void> {
    const claimed = clientId ?? link.clientId;
    try {
      const credentials = await link.authorize({ connectionRef: connection.id });
      const named = { ...(claimed !== undefined && { clientId: claimed }), ...credentials };
      cross(() => hub.connect(connection, named));
    } catch (cause) {
      const { error, retry } = dropFor(RealtimeError.from(cause, 'auth_failed'));
      connection.cut({ error, retry: retry === 'never' ? retry : 'backoff' });
    }
  }
  void start();

  return {
    attach: (channel, request) =>
      ask(() => hub.attach(connection, channel, request), request.signal),
    detach: (channel) => ask(() => hub.detach(connection, channel)),
    publish: (channel, batch, signal) => ask(() => hub.publish(connection, channel, batch), signal),
    ...(capabilities.presence.support !== 'none' && {
      presence: {
        enter: (channel, data, signal) => ask(() => hub.enter(connection, channel, data), signal),
        update: (channel, data, signal) => ask(() => hub.update(connection, channel, data), signal),
        leave: (channel, signal) => ask(() => hub.leave(connection, channel), signal),
      },
    }),
    ...(capabilities.history.support !== 'none' && {
      history: {
        page: (channel, query, signal) => ask(() => hub.page(connection, channel, query), signal),
      },
    }),
    refresh: (credentials) => ask(() => hub.refresh(connection, credentials)),
    ping: (signal) => ask(() => {}, signal),
    async close() {
      hub.close(connection);
      fray('cut');
      failAll(new RealtimeError('closed', 'the session was closed'));
    },
    native,
  };
}
