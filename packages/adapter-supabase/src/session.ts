/**
 * One socket of the vendor's client: what core asks becomes its calls, and what it tells becomes reports. Core reconnects: the next
 * session has channels of its own.
 *
 * @see supabase.ts · room.ts · docs/adapters/supabase.md
 */
import type { AttachRequest, Credentials, Drop, Link, Session } from '@anywire/core';
import { RealtimeError } from '@anywire/core/errors';
import { openRoom, type Room } from './room.ts';
import type { RealtimeLike } from './supabase-like.ts';

export interface SupabaseSession extends Session {
  /** @param stop - Takes back what listens to the client. */
  begin(client: RealtimeLike, credentials: Credentials, stop?: () => void): void;
  opened(): void;
  alive(): void;
  dropped(drop: Drop): void;
  readonly isOver: boolean;
}

const prefix = 'realtime:';
const offline = (): RealtimeError => new RealtimeError('connection_failed', 'not connected');

/** @param before - Channels that were attached in the sessions before this one. */
export function openSession(link: Link, isOwned: boolean, before: Set<string>): SupabaseSession {
  const rooms = new Map<string, Room>();
  let client: RealtimeLike | undefined;
  let credentials: Credentials = {};
  let stopListening = (): void => {};
  let isUp = false;
  let isOver = false;

  const clientId = (): string | undefined => credentials.clientId ?? link.clientId;

  function end(): void {
    isOver = true;
    isUp = false;
    stopListening();
    for (const room of [...rooms.values()]) room.end();
    if (isOwned) void client?.disconnect();
  }

  function dropped(drop: Drop): void {
    if (isOver) return;
    end();
    link.dropped(drop);
  }

  const roomOf = (name: string): Room => {
    const room = rooms.get(name);
    if (!room || !isUp) throw offline();
    return room;
  };

  function join(name: string, request: AttachRequest): Room {
    if (!client || !isUp) throw offline();
    if (client.getChannels().some(({ topic }) => topic === prefix + name))
      throw new RealtimeError(
        'invalid',
        `the app has a channel "${name}" of its own at this client`,
      );
    const seat = { link, client, name, clientId: clientId() };
    const room = openRoom({ ...seat, lost: dropped, ended: () => rooms.delete(name) }, request);
    rooms.set(name, room);
    return room;
  }

  return {
    begin(given, answered, stop = () => {}) {
      client = given;
      credentials = answered;
      stopListening = stop;
    },
    opened() {
      if (isUp || isOver || !client) return;
      isUp = true;
      const { expiresAt } = credentials;
      const id = clientId();
      link.opened({
        ...(id !== undefined && { clientId: id }),
        ...(expiresAt !== undefined && { expiresAt }),
        heartbeatMs: client.heartbeatIntervalMs,
        resume: before,
      });
    },
    alive: () => link.alive(),
    dropped,
    get isOver() {
      return isOver;
    },
    attach: (name, request) =>
      called(request.signal, async () => {
        const known = rooms.get(name);
        const room = known ?? join(name, request);
        try {
          await unlessAborted(room.joined, request.signal);
        } catch (error) {
          room.end();
          throw error;
        }
        const isBack = before.has(name);
        before.add(name);
        link.attached(name, { continuity: known ? 'kept' : isBack ? 'unknown' : 'initial' });
        if (request.presence === 'watch' || request.presence === 'enter') room.watch();
        if (request.presence === 'enter') await room.show(request.presenceData);
      }),
    async detach(name) {
      before.delete(name);
      const room = rooms.get(name);
      await room?.hide();
      room?.end();
    },
    publish: (name, batch, signal) =>
      called(signal, async () => {
        const room = rooms.get(name);
        return Promise.all(
          batch.map(async (message) => room?.publish(message) ?? { error: offline() }),
        );
      }),
    presence: {
      enter: (name, data, signal) => called(signal, async () => roomOf(name).show(data)),
      update: (name, data, signal) => called(signal, async () => roomOf(name).show(data)),
      leave: (name, signal) => called(signal, async () => roomOf(name).hide()),
    },
    async refresh(renewed) {
      credentials = renewed;
      // An app's client has a callback of its own, which is asked again.
      await client?.setAuth(isOwned ? renewed.token : undefined);
      return renewed.expiresAt;
    },
    ping: (signal) => called(signal, async () => client?.sendHeartbeat()),
    async close() {
      if (isUp) void Promise.all([...rooms.values()].map((room) => room.hide()));
      end();
    },
    get native() {
      return client;
    },
  };
}

function unlessAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const stop = (): void =>
      reject(new RealtimeError('aborted', 'aborted', { cause: signal.reason }));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

const called = async <Value>(signal: AbortSignal, work: () => Promise<Value>): Promise<Value> =>
  unlessAborted(work(), signal);
