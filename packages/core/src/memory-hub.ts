/**
 * The memory hub's inside: who may come in, and which channel a request goes to.
 *
 * The wire between client and hub is `memory-connection.ts`, one channel is `memory-room.ts`, and the side of the
 * app and of tests is `memory.ts`.
 *
 * @see memory.test.ts · packages/core/test/memory.conformance.test.ts
 */
import type {
  AckLevel,
  AttachRequest,
  Credentials,
  Drop,
  HistoryPage,
  HistoryQuery,
  Outbound,
  PublishOutcome,
} from './contract.ts';
import { RealtimeError } from './errors.ts';
import type { Connection } from './memory-connection.ts';
import { dropFor, dropOf, identify, type Identity } from './memory-identity.ts';
import { createLog, said } from './memory-log.ts';
import { Room } from './memory-room.ts';
import type { HubAccess, HubSettings } from './memory-settings.ts';
import { isBytes, sizeOf } from './payload.ts';

/** What sessions ask. Requests throw {@link RealtimeError}. */
export class Hub {
  readonly settings: HubSettings;
  readonly connections: Set<Connection> = new Set();
  /** What becomes of who connects now, by client id or (undefined) whoever it is; `silent`: nothing at all. */
  readonly doors: Map<string | undefined, 'silent' | Drop> = new Map();
  /** Set while acknowledgements are held. */
  acks: Promise<void> | undefined;
  /** Channels whose clients define them without history: they are kept for a resume only. */
  readonly unkept: Set<string> = new Set();
  /** How many of the next deliveries arrive twice. */
  duplicates = 0;
  /** The next messages, until so many are there. */
  #line: { readonly count: number; readonly late: (() => void)[] } | undefined;
  readonly #rooms = new Map<string, Room>();
  #epochs = 0;
  #connections = 0;

  constructor(settings: HubSettings) {
    this.settings = settings;
  }

  nextConnectionId(): string {
    return `memory-${(this.#connections += 1)}`;
  }

  /** The next `count` messages are delivered together, the last one first. */
  reorder(count: number): void {
    this.#line = { count, late: [] };
  }

