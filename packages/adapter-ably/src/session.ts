/**
 * One client of Ably: what core asks becomes its calls, and what it tells becomes reports. It reconnects by itself.
 *
 * @see ably.ts · room.ts · docs/adapters/ably.md
 */
import type { Credentials, Drop, Link, Outbound, PublishOutcome, Session } from '@anywire/core';
import { RealtimeError } from '@anywire/core/errors';
import type { AblyChangeLike, AblyErrorLike, AblyLike } from './ably-like.ts';
import { createHistory } from './history.ts';
import { toMessage } from './messages.ts';
import { remoteName } from './names.ts';
import { toDrop, toError } from './refusals.ts';
import { openRoom, type Room } from './room.ts';

export interface AblySession extends Session {
  /** The client is there. */
  begin(client: AblyLike): void;
  dropped(drop: Drop): void;
  /** What the vendor's client shows to the service when it asks us. @throws {RealtimeError} */
  credentials(): Promise<unknown>;
  readonly isOver: boolean;
}

const offline = (): RealtimeError => new RealtimeError('connection_failed', 'not connected');

export function openSession(link: Link, isOwned: boolean): AblySession {
  const rooms = new Map<string, Room>();
  /** Channels that are on their way out: who wants them again waits, or would be sent out with them. */
  const leaving = new Map<string, Promise<unknown>>();
  const history = createHistory();
  let client: AblyLike | undefined;
  let isUp = false;
  let isOver = false;
  let isAsked = false;
  let expiresAt: number | undefined;
  /** Of core, on their way to the vendor's client. */
  let renewed: Credentials | undefined;

  const dropped = (drop: Drop): void => {
    isUp = false;
    if (!isOver) link.dropped(drop);
  };

  const changed = ({ current, reason }: AblyChangeLike): void => {
    if (current === 'connected') return connected();
    const wasUp = isUp;
    if (current === 'failed') return dropped(toDrop(reason, true));
    const isGone = current === 'disconnected' || current === 'suspended' || current === 'closed';
    if (isGone || (wasUp && current === 'connecting')) dropped(toDrop(reason, false));
  };

  function connected(): void {
    const { connection, auth } = client as AblyLike;
    const { id } = connection;
    const { clientId } = auth;
    isUp = true;
    link.opened({
      ...(id != null && { connectionId: id }),
      ...(clientId && clientId !== '*' && { clientId }),
      ...(expiresAt !== undefined && { expiresAt }),
      // The vendor's client finds out by itself.
      heartbeatMs: 0,
    });
    for (const room of rooms.values()) room.resume();
  }

  async function called<Value>(signal: AbortSignal, work: () => Promise<Value>): Promise<Value> {
    return new Promise<Value>((resolve, reject) => {
      const stop = (): void =>
        reject(new RealtimeError('aborted', 'aborted', { cause: signal.reason }));
      if (signal.aborted) return stop();
      signal.addEventListener('abort', stop);
      const done = (): void => signal.removeEventListener('abort', stop);
      work()
        .then(resolve, (error: AblyErrorLike) =>
          reject(RealtimeError.is(error) ? error : toError(error)),
        )
        .finally(done);
    });
  }

  const roomOf = (name: string): Room => {
    if (!client) throw offline();
    const known = rooms.get(name);
    if (known) return known;
    const channel = client.channels.get(remoteName(name));
    const room = openRoom(
      link,
      name,
      channel,
      () => isUp,
      () => {
        // A failed one takes nothing any more.
        drop(name, room);
        release(name);
      },
    );
    rooms.set(name, room);
    return room;
  };

  /** The next channel of this name begins anew. An app's own may be heard by the app, too: it stays. */
  function drop(name: string, room: Room): void {
    rooms.delete(name);
    room.end();
  }

  const release = (name: string): void => {
    if (isOwned) client?.channels.release(remoteName(name));
  };

  async function send(
    name: string,
    message: Outbound,
    signal: AbortSignal,
  ): Promise<PublishOutcome> {
    const channel = client?.channels.get(remoteName(name));
    try {
      const published = await called(signal, async () => {
        if (!channel) throw offline();
        return channel.publish(toMessage(message) as never);
      });
      const [serial] = published?.serials ?? [];
      if (message.volatile) return { level: 'accepted' };
      return { level: 'stored', ...(serial != null && { serial }) };
    } catch (error) {
      // A failed channel takes nothing, and says why only when it is asked.
      const why = channel?.state === 'failed' && channel.errorReason;
      return { error: why ? toError(why) : (error as RealtimeError) };
    }
  }

  return {
    begin(given) {
      client = given;
      given.connection.on(changed as never);
      if (given.connection.state === 'connected') connected();
      else if (isOwned) given.connection.connect();
    },
    dropped,
    async credentials() {
      const given = renewed;
      renewed = undefined;
      // What we gave before is no good any more, or it would not ask.
      if (!given && isAsked && !isUp)
        dropped({
          error: new RealtimeError('token_expired', 'the token is of no use any more'),
          retry: 'fresh-token',
        });
      const found = given ?? (await link.authorize({}));
      isAsked = true;
      expiresAt = found.expiresAt;
      return found.detail ?? found.token;
    },
    get isOver() {
      return isOver;
    },
    attach: (name, request) =>
      called(request.signal, async () => {
        await leaving.get(name);
        if (request.signal.aborted) return; // nobody wants it any more
        await roomOf(name).attach(request);
      }),
    async detach(name) {
      const room = rooms.get(name);
      if (!room) return;
      drop(name, room);
      if (!isOwned) return room.leave().catch(() => {});
      const left = room.channel
        .detach()
        .catch(() => {})
        .then(() => {
          leaving.delete(name);
          release(name);
        });
      leaving.set(name, left);
      await left;
    },
    publish: (name, batch, signal) =>
      Promise.all(batch.map((message) => send(name, message, signal))),
    presence: {
      enter: (name, data, signal) => called(signal, async () => roomOf(name).enter(data)),
      update: (name, data, signal) => called(signal, async () => roomOf(name).update(data)),
      leave: (name, signal) => called(signal, async () => roomOf(name).leave()),
    },
    history: {
      page: (name, query, signal) =>
        called(signal, async () => {
          if (!client) throw offline();
          return history.page(client.channels.get(remoteName(name)), query);
        }),
    },
    async refresh(credentials) {
      renewed = credentials;
      const { expires } = await (client as AblyLike).auth.authorize();
      return credentials.expiresAt ?? expires;
    },
    retryNow() {
      if (!isUp) client?.connection.connect();
    },
    ping: (signal) => called(signal, async () => void (await client?.connection.ping())),
    async close() {
      isOver = true;
      client?.connection.off(changed as never);
      for (const room of rooms.values()) room.end();
      if (isOwned) client?.close();
      // The app's client stays, and so would our members.
      else if (isUp)
        await Promise.all([...rooms.values()].map((room) => room.leave().catch(() => {})));
    },
    get native() {
      return client;
    },
  };
}
