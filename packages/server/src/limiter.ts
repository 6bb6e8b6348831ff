/**
 * How fast a client may go: frames and requests of a connection, publishes of a connection and of a user.
 *
 * Two kinds of too fast. A publish or a request over its rate is answered with `rate_limited` and when to come again, and
 * nothing is lost: the client tries again. More frames than any honest client sends end the connection, for an answer to each
 * would be work, too.
 *
 * A refused publish refuses those that follow until its time has come: else one of them would find room first, and overtake.
 *
 * @see bucket.ts · tallies.ts for what users share · limiter.test.ts
 */
import type { ClientFrame } from '@anywire/protocol';
import { drawn, rate, waitMs } from './bucket.ts';
import type { Clock } from './clock.ts';
import type { Connection } from './connection.ts';
import { limited, type Limited } from './limited.ts';
import { count, type Meter } from './meter.ts';
import type { Limits } from './options.ts';
import { createTallies, type Tally } from './tallies.ts';

export interface Limiter {
  /** Counts frames; how long until they had been few enough, or 0. */
  frames(connection: Connection, received: number): number;
  /** Why this frame is not done now; 'drop': nobody waits for the answer. */
  refusal(connection: Connection, frame: ClientFrame): Limited | 'drop' | undefined;
  /** Counts a connection of a user, until `leave`. @throws {RealtimeError} limit_exceeded */
  enter(connection: Connection, clientId: string): void;
  /** A client that polls has one bucket over all its exchanges: the next one must not overtake what was refused in this. */
  share(connection: Connection): void;
  leave(connection: Connection): void;
  /** Users that are counted. */
  readonly users: number;
  close(): void;
}

/** Frames whose answer costs more than a frame; leaving is always possible. */
const requests: ReadonlySet<string> = new Set(['attach', 'enter', 'update', 'history', 'token']);
/** Long enough for what is on its way when a client hears of the first refusal. */
const leastPauseMs = 1_000;
/** When other connections of a user may have gone. */
const retryLaterMs = 10_000;

export function createLimiter(limits: Limits, clock: Clock, meter: Meter): Limiter {
  const frameRate = rate(limits.frameRate, limits.frameBurst);
  const requestRate = rate(limits.requestRate, limits.requestBurst);
  const publishRate = rate(limits.publishRate, limits.publishBurst);
  const userRate = rate(limits.userPublishRate, limits.userPublishBurst);
  const users = createTallies(clock, Math.max(userRate.fillMs, leastPauseMs));
  const pollers = createTallies(clock, Math.max(publishRate.fillMs, leastPauseMs));

  function tooFast(limit: keyof Limits, retryAfterMs: number): Limited {
    count(meter.limited, limit);
    return limited('rate_limited', 'this client is too fast', Math.ceil(retryAfterMs));
  }

  function publish(
    connection: Connection,
    user: Tally | undefined,
    isVolatile: boolean,
  ): Limited | 'drop' | undefined {
    const now = clock.now();
    const client = connection.poller ?? connection;
    const refusedUntil = Math.max(client.refusedUntil, user?.refusedUntil ?? 0);
    const own = drawn(client.fullAt, now, publishRate);
    const shared = user ? drawn(user.fullAt, now, userRate) : 0;
    const ownWait = waitMs(own, now, publishRate);
    const sharedWait = user ? waitMs(shared, now, userRate) : 0;
    if (ownWait <= 0 && sharedWait <= 0 && (isVolatile || now >= refusedUntil)) {
      client.fullAt = own;
      if (user) user.fullAt = shared;
      return undefined;
    }
    const limit =
      sharedWait > 0 || (user?.refusedUntil ?? 0) > now ? 'userPublishRate' : 'publishRate';
    if (isVolatile) {
      count(meter.limited, limit);
      return 'drop';
    }
    const pauseMs = Math.max(ownWait, sharedWait, leastPauseMs);
    const until = now >= refusedUntil ? now + pauseMs : refusedUntil;
    if (limit === 'userPublishRate' && user) user.refusedUntil = until;
    else client.refusedUntil = until;
    return tooFast(limit, until - now);
  }

  return {
    frames(connection, received) {
      const now = clock.now();
      connection.framesFullAt = drawn(connection.framesFullAt, now, frameRate, received);
      const wait = waitMs(connection.framesFullAt, now, frameRate);
      if (wait <= 0) return 0;
      count(meter.limited, 'frameRate');
      return Math.max(Math.ceil(wait), leastPauseMs);
    },
    refusal(connection, frame) {
      if (frame.t === 'publish') return publish(connection, connection.user, frame.r === undefined);
      if (!requests.has(frame.t)) return undefined;
      const now = clock.now();
      const fullAt = drawn(connection.requestsFullAt, now, requestRate);
      const wait = waitMs(fullAt, now, requestRate);
      if (wait > 0) return tooFast('requestRate', wait);
      connection.requestsFullAt = fullAt;
      return undefined;
    },
    enter(connection, clientId) {
      const user = users.of(clientId);
      if (user.connections >= limits.userConnections) {
        count(meter.limited, 'userConnections');
        const says = 'this user has too many connections';
        throw limited('limit_exceeded', says, retryLaterMs);
      }
      user.connections += 1;
      connection.user = user;
    },
    share(connection) {
      connection.poller = pollers.of(connection.id);
      connection.poller.connections += 1;
    },
    leave(connection) {
      const { user, poller } = connection;
      if (user) users.release(user);
      if (poller) pollers.release(poller);
      connection.user = undefined;
      connection.poller = undefined;
    },
    get users() {
      return users.size;
    },
    close() {
      users.close();
      pollers.close();
    },
  };
}
