/**
 * One connection to Pusher: what core asks becomes subscriptions, client events, and requests to the app's backend.
 *
 * @see pusher.ts · rooms.ts · docs/adapters/pusher.md
 */
import type { BackendClient } from '@anywire/core/backend';
import { RealtimeError } from '@anywire/core/errors';
import type { Drop, Link, Outbound, PublishOutcome, Session } from '@anywire/core';
import { watchConnection, type ConnectionEvents, type Watched } from './connection.ts';
import { toClientEvent } from './envelope.ts';
import { watchPositions } from './positions.ts';
import { errorOf } from './refusals.ts';
import { createRooms } from './rooms.ts';
import type { PusherLike } from './pusher-like.ts';
import { createSubscriptions } from './subscriptions.ts';
import type { Setup } from './capabilities.ts';

export interface SessionParts {
  readonly link: Link;
  readonly setup: Setup;
  readonly backend: BackendClient | undefined;
  readonly isBack: boolean;
  readonly quietMs: number;
  /** Signs channels where the client is ours, and ends it. */
  end(): void;
}

export interface PusherSession extends Session {
  /** The client is there. */
  begin(client: PusherLike): void;
  /** There is none, or it is not wanted any more. */
  dropped(drop: Drop): void;
  /** The app's backend does not take us. */
  turnedAway(drop: Drop): void;
  /** Signs a channel, by the name that it has at Pusher. */
  sign(socketId: string, remote: string): Promise<unknown>;
  readonly isOver: boolean;
}

/** Between two tries to be taken by the app's backend, about; pusher-js waits as long for its own. */
const greetingMs = 1_000;

const offline = (): RealtimeError => new RealtimeError('connection_failed', 'not connected');
const tooLarge = (): RealtimeError =>
  new RealtimeError('payload_too_large', 'with what travels beside it, the message exceeds 10 KB');

