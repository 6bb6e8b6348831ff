/** What tests do to the emulated service. @see README.md */
import { tellChange, type Change } from './changes.ts';
import type { Channel } from './channel.ts';
import type { Connection } from './connection.ts';
import { send } from './connection.ts';
import { end, recheck, shutDown } from './ending.ts';
import type { Interceptor } from './faults.ts';
import { prefix } from './join.ts';
import { fanOut, roomOf, store } from './room.ts';
import type { World } from './world.ts';

export interface SupabaseControls {
  /** Ids of those who are connected, oldest first. */
  connections(): readonly string[];
  /** Topics that are joined, without `realtime:`, once for each join. */
  joined(): readonly string[];
  /** Cuts connections as a network does (1006). Answers how many. */
  drop(connectionId?: string): number;
  /** Closes them with a code, such as 1012 for a restart. Answers how many. */
  drain(code?: number, reason?: string): number;
  /** From now on these connections are half-open: nothing goes out, what comes in is lost. Answers how many. */
  mute(connectionId?: string): number;
  unmute(connectionId?: string): number;
  /** Refuses the next handshakes. @param status - @default 503 */
  refuse(count: number, status?: number): void;
  /** Refuses the next joins. @param reason - `Code: text`. @default 'RealtimeRestarting: …', which passes */
  refuseJoins(count: number, reason?: string): void;
  /** No join is answered: of one topic, or of all. */
  holdJoins(topic?: string): void;
  /** From now on they are; those that were not, stay so: clients ask again. */
  releaseJoins(): void;
  /** The next pushes are done, and never answered. */
  loseReplies(count: number): void;
  /** Replies wait until they are released. */
  holdReplies(): void;
  releaseReplies(): void;
  /** Replies come so much later; 0: at once. */
  delayReplies(ms: number): void;
  /** Fails the next requests over HTTP. */
  failHttp(count: number, status?: number): void;
  /** A channel crashes (`phx_error`); its client joins again. Answers how many. */
  crash(topic: string): number;
  /** A channel is closed for good, with a word of the system. Answers how many. */
  closeChannel(topic: string, message: string): number;
  /** Looks at every token and policy now, which the service does every 5 minutes. */
  recheck(): void;
  /** Broadcasts past everybody's rights, as the database does. @default { isPrivate: true } */
  broadcast(
    topic: string,
    event: string,
    data: unknown,
    options?: { readonly isPrivate?: boolean },
  ): void;
  /** `realtime.send()`: stored, and told. Answers its id. */
  send(topic: string, event: string, data: unknown): string;
  /** A change of a table. Answers how many channels heard of it. */
  change(change: Change): number;
  /** Forgets what was stored, and all members. */
  forget(): void;
  /** Sees each frame, and may replace it. Answers how to take it away. */
  intercept(interceptor: Interceptor): () => void;
  /** Says anything to everybody in a topic. */
  push(topic: string, event: string, payload: unknown): void;
}

export function createControls(world: World): SupabaseControls {
  const { faults, connections, rooms } = world;
  const each = (id: string | undefined, task: (one: Connection) => void): number => {
    const chosen = [...connections].filter((one) => id === undefined || one.id === id);
    for (const one of chosen) task(one);
    return chosen.length;
  };
  const all = (topic?: string): Channel[] =>
    [...connections]
      .flatMap((one) => [...one.channels.values()])
      .filter(({ room }) => topic === undefined || room.topic === topic);
  const eachIn = (topic: string, task: (channel: Channel) => void): number => {
    const channels = all(topic);
    for (const channel of channels) task(channel);
    return channels.length;
  };
  return {
    connections: () => [...connections].map(({ id }) => id),
    joined: () => all().map(({ room }) => room.topic),
    drop: (id) => each(id, ({ pipe }) => pipe.close(1006)),
    drain: (code = 1012, reason = '') => each(undefined, ({ pipe }) => pipe.close(code, reason)),
    mute: (id) => each(id, (one) => (one.isMuted = true)),
    unmute: (id) => each(id, (one) => (one.isMuted = false)),
    refuse: (left, status = 503) => void (faults.refusals = { left, status }),
    refuseJoins: (left, reason = 'RealtimeRestarting: Realtime is restarting, please standby') =>
      void (faults.joins = { left, reason }),
    holdJoins: (topic) =>
      void (faults.unanswered = { topic: topic === undefined ? undefined : prefix + topic }),
    releaseJoins: () => void (faults.unanswered = undefined),
    loseReplies: (count) => void (faults.replies.lost = count),
    holdReplies: () => void (faults.replies.isHolding = true),
    releaseReplies() {
      faults.replies.isHolding = false;
      for (const task of faults.held.splice(0)) task();
    },
    delayReplies: (ms) => void (faults.replies.delayMs = ms),
    failHttp: (left, status = 503) => void (faults.httpFailures = { left, status }),
    crash: (topic) => eachIn(topic, (channel) => end(channel, 'phx_error')),
    closeChannel: (topic, message) => eachIn(topic, (channel) => shutDown(channel, message)),
    recheck: () => all().forEach((channel) => void recheck(channel)),
    broadcast: (topic, event, data, { isPrivate = true } = {}) =>
      fanOut(world, roomOf(world, topic, isPrivate), { event, data, isFramed: false }),
    send(topic, event, data) {
      const room = roomOf(world, topic, true);
      const id = store(world, room, event, data);
      fanOut(world, room, { event, data, isFramed: false, meta: { id } });
      return id;
    },
    change: (change) => tellChange(world, change),
    forget() {
      for (const room of rooms.values()) {
        room.stored.length = 0;
        room.members.clear();
      }
    },
    intercept(interceptor) {
      faults.interceptors.add(interceptor);
      return () => faults.interceptors.delete(interceptor);
    },
    push: (topic, event, payload) =>
      void eachIn(topic, (channel) =>
        send(channel.connection, {
          ...{ topic: channel.topic, event, payload, ref: null, joinRef: null },
        }),
      ),
  };
}
