/**
 * One `anywire.v1` pipe over a Socket.IO socket: transport messages travel as the reserved event `anywire`, with the number of the
 * pipe and their own, as text; a list in place of the text is the end of the pipe, `[code, reason]`, which Socket.IO itself has
 * no word for.
 *
 * Nothing of Socket.IO's own guarantees is used: no acks, no recovery, no buffer. The session above has its own, and two
 * layers that both repeat deliver twice.
 *
 * @see docs/protocol.md#socketio · socketio-seat.ts, which has the pipes of one socket
 */
import type { CloseReason } from '@anywire/protocol';
import type { Frame } from './frame.ts';
import type { Inlet } from './inlet.ts';
import type { SocketIoSeat } from './socketio-seat.ts';
import type { Transport } from './transport.ts';

/** The one event of ours, both ways. */
export const anywireEvent = 'anywire';

export class SocketIoTransport implements Transport {
  readonly label = 'socketio';
  readonly codec: undefined = undefined;
  /** Set before the first frame can come. */
  inlet!: Inlet;
  private readonly seat: SocketIoSeat;
  private readonly id: number;
  private isOver = false;
  private sent = 0;
  private heard = 0;
  /** What came while nothing was taken. */
  private held: string[] | undefined = undefined;
  private heldBytes = 0;

  constructor(seat: SocketIoSeat, id: number) {
    this.seat = seat;
    this.id = id;
  }

  /** The longest data of one message that Socket.IO lets through. */
  get payloadBytes(): number {
    return this.seat.payloadBytes;
  }

  // --- from the hub ---

  write(frames: Frame | readonly Frame[]): void {
    if (this.isOver) return;
    const text = 'text' in frames ? frames.text : frames.map((frame) => frame.text).join('\n');
    this.seat.emit(this.id, ++this.sent, text);
  }

  get bufferedBytes(): number {
    return this.seat.bufferedBytes;
  }

  onceDrained(fn: () => void): void {
    this.seat.onceDrained(fn);
  }

  close(code: number, reason: string): void {
    if (this.isOver) return;
    this.seat.emit(this.id, ++this.sent, [code, reason]);
    this.over(code, reason);
    this.seat.left(code);
  }

  destroy(): void {
    if (this.isOver) return;
    this.over(1006, '');
    this.seat.destroy();
  }

  /** Socket.IO goes on to read: what comes waits here, within a bound, and a WebSocket of our own is not read. */
  pause(): void {
    this.held ??= [];
    this.seat.read(false);
  }

  resume(): void {
    const held = this.held ?? [];
    this.held = undefined;
    this.heldBytes = 0;
    this.seat.read(true);
    // One of them may be the cause of another pause: the rest waits on.
    for (const message of held) this.take(message);
  }

  // --- from the seat ---

  /** @param count - Of what came on this pipe. */
  received(count: unknown, message: unknown): void {
    // Below, requests of long polling are made again when their connection breaks: what they bring may come twice.
    if (typeof count === 'number' && count <= this.heard) return;
    this.heard += 1;
    if (count !== this.heard) return this.close(1006, 'a transport message was lost');
    this.take(message);
  }

  private take(message: unknown): void {
    if (this.isOver) return;
    if (typeof message !== 'string') return this.inlet.violated('this protocol is text');
    const bytes = Buffer.byteLength(message);
    if (bytes > this.seat.parts.frameBytes)
      return this.end('too_large', 'a transport message over the limit');
    if (this.held === undefined) return this.inlet.received(message);
    this.held.push(message);
    this.heldBytes += bytes;
    if (this.heldBytes > this.seat.parts.heldBytes)
      this.end('overloaded', 'more came than could be done');
  }

  /** The client ended it, or its socket has gone. */
  over(code: number, reason: string): void {
    if (this.isOver) return;
    this.isOver = true;
    this.held = undefined;
    this.seat.read(true);
    this.seat.delete(this.id);
    this.inlet.closed(code, reason);
  }

  private end(reason: CloseReason, message: string): void {
    this.inlet.end(reason, message);
  }
}
