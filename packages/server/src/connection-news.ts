/**
 * `onConnect` and `onDisconnect`. A client that polls has one connection over many exchanges: the app hears of the first one,
 * and of the end when none has come for a while, or at its `bye`.
 *
 * @see connect.ts · hub.ts · poll.test.ts
 */
import { closeCodes } from '@anywire/protocol';
import type { Connection } from './connection.ts';
import type { Client } from './hooks.ts';
import type { HubParts } from './hub.ts';
import { lingering } from './lingering.ts';
import { defaults } from './options.ts';

interface End {
  readonly code: number;
  readonly reason: string;
}

/** A client that polls. */
interface Poller {
  client: Client;
  exchanges: number;
  end: End;
}

export interface ConnectionNews {
  connected(connection: Connection, client: Client): void;
  ended(connection: Connection, client: Client, end: End, how: 'left' | 'broke'): void;
  /** Clients that poll. */
  readonly pollers: number;
  close(): void;
}

/** Beyond it, the app hears of the end of the one that has been away for longest. */
const maxResting = 100_000;

export function connectionNews({ clock, gate, hooks }: HubParts): ConnectionNews {
  const pollers = new Map<string, Poller>();
  const resting = lingering<Poller>(clock, defaults.pollLingerMs, (item) => gone(item), maxResting);

  const tellConnect = (client: Client): void =>
    gate.tell('onConnect', () => hooks.onConnect?.(client));
  const tellDisconnect = (client: Client, end: End): void =>
    gate.tell('onDisconnect', () => hooks.onDisconnect?.(client, end));

  function gone({ client, end }: Poller): void {
    pollers.delete(client.connectionId);
    tellDisconnect(client, end);
  }

  return {
    connected(connection, client) {
      if (!connection.isExchange) return tellConnect(client);
      const known = pollers.get(client.connectionId);
      if (known) {
        known.client = client;
        known.exchanges += 1;
        resting.end(known);
        return;
      }
      const end = { code: closeCodes.normal, reason: '' };
      pollers.set(client.connectionId, { client, exchanges: 1, end });
      tellConnect(client);
    },
    ended(connection, client, end, how) {
      const poller = connection.isExchange ? pollers.get(client.connectionId) : undefined;
      if (!poller) {
        // An exchange that ends after the `bye` of another one was told of with it.
        if (!connection.isExchange) tellDisconnect(client, end);
        return;
      }
      poller.exchanges -= 1;
      poller.end = end;
      if (how === 'left') {
        resting.end(poller);
        gone(poller);
      } else if (poller.exchanges <= 0) {
        resting.begin(poller);
      }
    },
    get pollers() {
      return pollers.size;
    },
    close() {
      for (const poller of resting.close()) gone(poller);
    },
  };
}
