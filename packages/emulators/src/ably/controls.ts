/** What a test can do to the service: faults that a real one has, at the moment that the test chooses. */
import { drop, sendAttached } from './attach.ts';
import { dispose, disconnect, fail, lose } from './connect.ts';
import { randomId, type World } from './app.ts';
import type { Attachment, Channel } from './channel.ts';
import { send, sendError, type Connection } from './connection.ts';
import { AblyError, errorInfo } from './errors.ts';
import type { Interceptor } from './faults.ts';
import { actions, type Frame } from './protocol.ts';

/** Which connections: by id, by client, or all of them. */
export interface Which {
  readonly connectionId?: string;
  readonly clientId?: string;
}

export interface AblyControls {
  /** Ids of those who are connected, oldest first. */
  connections(which?: Which): readonly string[];
  /** Cuts connections as a network does (1006). Answers how many. */
  drop(which?: Which): number;
  /** Tells clients to come back. Answers how many. */
  disconnectWith(code: number, which?: Which): number;
  /** Ends connections for good. Answers how many. */
  failConnection(code: number, which?: Which): number;
  /** From now on these connections are half-open: nothing goes out, what comes in is lost. Answers how many. */
  mute(which?: Which): number;
  unmute(which?: Which): number;
  /** Refuses the next handshakes. @param code - @default 80003: come back later */
  refuse(count: number, code?: number): void;
  /** Connections cannot be resumed any more, also those that are up. Answers how many. */
  forgetConnections(which?: Which): number;
  /** Nobody can go on from where they were, in one channel or in all. */
  changeEpoch(channel?: string): void;
  /** Forgets messages, members, ids and connections: as if the service had been started anew. */
  forget(): void;
  /** The next publishes and presence operations are refused. @param code - @default 50000 */
  forceNack(count: number, code?: number): void;
  /** Answers wait, until they are released, or lost with their socket. */
  holdAcks(): void;
  releaseAcks(): void;
  /** Answers come so much later; 0: at once. */
  delayAcks(ms: number): void;
  /** The next operations are done, and never answered on this connection. */
  loseAcks(count: number): void;
  /** No ATTACH is answered: of one channel, or of all. */
  holdAttach(channel?: string): void;
  /** From now on they are; those that were not, stay so: clients ask again. */
  releaseAttach(): void;
  /** Nobody may use this channel any more: it fails for who does. */
  forbid(channel: string): void;
  /** Everybody may again, where a capability allows it. */
  allow(channel?: string): void;
  /** Tokens that were issued until now are of no use; who is connected by one is told so. JWTs are not issued here. */
  expireTokens(): void;
  /** DETACHED, unasked. Answers how many. */
  endChannel(channel: string, code?: number): number;
  /** The channel fails, for good. Answers how many. @param code - @default 40160 */
  failChannel(channel: string, code?: number): number;
  /** ATTACHED, unasked. Answers how many. */
  updateChannel(
    channel: string,
    info: { readonly resumed: boolean; readonly code?: number },
  ): number;
  /** Sees every frame in both directions, and answers what goes on instead. Answers how to end it. */
  intercept(interceptor: Interceptor): () => void;
  /** Sends any frame. Answers how many. */
  push(frame: Frame, which?: Which): number;
  /** The next requests over HTTP fail. @param status - @default 500 */
  failHttp(count: number, status?: number): void;
}

const isMeant = ({ id, grant }: Connection, { connectionId, clientId }: Which = {}): boolean =>
  (connectionId ?? id) === id && (clientId === undefined || clientId === grant.clientId);

