/** Where a transport reports to. A class, so that an idle client costs no closures. */
import type { Connection } from './connection.ts';
import { control, receive } from './dispatch.ts';
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
    this.hub.end(this.connection, 'bad_frame', message);
  }

  closed(code: number, reason: string): void {
    this.hub.gone(this.connection, code, reason);
    this.onGone(this.connection.transport);
  }
}