export function openSession({
  link,
  setup,
  backend,
  isBack,
  quietMs,
  end,
}: SessionParts): PusherSession {
  const over = new AbortController();
  let client: PusherLike | undefined;
  let watched: Watched | undefined;
  const subscriptions = createSubscriptions(() => client as PusherLike);
  const rooms = createRooms({ link, backend, subscriptions, isStored: setup.store, isBack });
  const isOwned = setup.reconnect === 'core';
  let socketId: string | undefined;
  const pings = new Set<() => void>();
  let cancelGreeting = (): void => {};

  const dropped = (drop: Drop): void => {
    if (over.signal.aborted) return;
    socketId = undefined;
    rooms.pause();
    if (isOwned) finish(drop.error);
    link.dropped(drop);
  };
  /** The connection is there, but the app's backend does not answer, or not to us: no loop of the vendor's mends that. */
  const turnedAway = (drop: Drop): void => {
    dropped(drop);
    if (isOwned || drop.retry === 'never') return;
    cancelGreeting();
    cancelGreeting = link.clock.schedule(greet, greetingMs * (0.5 + link.random()));
  };
  const greet = (): void => {
    const { state, socket_id: id } = client?.connection ?? {};
    if (!over.signal.aborted && state === 'connected' && id !== undefined) events.opened(id);
  };
  const events: ConnectionEvents = {
    opened(id) {
      cancelGreeting();
      socketId = id;
      hello(id).catch((cause: unknown) => {
        if (over.signal.aborted || socketId !== id) return;
        const error = RealtimeError.from(cause, 'connection_failed');
        const isToken = error.code === 'auth_failed' || error.code === 'token_expired';
        turnedAway({
          error,
          retry: error.code === 'auth_denied' ? 'never' : isToken ? 'fresh-token' : 'backoff',
        });
      });
    },
    dropped(drop) {
      cancelGreeting();
      dropped(drop);
    },
    complained(complaint) {
      const error = errorOf(complaint);
      if (!subscriptions.blamed(complaint.message, error)) link.report(error);
    },
  };
  if (setup.store && backend) watchPositions(link, backend, rooms, quietMs, over.signal);

  function alive(): void {
    link.alive();
    for (const answered of [...pings]) answered();
  }

  /** Who we are, as the app's backend says; without one, as the app says. */
  async function hello(id: string): Promise<void> {
    const { clientId, expiresAt } = backend
      ? await backend.auth({ connectionRef: id }, over.signal)
      : await link.authorize({});
    if (over.signal.aborted || socketId !== id) return;
    link.opened({
      connectionId: id,
      resume: true,
      ...(clientId !== undefined && { clientId }),
      ...(expiresAt !== undefined && { expiresAt }),
    });
    rooms.resume();
  }

  function finish(reason: RealtimeError): void {
    if (over.signal.aborted) return;
    over.abort(reason);
    cancelGreeting();
    watched?.end();
    rooms.end();
    end();
  }

  /** Written when pusher-js has written it: it lets a turn of the loop pass first, and a close in between loses it. */
  async function clientEvents(
    channel: string,
    batch: readonly Outbound[],
  ): Promise<readonly PublishOutcome[]> {
    const id = socketId;
    const outcomes = batch.map((message): PublishOutcome => {
      const sent = toClientEvent(message, link.clientId, link.clock.now());
      const text = JSON.stringify(sent.data);
      if (new TextEncoder().encode(text).length > 10_240) return { error: tooLarge() };
      const isTaken = id !== undefined && rooms.find(channel)?.trigger(sent.event, sent.data);
      return isTaken ? { level: message.volatile ? 'none' : 'written' } : { error: offline() };
    });
    for (let turns = 0; turns < 2; turns++)
      await new Promise<void>((resolve) => void link.clock.schedule(resolve, 0));
    return id === socketId ? outcomes : batch.map(() => ({ error: offline() }));
  }

  /** An answer for an older connection is of no use, and would be taken for this one's. */
  async function sign(id: string, remote: string): Promise<unknown> {
    const { channel = remote, shown, isMembers = false } = rooms.named(remote) ?? {};
    const request = { channel, connectionRef: id };
    const presence = { data: shown?.data };
    try {
      const { detail } = backend
        ? await backend.auth({ ...request, ...(isMembers && { presence }) }, over.signal)
        : await link.authorize({ ...request, presence: isMembers });
      return detail;
    } catch (cause) {
      subscriptions.failed(remote, RealtimeError.from(cause));
      throw cause;
    }
  }

  return {
    begin(given) {
      client = given;
      watched = watchConnection(given, { ...link, alive }, events);
    },
    dropped,
    turnedAway,
    sign,
    get isOver() {
      return over.signal.aborted;
    },
    attach: (channel, request) => rooms.attach(channel, request),
    async detach(channel) {
      rooms.detach(channel);
    },
    publish: async (channel, batch, signal) =>
      setup.publish === 'backend' && backend
        ? backend.publish(channel, batch, socketId, signal)
        : clientEvents(channel, batch),
    presence: {
      enter: (channel, data, signal) => rooms.enter(channel, data, signal),
      update: (channel, data, signal) => rooms.update(channel, data, socketId, signal),
      leave: (channel, signal) => rooms.leave(channel, socketId, signal),
    },
    ...(setup.store &&
      backend && {
        history: {
          page: (channel, query, signal) =>
            backend.page(channel, rooms.absolute(channel, query), signal),
        },
      }),
    ping: (signal) =>
      new Promise((resolve, reject) => {
        const done = (): void => {
          pings.delete(done);
          resolve();
        };
        pings.add(done);
        signal.addEventListener('abort', () => {
          pings.delete(done);
          reject(new RealtimeError('timeout', 'no answer to a ping'));
        });
        client?.send_event('pusher:ping', {});
      }),
    refresh: async ({ expiresAt }) => expiresAt,
    ...(!isOwned && {
      retryNow() {
        if (socketId === undefined) greet();
        // A fresh attempt at once, in place of a wait of up to a minute.
        if (!client || client.connection.state === 'connected') return;
        client.disconnect();
        client.connect();
      },
    }),
    async close() {
      rooms.farewell(socketId);
      finish(new RealtimeError('closed', 'the session was closed'));
    },
    get native() {
      return client;
    },
  };
}
