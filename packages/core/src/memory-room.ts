/**
 * One channel of the memory hub: who is attached, what is delivered to whom, who is present.
 *
 * @see memory-log.ts for serials, cursors and pages · memory-members.ts for members and their grace
 */
import type { Clock } from './clock.ts';
import type {
  AttachRequest,
  Capabilities,
  Drop,
  HistoryPage,
  HistoryQuery,
  Inbound,
} from './contract.ts';
import { RealtimeError } from './errors.ts';
import type { Connection } from './memory-connection.ts';
import type { Entry, Log } from './memory-log.ts';
import {
  createMembers,
  type MemberChange,
  type MemberEntry,
  type Members,
} from './memory-members.ts';

interface Attachment {
  readonly echo: boolean;
  readonly view: AttachRequest['presence'];
  /** The serial at which live messages began. */
  readonly at: number;
}

export interface RoomOptions {
  readonly name: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly capabilities: Capabilities;
  /** How often the next delivery is made; a test may ask for 2. */
  readonly copies: () => number;
  /** Delivers a message now, or later: a test may ask for another order. */
  readonly queue: (deliver: () => void) => void;
}

/** What is said: by a client, or by the app's own side of the hub, which gives no id. */
export type Said = Omit<Entry, 'serial' | 'timestamp'>;

export class Room {
  readonly #options: RoomOptions;
  readonly #members: Members;
  readonly #attached = new Map<Connection, Attachment>();

