/**
 * The hub: what all connections of one server share, and the life of a connection in it.
 *
 * It knows neither sockets (transport.ts) nor where channels live (engine.ts).
 *
 * @see dispatch.ts for what becomes of a frame · channels.ts for attachments · server.ts, which puts it together
 */
import { closeCodes, type CloseReason } from '@anywire/protocol';
import { randomBytes } from 'node:crypto';
import { background } from './background.ts';
import type { ChannelRules } from './channel-rules.ts';
import { Channels } from './channels.ts';
import type { Clock } from './clock.ts';
import { Connection } from './connection.ts';
import { connectionNews, type ConnectionNews } from './connection-news.ts';
import { delayQueue, expiryWatch, type DelayQueue, type ExpiryWatch } from './deadlines.ts';
import type { Engine } from './engine.ts';
import { releaseEarlier } from './earlier-nonces.ts';
import { createFlusher, type Flusher } from './flusher.ts';
import { frameOf, ping } from './frame.ts';
import type { Gate } from './gate.ts';
import { createHeartbeat, type Heartbeat } from './heartbeat.ts';
import type { Hooks } from './hooks.ts';
import { createLimiter, type Limiter } from './limiter.ts';
import type { Log } from './log.ts';
import { count, type Meter } from './meter.ts';
import type { Limits } from './options.ts';
import type { ConnectRequest, Transport } from './transport.ts';

/** What a hub is made of. */
export interface HubParts {
  readonly engine: Engine;
  readonly gate: Gate;
  readonly hooks: Hooks;
  readonly limits: Limits;
  readonly rules: (channel: string) => ChannelRules;
  readonly heartbeatMs: number;
  readonly presenceGraceMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

export class Hub {
  readonly parts: HubParts;
  readonly channels: Channels;
  readonly connections: Heartbeat<Connection>;
  readonly tokens: ExpiryWatch<Connection>;
  readonly limiter: Limiter;
  /** What the app was told of connections. */
  readonly told: ConnectionNews;
  private readonly flusher: Flusher;
  private readonly newcomers: DelayQueue<Connection>;

  constructor(parts: HubParts) {
    const { clock, heartbeatMs, limits, meter } = parts;
    this.parts = parts;
    this.channels = new Channels(parts);
    this.limiter = createLimiter(limits, clock, meter);
    this.flusher = createFlusher(limits.outboundBytes, meter, (connection) =>
      this.end(connection, 'slow_consumer', 'too much waited to be sent'),
    );
    this.connections = createHeartbeat(clock, heartbeatMs, (connection, is) => {
      if (is === 'silent') this.end(connection, 'silent', 'nothing was heard for two heartbeats');
      else connection.send(ping);
    });
    this.newcomers = delayQueue(clock, limits.connectTimeoutMs, (connection) => {
      if (connection.state === 'fresh') this.end(connection, 'no_connect', 'no connect frame came');
    });
    this.told = connectionNews(parts);
    this.tokens = expiryWatch(clock, (connection) =>
      this.end(connection, 'token_expired', 'the token has expired'),
    );
  }

  /** A client came in. */
  accept(transport: Transport, request: ConnectRequest): Connection {
    const id = randomBytes(9).toString('base64url');
    const connection = new Connection(id, transport, request, this.flusher, this.connections.tick);
    this.connections.add(connection);
    // Its `connect` came with it, or it is refused at once.
    if (transport.kind !== 'exchange') this.newcomers.add(connection);
    return connection;
  }

  /**
   * Ends a connection from here. The client hears why, on every kind of transport.
   *
   * @param options.how - `left`: its members go at once, and not after the grace.
   */
  end(
    connection: Connection,
    reason: CloseReason,
    message: string,
    { how = 'broke', ...options }: { retryAfterMs?: number; how?: 'left' | 'broke' } = {},
  ): void {
    if (connection.state === 'closed') return;
    count(this.parts.meter.closes, reason);
    const code = closeCodes[reason];
    // A client that does not read would not read this either.
    if (reason !== 'slow_consumer') {
      connection.send(frameOf({ t: 'bye', code, message, ...options }));
      connection.flush();
    }
    this.gone(connection, code, message, how);
    connection.transport.close(code, message);
  }

  /** A connection is over: by `end`, because the client said `bye`, or because the pipe broke. */
  gone(
    connection: Connection,
    code: number,
    reason: string,
    how: 'left' | 'broke' = 'broke',
  ): void {
    if (connection.state === 'closed') return;
    const { client, nonce } = connection;
    const { engine, log } = this.parts;
    connection.state = 'closed';
    connection.clear();
    // Those who wait for their turn to be forgotten need not hold the headers of one that has gone.
    connection.request = undefined;
    this.limiter.leave(connection);
    this.connections.delete(connection);
    this.tokens.forget(connection);
    for (const attachment of connection.attachments.all()) this.channels.part(attachment, how);
    if (nonce !== '') background(log, 'release', () => engine.release(nonce));
    releaseEarlier(this, connection);
    log('debug', 'disconnected', { connection: connection.id, code });
    if (client) this.told.ended(connection, client, { code, reason }, how);
  }

  close(): void {
    this.connections.close();
    this.newcomers.close();
    this.tokens.close();
    this.channels.close();
    this.limiter.close();
    this.told.close();
    this.flusher.close();
    this.parts.gate.close();
  }
}
