/**
 * One Socket.IO socket with what is ours on it: its pipes, what waits to be sent, and how far it is ours.
 *
 * A socket that `socketio({ url })` has opened is ours alone, and says so in its handshake; any other belongs to the app, and may
 * carry pipes beside the app's events. Of the app's nothing is ever disconnected.
 *
 * @see socketio-transport.ts · socketio.ts
 */
import { closeCodes } from '@anywire/protocol';
import type { Inlet } from './inlet.ts';
import { anywireEvent, SocketIoTransport } from './socketio-transport.ts';
import type { EngineConnection, SocketIoSocket } from './socketio-types.ts';
import type { ConnectRequest } from './transport.ts';

/** Why a client is not taken. */
export interface Turned {
  readonly code: number;
  readonly message: string;
  readonly retryAfterMs?: number;
}

export interface SeatParts {
  /** The longest transport message. */
  readonly frameBytes: number;
  /** What may come of a client while nothing is taken from it. */
  readonly heldBytes: number;
  accept(transport: SocketIoTransport, request: ConnectRequest): Inlet;
  /** Whether a socket may have one more pipe. */
  turns(socket: SocketIoSocket): Turned | undefined;
  requestOf(socket: SocketIoSocket): ConnectRequest;
}

/** An event around the text: name, namespace, number. */
const eventBytes = 1_024;
/** Members of a frame beside its data. */
const frameBytes = 4_096;
/** What engine.io takes where it does not say. @see https://socket.io/docs/v4/server-options/#maxhttpbuffersize */
const defaultBytes = 1_000_000;

/** What a payload may have, so that its frame gets through: as JSON inside of JSON each quote takes two bytes. */
export function payloadWithin(maxHttpBufferSize: number = defaultBytes): number {
  return Math.floor((maxHttpBufferSize - eventBytes) / 2) - frameBytes;
}

/** Whether `socketio({ url })` has opened it. */
export function isOurs({ handshake }: SocketIoSocket): boolean {
  return (
    (handshake.auth as SocketIoSocket['handshake']['auth'] | undefined)?.[anywireEvent] !==
    undefined
  );
}

export class SocketIoSeat {
  readonly parts: SeatParts;
  private readonly socket: SocketIoSocket;
  private readonly conn: EngineConnection;
  private readonly isOurs: boolean;
  private readonly pipes = new Map<number, SocketIoTransport>();
  /** Numbers go up; what comes for an older one comes late. */
  private highest = -1;
  /** Given to engine.io, and not to its transport yet. */
  private queuedBytes = 0;
  private waiting: (() => void)[] = [];

  constructor(socket: SocketIoSocket, parts: SeatParts) {
    this.parts = parts;
    this.socket = socket;
    this.conn = socket.conn as EngineConnection;
    this.isOurs = isOurs(socket);
    socket.on(anywireEvent, this.onEvent);
    socket.on('disconnect', this.onDisconnect);
    this.conn.on('drain', this.onHandedOver);
    this.conn.on('upgrade', this.onDrain);
  }

  /** Takes nothing more from the socket. What it has goes on to be reported. */
  stop(): void {
    this.socket.off(anywireEvent, this.onEvent);
  }

  get payloadBytes(): number {
    return payloadWithin(this.conn.server?.opts?.maxHttpBufferSize);
  }

  // --- for its pipes ---

  /** @param count - Of what goes out on the pipe. */
  emit(id: number, count: number, message: string | readonly unknown[]): void {
    if (!this.socket.connected) return;
    if (typeof message === 'string') this.queuedBytes += message.length;
    this.socket.emit(anywireEvent, id, count, message);
  }

  get bufferedBytes(): number {
    return this.queuedBytes + (this.conn.transport.socket?.bufferedAmount ?? 0);
  }

  onceDrained(fn: () => void): void {
    this.waiting.push(fn);
    if (this.waiting.length === 1) setImmediate(this.onDrain);
  }

  delete(id: number): void {
    this.pipes.delete(id);
  }

  /** A pipe was ended from here. */
  left(code: number): void {
    if (!this.isOurs || this.pipes.size > 0) return;
    // What it does not take would be kept for it until it goes.
    if (code === closeCodes.slow_consumer) this.destroy();
    else this.socket.disconnect(true);
  }

  destroy(): void {
    if (!this.isOurs) return;
    const { socket } = this.conn.transport;
    if (socket?.terminate) socket.terminate();
    else this.conn.close(true);
  }

  /** Of the app's own sockets everything is read: their pongs and the app's events come the same way. */
  read(isRead: boolean): void {
    const { socket } = this.conn.transport;
    if (!this.isOurs) return;
    if (isRead) socket?.resume?.();
    else socket?.pause?.();
  }

  // --- events ---

  private readonly onEvent = (id: unknown, count: unknown, message: unknown): void => {
    if (typeof id !== 'number' || !Number.isSafeInteger(id)) return;
    const pipe = this.pipes.get(id);
    if (Array.isArray(message)) this.ended(pipe);
    else (pipe ?? this.open(id))?.received(count, message);
  };

  /** By the client, whose last words are heard now. */
  private ended(pipe: SocketIoTransport | undefined): void {
    pipe?.over(1000, 'the client has ended it');
    this.left(1000);
  }

  private open(id: number): SocketIoTransport | undefined {
    if (id <= this.highest) return undefined;
    const { socket, parts } = this;
    // Who came in by a handshake of ours was looked at there.
    const turned = this.isOurs && this.highest < 0 ? undefined : parts.turns(socket);
    this.highest = id;
    if (turned) {
      this.emit(id, 1, [turned.code, turned.message, turned.retryAfterMs]);
      return undefined;
    }
    const pipe = new SocketIoTransport(this, id);
    this.pipes.set(id, pipe);
    pipe.inlet = parts.accept(pipe, parts.requestOf(socket));
    return pipe;
  }

  private readonly onDisconnect = (reason: unknown): void => {
    this.conn.off('drain', this.onHandedOver);
    this.conn.off('upgrade', this.onDrain);
    this.waiting = [];
    const code = reason === 'client namespace disconnect' ? 1000 : 1006;
    for (const pipe of [...this.pipes.values()]) pipe.over(code, String(reason));
  };

  private readonly onHandedOver = (): void => {
    this.queuedBytes = 0;
    this.onDrain();
  };

  /** A transport may be replaced while it is waited for: looked at again whenever something could have changed. */
  private readonly onDrain = (): void => {
    const { waiting, conn } = this;
    if (waiting.length === 0) return;
    if (this.queuedBytes > 0 || !conn.transport.writable) {
      conn.transport.off('drain', this.onSent);
      conn.transport.once('drain', this.onSent);
      return;
    }
    this.waiting = [];
    for (const fn of waiting) fn();
  };

  /** The transport is writable only after it has said so. */
  private readonly onSent = (): void => void setImmediate(this.onDrain);
}