  constructor(options: RoomOptions) {
    this.#options = options;
    const { clock, capabilities } = options;
    this.#members = createMembers({
      clock,
      graceMs: capabilities.presence.graceMs,
      maxMembers: capabilities.presence.maxMembers,
      tell: (change) => {
        for (const [connection, { view }] of this.#attached)
          if (view === 'count') this.#count(connection);
          else if (view !== 'none') this.#tell(connection, change);
      },
    });
  }

  /** Also changes an attachment, and goes on from the cursor. */
  attach(connection: Connection, request: AttachRequest): void {
    const { name, log, capabilities } = this.#options;
    const self =
      request.presence === 'enter' ? memberOf(connection, request.presenceData) : undefined;
    const after = request.cursor === undefined ? 'initial' : this.#after(request.cursor);
    const kept = typeof after !== 'string';
    const backlog = kept ? after : after === 'initial' ? log.last(request.rewind ?? 0) : [];
    const lost = capabilities.resume.support === 'none' ? 'unknown' : 'lost';
    const view = capabilities.presence.support === 'none' ? 'none' : request.presence;
    const cursor = log.cursor(log.serial);
    this.#attached.set(connection, { echo: request.echo, view, at: log.serial });
    connection.report((link) =>
      link.attached(name, {
        continuity: kept ? 'kept' : after === 'initial' ? after : lost,
        ...(this.#hasSerials && { cursor }),
        backlog: backlog.length > 0,
        ...(!kept && after !== 'initial' && { reason: after }),
      }),
    );
    for (const entry of backlog) this.#deliver(connection, entry, true);
    if (backlog.length > 0) connection.report((link) => link.replayed(name));
    if (view === 'count') this.#count(connection);
    else if (view !== 'none') this.#sync(connection);
    if (self) this.#members.enter(self);
  }

  detach(connection: Connection): void {
    this.#attached.delete(connection);
    this.leave(connection);
  }

  /** The hub ends this channel for everybody. */
  evict(drop: Drop): void {
    const { name } = this.#options;
    const evicted = [...this.#attached.keys()];
    this.#attached.clear();
    for (const connection of evicted) {
      connection.report((link) => link.detached(name, drop));
      this.leave(connection);
    }
  }

  /** The connection broke: its members have their grace. */
  lose(connection: Connection): void {
    this.#attached.delete(connection);
    this.#members.lose(connection.id);
  }

  /** Forgets everybody, telling nobody. */
  clear(): void {
    this.#members.clear();
    this.#attached.clear();
  }

  // --- messages ---

  /** Keeps a message, unless it is volatile or known, and delivers it. */
  say(said: Said, volatile: boolean): { entry: Entry; duplicate: boolean } {
    const { log, clock, queue } = this.#options;
    const dated = { ...said, timestamp: clock.now() };
    const { entry, duplicate } = volatile
      ? { entry: { ...dated, serial: 0 }, duplicate: false }
      : log.append(dated);
    if (!duplicate) queue(() => this.#spread(entry));
    return { entry, duplicate };
  }

  #spread(entry: Entry): void {
    const { capabilities, copies } = this.#options;
    for (const [connection, { echo }] of this.#attached) {
      const own = entry.id?.startsWith(`${connection.nonce}:`) ?? false;
      if (own && (!echo || capabilities.echo === 'none')) continue;
      for (let left = copies(); left > 0; left -= 1) this.#deliver(connection, entry, false);
    }
  }

  page(connection: Connection, query: HistoryQuery): HistoryPage {
    const { log, capabilities } = this.#options;
    const limit = Math.min(query.limit, capabilities.history.limit);
    const { entries, next, complete } = log.page(
      { ...query, limit },
      this.#attached.get(connection)?.at,
    );
    const items = entries.map((entry) => this.#inbound(entry, true));
    return { items, complete, ...(next !== undefined && { next }) };
  }

  #after(cursor: string): readonly Entry[] | string {
    const { log, capabilities } = this.#options;
    return capabilities.resume.support === 'none' ? 'the hub cannot resume' : log.after(cursor);
  }

  get #hasSerials(): boolean {
    return this.#options.capabilities.order !== 'sender';
  }

  #deliver(connection: Connection, entry: Entry, replayed: boolean): void {
    const message = this.#inbound(entry, replayed);
    connection.report((link) => link.received(this.#options.name, message));
  }

  /** Every receiver gets a copy of its own. A serial of 0 is a message that was not kept. */
  #inbound(entry: Entry, replayed: boolean): Inbound {
    const { serial, id, event, data, extras, sequence, sender, timestamp } = entry;
    return {
      event,
      data: typeof data === 'string' ? (JSON.parse(data) as unknown) : data.slice(),
      ...(extras !== undefined && { extras: JSON.parse(extras) as Record<string, unknown> }),
      ...(sequence !== undefined && { sequence }),
      ...(id !== undefined && { id }),
      ...(serial > 0 && this.#hasSerials && { serial, cursor: this.#options.log.cursor(serial) }),
      timestamp,
      sender,
      action: 'create',
      ...(replayed && { replayed }),
    };
  }

  // --- presence ---

  enter(connection: Connection, data: unknown): void {
    this.#members.enter(memberOf(connection, data));
  }

  update(connection: Connection, data: unknown): void {
    this.#members.update(memberOf(connection, data));
  }

  leave({ instanceId, id: connectionId, identity }: Connection): void {
    if (identity?.clientId === undefined) return;
    this.#members.leave({ clientId: identity.clientId, instanceId, connectionId });
  }

  #sync(connection: Connection): void {
    const { name } = this.#options;
    connection.report((link) => link.presence(name, { action: 'sync-start' }));
    for (const member of this.#members.all()) this.#tell(connection, { action: 'enter', member });
    connection.report((link) => link.presence(name, { action: 'sync-end' }));
  }

  #tell(connection: Connection, { member: { json, ...info }, ...change }: MemberChange): void {
    const member = { ...info, data: JSON.parse(json) as unknown };
    connection.report((link) => link.presence(this.#options.name, { ...change, member }));
  }

  #count(connection: Connection): void {
    const members = this.#members.all();
    const clients = new Set(members.map(({ clientId }) => clientId)).size;
    connection.report((link) =>
      link.presence(this.#options.name, { action: 'occupancy', members: members.length, clients }),
    );
  }
}

function memberOf(
  { instanceId, id: connectionId, identity }: Connection,
  data: unknown,
): MemberEntry {
  if (identity?.clientId === undefined)
    throw new RealtimeError('client_id_required', 'presence needs to know who enters');
  return {
    clientId: identity.clientId,
    instanceId,
    connectionId,
    json: JSON.stringify(data ?? null),
  };
}
