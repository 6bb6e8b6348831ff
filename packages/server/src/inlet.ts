/** Where a transport reports to. A class, so that an idle client costs no closures. */
import type { CloseReason } from '@anywire/protocol';
import type { Connection, ConnectionState } from './connection.ts';
import { control, receive } from './dispatch.ts';
import type { Client } from './hooks.ts';
import type { Hub } from './hub.ts';
import type { Transport, TransportEvents } from './transport.ts';

export class Inlet implements TransportEvents {
  private readonly hub: Hub;
  private readonly connection: Connection;
  private readonly onGone: (transport: Transport) => void;

  /** @param onGone - Shared by all. */
  constructor(hub: Hub, connection: Connection, onGone: (transport: Transport) => void) {
    this.hub = hub;
    this.connection = connection;
    this.onGone = onGone;
  }

  received(message: string | Uint8Array): void {
    // A client that was ended may go on to send; it would still have to be parsed.
    if (this.connection.state !== 'closed') receive(this.hub, this.connection, message);
  }

  controlled(): boolean {
    return control(this.hub, this.connection);
  }

  violated(message: string): void {
    this.end('bad_frame', message);
  }

  closed(code: number, reason: string): void {
    this.hub.gone(this.connection, code, reason);
    this.onGone(this.connection.transport);
  }

  // --- for the transports of this package ---

  get state(): ConnectionState {
    return this.connection.state;
  }

  get client(): Client | undefined {
    return this.connection.client;
  }

  /** Whether all that was asked for is done. */
  get isSettled(): boolean {
    return this.connection.lanes?.isIdle ?? true;
  }

  get isAttached(): boolean {
    return this.connection.attachments.size > 0;
  }

  /** Writes what waits for the end of the tick. */
  flush(): void {
    this.connection.flush();
  }

  /** Ends the connection from here. */
  end(reason: CloseReason, message: string): void {
    this.hub.end(this.connection, reason, message);
  }

  /** Its client never says anything, and is not to be taken for dead. */
  expectSilence(): void {
    this.connection.heardAt = Infinity;
  }
}
