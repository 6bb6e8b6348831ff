/**
 * One client's connection: who it is, what it is attached to, and the one queue of what goes out to it.
 *
 * Everything of one tick leaves as one write: messages, acks, presence, pongs. A connection holds no timer and
 * no closure of its own, and nothing that an idle client does not need.
 *
 * @see flusher.ts for the tick · hub.ts for its life · performance in docs/architecture.md
 */
import { RealtimeError } from '@anywire/core/errors';
import { AttachmentList } from './attachment-list.ts';
import type { MemberKey } from './engine.ts';
import type { Flusher } from './flusher.ts';
import type { Frame } from './frame.ts';
import type { Client } from './hooks.ts';
import type { Lanes } from './lanes.ts';
import type { Tally } from './tallies.ts';
import type { ConnectRequest, Transport } from './transport.ts';

/** `fresh`: no `connect` yet; `connecting`: its token is being looked at; `closed`: nothing goes out any more. */
export type ConnectionState = 'fresh' | 'connecting' | 'open' | 'closed';

/** A queue this long is written before the tick ends, so that a burst cannot pass for a slow client. */
const writeEarlyBytes = 65_536;

export class Connection {
  /** As others see it: the `k` of its messages. */
  id: string;
  /** What keeps its members. */
  readonly hold: string;
  readonly transport: Transport;
  state: ConnectionState = 'fresh';
  /** The heartbeat's tick in which something came in. */
  heardAt: number;
  /** Only until `connect`: headers are large. */
  request: ConnectRequest | undefined;
  client: Client | undefined = undefined;
  expiresAt: number | undefined = undefined;
  nonce = '';
  /** What every message id of this client begins with. */
  idPrefix = '';
  /** Of its client's earlier pages, from which it has published. @see earlier-nonces.ts */
  earlierNonces: Set<string> | undefined = undefined;
  /** The members `u` and `k` of its messages, as text. */
  sender = '';
  lanes: Lanes | undefined = undefined;
  /** What all connections of its client id share. @see limiter.ts, whose numbers these are, too */
  user: Tally | undefined = undefined;
  framesFullAt = 0;
  requestsFullAt = 0;
  /** Of publishes. */
  fullAt = 0;
  refusedUntil = 0;
  /** What all exchanges of a client that polls have in place of these two. */
  poller: Tally | undefined = undefined;
  readonly attachments: AttachmentList = new AttachmentList();
  private readonly flusher: Flusher;
  private queue: Frame | Frame[] | undefined = undefined;
  private queuedBytes = 0;

  constructor(
    id: string,
    transport: Transport,
    request: ConnectRequest,
    flusher: Flusher,
    tick: number,
  ) {
    this.id = id;
    this.hold = id;
    this.transport = transport;
    this.request = request;
    this.flusher = flusher;
    this.heardAt = tick;
  }

  /** Its client has one connection over many pipes like this one. */
  get isExchange(): boolean {
    return this.transport.kind === 'exchange';
  }

  /** What must keep a member that leaves; undefined: whatever does, for another pipe of its client may. */
  get holdToLeave(): string | undefined {
    return this.isExchange ? undefined : this.hold;
  }

  /** Names this connection's member, in every channel. @throws {RealtimeError} client_id_required */
  get memberKey(): MemberKey {
    const { client } = this;
    if (client?.clientId === undefined)
      throw new RealtimeError('client_id_required', 'presence needs a client id');
    return { clientId: client.clientId, instanceId: client.instanceId };
  }

  // --- going out ---

  /** Sends with the tick. */
  send(frame: Frame): void {
    if (this.state === 'closed') return;
    if (this.queue === undefined) {
      this.queue = frame;
      this.flusher.mark(this);
    } else if (Array.isArray(this.queue)) {
      this.queue.push(frame);
    } else {
      this.queue = [this.queue, frame];
    }
    this.queuedBytes += frame.bytes;
    if (this.queuedBytes >= writeEarlyBytes) this.flush();
  }

  /** Bytes that wait: here, and in the transport. */
  get waitingBytes(): number {
    return this.queuedBytes + this.transport.bufferedBytes;
  }

  /** Writes the queue; a client that has not taken what came before is given up. */
  flush(): void {
    const { queue } = this;
    if (queue === undefined) return;
    if (this.waitingBytes > this.flusher.outboundBytes) {
      // Not here: the caller may be walking over the attachments that the end of this connection removes.
      this.flusher.giveUp(this);
      return;
    }
    this.flusher.meter.sentBytes += this.queuedBytes;
    this.queue = undefined;
    this.queuedBytes = 0;
    this.transport.write(queue);
  }

  /** When what was sent has gone; never, when the connection ends before. */
  drained(): Promise<void> {
    this.flush();
    return new Promise((resolve) => this.transport.onceDrained(resolve));
  }

  /** Drops what was not written. */
  clear(): void {
    this.queue = undefined;
    this.queuedBytes = 0;
  }
}