export function createControls(world: World): AblyControls {
  const { faults } = world;
  const chosen = (which?: Which): readonly Connection[] =>
    [...world.connections.values()].filter(
      (one) => one.transport !== undefined && isMeant(one, which),
    );
  const each = (which: Which | undefined, act: (connection: Connection) => unknown): number => {
    const connections = chosen(which);
    for (const connection of connections) act(connection);
    return connections.length;
  };
  const channels = (name?: string): readonly Channel[] =>
    [...world.apps.values()]
      .flatMap((app) => [...app.channels.values()])
      .filter((channel) => (name ?? channel.name) === channel.name);
  const eachIn = (name: string, act: (attachment: Attachment) => void): number => {
    const attachments = channels(name).flatMap((channel) => [...channel.attachments]);
    for (const attachment of attachments) act(attachment);
    return attachments.length;
  };
  const cut = (connection: Connection): void => {
    if (connection.transport) lose(connection, connection.transport, 1006);
  };
  const failChannel = (name: string, code = 40160): number =>
    eachIn(name, ({ connection, channel }) => {
      drop(connection, channel.name);
      sendError(connection, new AblyError(code), channel.name);
    });
  const setMuted = (isMuted: boolean) => (which?: Which) =>
    each(which, ({ transport }) => transport && (transport.isMuted = isMuted));
  return {
    connections: (which) => chosen(which).map(({ id }) => id),
    drop: (which) => each(which, cut),
    disconnectWith: (code, which) =>
      each(which, (connection) => disconnect(connection, new AblyError(code))),
    failConnection: (code, which) =>
      each(which, (connection) => fail(connection, new AblyError(code))),
    mute: setMuted(true),
    unmute: setMuted(false),
    refuse: (left, code = 80003) => void (faults.refusals = { left, code }),
    forgetConnections(which) {
      // Also those that have just been cut, and may come back.
      const known = [...world.connections.values()].filter((one) => isMeant(one, which));
      for (const connection of known) connection.isForgotten = true;
      return known.length;
    },
    changeEpoch(name) {
      for (const channel of channels(name)) channel.epoch = randomId(10);
    },
    forget() {
      for (const connection of [...world.connections.values()]) {
        cut(connection);
        dispose(connection);
      }
      for (const app of world.apps.values()) app.channels.clear();
    },
    forceNack: (left, code = 50000) => void (faults.nacks = { left, code }),
    holdAcks: () => void (faults.isHoldingAcks = true),
    releaseAcks() {
      faults.isHoldingAcks = false;
      for (const waiting of faults.held.values()) for (const answer of waiting) answer();
      faults.held.clear();
    },
    delayAcks: (ms) => void (faults.ackDelayMs = ms),
    loseAcks: (count) => void (faults.lostAcks = count),
    holdAttach: (channel) => void (faults.unanswered = { channel }),
    releaseAttach: () => void (faults.unanswered = undefined),
    endChannel: (name, code = 90000) =>
      eachIn(name, ({ connection, channel }) => {
        drop(connection, channel.name);
        const error = errorInfo(new AblyError(code));
        send(connection, { action: actions.detached, channel: channel.name, error });
      }),
    failChannel,
    forbid(name) {
      faults.forbidden.add(name);
      failChannel(name);
    },
    allow: (name) =>
      void (name === undefined ? faults.forbidden.clear() : faults.forbidden.delete(name)),
    expireTokens() {
      for (const { tokens } of world.apps.values())
        for (const [token, issued] of tokens) tokens.set(token, { ...issued, expiresMs: 0 });
      each(undefined, (connection) => {
        if (connection.grant.expiresMs !== undefined) disconnect(connection, new AblyError(40142));
      });
    },
    updateChannel: (name, { resumed: isResumed, code }) =>
      eachIn(name, (attachment) =>
        sendAttached(attachment, {
          isResumed,
          ...(code !== undefined && { error: new AblyError(code) }),
        }),
      ),
    intercept(interceptor) {
      faults.interceptors.add(interceptor);
      return () => void faults.interceptors.delete(interceptor);
    },
    push: (frame, which) => each(which, (connection) => send(connection, frame)),
    failHttp: (left, status = 500) => void (faults.httpFailures = { left, status }),
  };
}
