/**
 * A client whose frames go out in the body of an HTTP answer: holds them until it is known whether the client is taken,
 * and until there is a body to write them into.
 *
 * What it writes is the business of who extends it: an event stream, a stream for readers, an exchange.
 *
 * @see sse-transport.ts · reader-transport.ts · exchange.ts
 */
import { closeCodes } from '@anywire/protocol';
import { typeOf, type Frame } from './frame.ts';
import type { HttpStream, HttpStreamer } from './http-request.ts';
import type { Inlet } from './inlet.ts';
import type { Transport } from './transport.ts';

/** `connect` was taken; or its refusal, as a close code. */
export type Outcome = 'taken' | { readonly code: number };

export abstract class HttpTransport implements Transport, HttpStreamer {
  readonly codec: undefined = undefined;
  /** Set before the first frame can come. */
  inlet!: Inlet;
  /** The body, once there is one. */
  protected out: HttpStream | undefined = undefined;
  /** What waits for it. */
  protected held: Frame[] = [];
  private heldBytes = 0;
  private isOver = false;
  private isReported = false;
  private drains: (() => void)[] | undefined = undefined;
  private decide: ((outcome: Outcome) => void) | undefined = undefined;
  private isPaused = false;
  /** Who waits for the client to be read again. */
  private paused: (() => void)[] | undefined = undefined;

  /** The bytes of a body for these frames. */
  protected abstract bytesOf(frames: readonly Frame[]): Buffer;

  /** Takes the first frames; answers when the client was taken, or refused. */
  begin(frames: string): Promise<Outcome> {
    return new Promise((resolve) => {
      // Its client went before: nothing that comes could decide it.
      if (this.isOver) return resolve({ code: 1006 });
      this.decide = resolve;
      this.inlet.received(frames);
      // Nothing more would come.
      if (this.inlet.state === 'fresh')
        this.inlet.end('unexpected_frame', 'the first frame is connect');
    });
  }

  /** The frames that wait, as text; they wait no more. */
  takeHeld(): string {
    const text = this.held.map((frame) => frame.text).join('\n');
    this.held = [];
    this.heldBytes = 0;
    return text;
  }

  /** It has ended, or will when what was written has gone. */
  get hasEnded(): boolean {
    return this.isOver;
  }

  // --- from the hub ---

  write(frames: Frame | readonly Frame[]): void {
    if (this.isOver) return;
    const list = 'text' in frames ? [frames] : frames;
    if (this.out) {
      this.out.write(this.bytesOf(list));
      return;
    }
    for (const frame of list) {
      this.held.push(frame);
      this.heldBytes += frame.bytes;
    }
    if (this.decide) this.judge(list);
  }

  /** Decides by what is written before there is a body. */
  protected judge(frames: readonly Frame[]): void {
    // The first of what a client that was taken gets.
    if (frames.some(({ text }) => typeOf(text) === 'connected')) this.decided('taken');
  }

  get bufferedBytes(): number {
    return this.out ? this.out.bufferedBytes : this.heldBytes;
  }

  onceDrained(fn: () => void): void {
    if (this.out) this.out.onceDrained(fn);
    else (this.drains ??= []).push(fn);
  }

  close(code: number, reason: string): void {
    if (this.isOver) return;
    this.isOver = true;
    this.resume();
    this.decided({ code });
    if (!this.out) this.over(code, reason);
    // What a client does not take would be kept for it until it goes.
    else if (code === closeCodes.slow_consumer) this.out.destroy();
    else this.out.end();
  }

  destroy(): void {
    if (this.out) this.out.destroy();
    else this.close(1006, '');
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    const waiting = this.paused;
    this.paused = undefined;
    for (const go of waiting ?? []) go();
  }

  /** When frames may be taken from the client: at once, mostly. */
  readable(): Promise<void> | undefined {
    if (!this.isPaused) return undefined;
    return new Promise((resolve) => (this.paused ??= []).push(resolve));
  }

  // --- from the body ---

  opened(stream: HttpStream): void {
    const { held } = this;
    this.takeHeld();
    if (this.isOver) {
      // It ended in the tick in which it was taken: what it was told then is what there is.
      if (held.length > 0) stream.write(this.bytesOf(held));
      stream.end();
      return;
    }
    this.out = stream;
    this.begun(stream, held);
    for (const fn of this.drains ?? []) stream.onceDrained(fn);
    this.drains = undefined;
  }

  gone(): void {
    this.isOver = true;
    this.resume();
    this.over(1006, '');
  }

  /** The body is there, and this has waited for it. */
  protected begun(stream: HttpStream, held: readonly Frame[]): void {
    if (held.length > 0) stream.write(this.bytesOf(held));
  }

  /** It is over. Once, and last. */
  protected ended(): void {}

  protected decided(outcome: Outcome): void {
    this.decide?.(outcome);
    this.decide = undefined;
  }

  /** Ends it here, after which nothing is written. */
  protected over(code: number, reason: string): void {
    this.isOver = true;
    if (this.isReported) return;
    this.isReported = true;
    this.ended();
    this.inlet.closed(code, reason);
  }
}
