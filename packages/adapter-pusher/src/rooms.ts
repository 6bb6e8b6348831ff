/**
 * The channels of one connection: each a subscription to where its messages travel, and, while we are a member, one to where its
 * members are.
 *
 * @see subscriptions.ts · members.ts · positions.ts
 */
import { RealtimeError } from '@anywire/core/errors';
import { toInbound } from './envelope.ts';
import { createMembers } from './members.ts';
import { remoteName } from './names.ts';
import type { Room, Rooms, RoomsParts } from './room-terms.ts';

export function createRooms({ link, backend, subscriptions, isStored, isBack }: RoomsParts): Rooms {
  const rooms = new Map<string, Room>();
  let isPaused = false;
  const continuity = isBack ? 'unknown' : 'initial';

  function heard(room: Room, event: string, data: unknown): void {
    if (rooms.get(room.channel) !== room) return;
    if (event === 'pusher:subscription_succeeded') {
      if (room.isAttached && !isPaused) void reattach(room);
      return;
    }
    if (event === 'pusher:subscription_error') return lose(room, data as RealtimeError);
    if (/^pusher(_internal)?:/.test(event)) return;
    const message = toInbound(event, data);
    room.count++;
    if (typeof message.serial === 'number' && message.serial > room.serial) {
      room.serial = message.serial;
      room.position = message.cursor ?? room.position;
    }
    if (room.held) room.held.push(message);
    else link.received(room.channel, message);
  }

  /** The service, or the app's backend, let a channel go that was there. */
  function lose(room: Room, error: RealtimeError): void {
    rooms.delete(room.channel);
    drop(room);
    link.detached(room.channel, { error, retry: error.retryable ? 'backoff' : 'never' });
  }

  function drop(room: Room): void {
    room.over.abort();
    room.messages?.end();
    room.members?.end();
    room.messages = room.members = undefined;
  }

  /** Live messages wait until their beginning is known. */
  async function begin(room: Room, told: 'initial' | 'unknown'): Promise<void> {
    room.held ??= [];
    const [cursor] =
      isStored && backend ? await backend.positions([room.channel], room.over.signal) : [];
    if (room.over.signal.aborted) return;
    room.isAttached = true;
    room.began = cursor;
    room.position = cursor;
    room.serial = 0;
    link.attached(room.channel, { continuity: told, ...(cursor !== undefined && { cursor }) });
    const held = room.held ?? [];
    room.held = undefined;
    for (const message of held) link.received(room.channel, message);
  }

  const reattach = (room: Room): Promise<void> =>
    begin(room, 'unknown').catch((cause: unknown) => {
      if (!room.over.signal.aborted) lose(room, RealtimeError.from(cause));
    });

  async function enter(room: Room, data: unknown, signal: AbortSignal): Promise<void> {
    room.shown = { data };
    room.members?.end();
    room.members = undefined;
    const members = createMembers(link, room.channel);
    const found = await subscriptions.open(room.remoteMembers, members.heard, signal);
    if (room.over.signal.aborted) return found.end();
    room.members = found;
    const newer = (await backend?.members(room.channel, signal).catch(() => [])) ?? [];
    if (room.members !== found) return;
    for (const { clientId: c, instanceId: i, data: d } of newer)
      members.heard('aw:update', { c, i, d });
  }

  async function goodbye(
    room: Room,
    socketId: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    // Else the others cannot tell it from a broken connection, and wait for us.
    if (backend) await backend.present(room.channel, {}, socketId, signal).catch(() => {});
    else room.members?.channel.trigger('client-aw:left', { c: link.clientId, i: link.instanceId });
  }

  const need = (channel: string): Room => {
    const room = rooms.get(channel);
    if (!room) throw new RealtimeError('detached', `'${channel}' is not attached`);
    return room;
  };

  return {
    pause: () => void (isPaused = true),
    resume() {
      if (!isPaused) return;
      isPaused = false;
      // Others are confirmed later.
      for (const room of rooms.values())
        if (room.isAttached && room.messages?.channel.subscribed) void reattach(room);
    },
    async attach(channel, { spec, presence, presenceData, signal }) {
      const known = rooms.get(channel);
      if (known?.isAttached) {
        link.attached(channel, { continuity: 'kept' });
        if (presence === 'enter' && !known.members) await enter(known, presenceData, signal);
        return;
      }
      if (known) drop(known);
      const room: Room = {
        channel,
        remote: remoteName(channel, spec.kind),
        remoteMembers: remoteName(channel, 'presence'),
        ...{
          messages: undefined,
          members: undefined,
          shown: undefined,
          held: [],
          position: undefined,
        },
        ...{
          serial: 0,
          began: undefined,
          count: 0,
          isAttached: false,
          over: new AbortController(),
        },
      };
      rooms.set(channel, room);
      try {
        const found = await subscriptions.open(
          room.remote,
          (event, data) => heard(room, event, data),
          signal,
        );
        if (room.over.signal.aborted) return found.end();
        room.messages = found;
        await begin(room, continuity);
        if (presence === 'enter') await enter(room, presenceData, signal);
      } catch (error) {
        if (rooms.get(channel) === room) {
          rooms.delete(channel);
          drop(room);
        }
        throw error;
      }
    },
    detach(channel) {
      const room = rooms.get(channel);
      rooms.delete(channel);
      if (room) drop(room);
    },
    enter: (channel, data, signal) => enter(need(channel), data, signal),
    async update(channel, data, socketId, signal) {
      const room = need(channel);
      await backend?.present(channel, { data }, socketId, signal);
      room.shown = { data };
    },
    async leave(channel, socketId, signal) {
      const room = rooms.get(channel);
      if (!room?.members) return;
      await goodbye(room, socketId, signal);
      room.members?.end();
      room.members = room.shown = undefined;
    },
    find: (channel) => rooms.get(channel)?.messages?.channel,
    named(remote) {
      for (const room of rooms.values()) {
        const isMembers = room.remoteMembers === remote;
        if (isMembers || room.remote === remote)
          return { channel: room.channel, shown: room.shown, isMembers };
      }
      return undefined;
    },
    quiet: () =>
      [...rooms.values()]
        .filter(({ isAttached, held, position }) => isAttached && !held && position !== undefined)
        .map((room) => {
          const { count, position } = room;
          return {
            channel: room.channel,
            isStillQuiet: () =>
              rooms.get(room.channel) === room &&
              room.count === count &&
              room.position === position,
            moved(to) {
              if (to === position) return;
              room.position = to;
              link.attached(room.channel, {
                continuity: 'unknown',
                cursor: to,
                reason: 'a message did not come',
              });
            },
          };
        }),
    absolute: (channel, query) =>
      query.from === 'attach' ? { ...query, from: rooms.get(channel)?.began } : query,
    farewell(socketId) {
      for (const room of rooms.values())
        if (room.members) void goodbye(room, socketId, AbortSignal.timeout(1_000));
    },
    end() {
      for (const room of rooms.values()) drop(room);
      rooms.clear();
    },
  };
}