  #queue(deliver: () => void): void {
    const line = this.#line;
    if (!line) return deliver();
    line.late.unshift(deliver);
    if (line.late.length < line.count) return;
    this.#line = undefined;
    for (const next of line.late) next();
  }

  // --- connections ---

  connect(connection: Connection, credentials: Credentials): void {
    try {
      this.#admit(connection, credentials);
    } catch (cause) {
      return connection.cut(dropFor(RealtimeError.from(cause, 'auth_failed')));
    }
    const door = this.doors.get(undefined) ?? this.doors.get(connection.identity?.clientId);
    if (door) return connection.cut(door === 'silent' ? undefined : door);
    this.connections.add(connection);
    this.#beat(connection);
    const { clientId, expiresAt } = connection.identity as Identity;
    const { heartbeatMs, limits } = this.settings;
    connection.report((link) =>
      link.opened({
        connectionId: connection.id,
        heartbeatMs,
        ...(limits && { limits }),
        ...(clientId !== undefined && { clientId }),
        ...(expiresAt !== undefined && { expiresAt }),
      }),
    );
  }

  refresh(connection: Connection, credentials: Credentials): number | undefined {
    this.#admit(connection, credentials);
    return connection.identity?.expiresAt;
  }

  /** Breaks connections; their members have their grace. Without a drop the clients are not told. */
  sever(drop: Drop | undefined, clientId?: string): void {
    for (const connection of [...this.connections]) {
      if (clientId !== undefined && connection.identity?.clientId !== clientId) continue;
      this.#end(connection, drop);
    }
  }

  /** The client goes on purpose: its members leave at once. */
  close(connection: Connection): void {
    if (!this.connections.delete(connection)) return;
    for (const room of this.#rooms.values()) room.detach(connection);
  }

  /** Channels, members and messages are gone; what is made now has another epoch. */
  forget(): void {
    for (const room of this.#rooms.values()) room.clear();
    this.#rooms.clear();
    this.sever(dropOf('connection_failed', 'the hub was restarted'));
  }

  /** Who it is, and until when; a token that expires ends the connection. */
  #admit(connection: Connection, credentials: Credentials): void {
    const { authenticate, clock } = this.settings;
    connection.identity = identify(authenticate, credentials, connection.identity);
    const { expiresAt } = connection.identity;
    connection.timers.get('expiry')?.();
    if (expiresAt === undefined) return;
    const expire = (): void => this.#end(connection, dropOf('token_expired', 'the token expired'));
    connection.timers.set('expiry', clock.schedule(expire, expiresAt - clock.now()));
  }

  #end(connection: Connection, drop: Drop | undefined): void {
    this.connections.delete(connection);
    for (const room of this.#rooms.values()) room.lose(connection);
    connection.cut(drop);
  }

  #beat(connection: Connection): void {
    const { clock, heartbeatMs } = this.settings;
    const beat = (): void => {
      connection.report(() => {});
      connection.timers.set('heartbeat', clock.schedule(beat, heartbeatMs));
    };
    connection.timers.set('heartbeat', clock.schedule(beat, heartbeatMs));
  }

  // --- channels ---

  attach(connection: Connection, channel: string, request: AttachRequest): void {
    const room = this.#allowed(connection, channel, 'attach');
    room.attach(connection, this.#isKept(channel) ? request : { ...request, rewind: undefined });
  }

  detach(connection: Connection, channel: string): void {
    this.#rooms.get(channel)?.detach(connection);
  }

  evict(channel: string, drop: Drop): void {
    this.#rooms.get(channel)?.evict(drop);
  }

  async publish(
    connection: Connection,
    channel: string,
    batch: readonly Outbound[],
  ): Promise<readonly PublishOutcome[]> {
    const room = this.#allowed(connection, channel, 'publish');
    const { ack } = this.settings.capabilities;
    const level = ack === 'stored' && !this.#isKept(channel) ? 'accepted' : ack;
    const outcomes = batch.map((message) => this.#publish(room, connection, message, level));
    await this.acks;
    return outcomes;
  }

  #publish(
    room: Room,
    { id: connectionId, identity }: Connection,
    message: Outbound,
    level: AckLevel,
  ): PublishOutcome {
    const { maxPayloadBytes } = this.settings.capabilities;
    const { id, volatile } = message;
    if (sizeOf(message) > maxPayloadBytes) {
      return { error: new RealtimeError('payload_too_large', `at most ${maxPayloadBytes} bytes`) };
    }
    const { clientId, verified = false } = identity ?? {};
    const sender = { connectionId, verified, ...(clientId !== undefined && { clientId }) };
    const { entry, duplicate } = room.say({ ...said(message), id, sender }, volatile);
    if (volatile) return { level: 'none' };
    const { serial, timestamp } = entry;
    return {
      level,
      timestamp,
      ...(level === 'stored' && { serial }),
      ...(duplicate && { duplicate }),
    };
  }

  /** A message from the app's own side. */
  say(channel: string, event: string, data: unknown): void {
    const json = isBytes(data) ? undefined : JSON.stringify(data ?? null);
    const sender = { verified: true };
    this.#room(channel).say({ ...said({ event, data, json }), id: undefined, sender }, false);
  }

  page(connection: Connection, channel: string, query: HistoryQuery): HistoryPage {
    const room = this.#allowed(connection, channel, 'history');
    if (!this.#isKept(channel)) throw new RealtimeError('unsupported', 'the channel keeps nothing');
    return room.page(connection, query);
  }

  enter(connection: Connection, channel: string, data: unknown): void {
    this.#allowed(connection, channel, 'presence').enter(connection, data);
  }

  update(connection: Connection, channel: string, data: unknown): void {
    this.#allowed(connection, channel, 'presence').update(connection, data);
  }

  leave(connection: Connection, channel: string): void {
    this.#rooms.get(channel)?.leave(connection);
  }

  #isKept(channel: string): boolean {
    return !this.unkept.has(channel);
  }

  #allowed(connection: Connection, channel: string, action: HubAccess['action']): Room {
    const { authorize = () => true } = this.settings;
    if (authorize({ clientId: connection.identity?.clientId, channel, action }))
      return this.#room(channel);
    throw new RealtimeError('forbidden', `this client may not ${action} here`);
  }

  #room(name: string): Room {
    const known = this.#rooms.get(name);
    if (known) return known;
    const { historySize, clock, capabilities } = this.settings;
    const log = createLog(`e${(this.#epochs += 1)}`, historySize, capabilities.idempotencyWindowMs);
    const copies = (): number => {
      if (this.duplicates === 0) return 1;
      this.duplicates -= 1;
      return 2;
    };
    const queue = (deliver: () => void): void => this.#queue(deliver);
    const room = new Room({ name, log, clock, capabilities, copies, queue });
    this.#rooms.set(name, room);
    return room;
  }
}
