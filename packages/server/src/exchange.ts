/**
 * One exchange of long polling: a whole connection in a request and its answer. Whatever it needs is in the request, so that
 * any server process can answer it.
 *
 * It is answered when everything that was asked for is done: at once when there is news, else with the next frames, or when
 * it has waited long enough. A long answer goes out while it is made, as its client reads.
 *
 * @see docs/protocol.md#long-polling · poll.ts · poll.test.ts
 */
import type { Clock } from './clock.ts';
import { framesType } from './frame-request.ts';
import { ping, typeOf, type Frame } from './frame.ts';
import type { HttpAnswer, HttpStream } from './http-request.ts';
import { HttpTransport } from './http-transport.ts';

/** More than this is not kept until it is complete. */
const heldBytes = 65_536;

export class Exchange extends HttpTransport {
  readonly kind = 'exchange';
  readonly label = 'poll';
  private readonly clock: Clock;
  private readonly waitMs: number;
  private readonly isAnswer: Promise<HttpAnswer>;
  private answerWith!: (answer: HttpAnswer) => void;
  private isAwaited = false;
  private hasNews = false;
  private isStreaming = false;
  private hasWritten = false;
  /** It was to end before there was a body. */
  private isFinished = false;
  /** Set while it waits for the next frames. */
  private stopWaiting: (() => void) | undefined = undefined;

  constructor(clock: Clock, waitMs: number) {
    super();
    this.clock = clock;
    this.waitMs = waitMs;
    this.isAnswer = new Promise((resolve) => (this.answerWith = resolve));
  }

  /** The answer of an exchange whose `connect` was taken. */
  answer(): Promise<HttpAnswer> {
    // It is answered before its client can have said anything more.
    this.inlet.expectSilence();
    this.isAwaited = true;
    if (this.hasEnded) this.ended();
    else this.settled();
    return this.isAnswer;
  }

  // --- from the hub ---

  override write(frames: Frame | readonly Frame[]): void {
    const list = ('text' in frames ? [frames] : frames).filter((frame) => frame !== ping);
    if (list.length === 0) return;
    this.hasNews ||= list.some(isNews);
    super.write(list);
    // Not here: the caller may be walking over the attachments that its end removes.
    if (this.stopWaiting) queueMicrotask(() => this.finish());
    else if (this.bufferedBytes > heldBytes) this.stream();
  }

  override onceDrained(fn: () => void): void {
    this.stream();
    super.onceDrained(fn);
  }

  settled(): void {
    if (!this.isAwaited || this.hasEnded || this.stopWaiting || !this.inlet.isSettled) return;
    this.inlet.flush();
    if (this.hasEnded) return;
    if (this.waitMs === 0 || !this.inlet.isAttached || this.hasNews) this.finish();
    else this.stopWaiting = this.clock.schedule(() => this.finish(), this.waitMs);
  }

  // --- the answer ---

  protected bytesOf(frames: readonly Frame[]): Buffer {
    const text = frames.map((frame) => frame.text).join('\n');
    const isFirst = !this.hasWritten;
    this.hasWritten = true;
    return Buffer.from(isFirst ? text : `\n${text}`);
  }

  /** Begins to send what there is. */
  private stream(): void {
    if (this.isStreaming || this.hasEnded) return;
    this.isStreaming = true;
    this.answerWith({ status: 200, headers: streamHeaders, streamer: this });
  }

  /** The connection is over as if it had broken: its members stay for its next exchange. */
  private finish(): void {
    if (this.hasEnded) return;
    // The head is on its way: what waits for it must not be lost.
    if (this.isStreaming && !this.out) {
      this.isFinished = true;
      return;
    }
    this.out?.end();
    this.over(1006, '');
  }

  protected override begun(stream: HttpStream, held: readonly Frame[]): void {
    super.begun(stream, held);
    if (this.isFinished) this.finish();
  }

  protected override ended(): void {
    this.stopWaiting?.();
    // One that was refused is answered by who began it.
    if (this.isStreaming || !this.isAwaited) return;
    const headers = { 'Content-Type': framesType };
    this.answerWith({ status: 200, headers, body: this.takeHeld() });
  }
}

const streamHeaders = {
  'Content-Type': framesType,
  'Cache-Control': 'no-store',
  'X-Accel-Buffering': 'no',
};

/** Anything that its client did not expect: such an answer does not wait for more. */
function isNews({ text }: Frame): boolean {
  const type = typeOf(text);
  if (type === 'attached') return !text.includes('"continuity":"kept"') || hasBacklog(text);
  return type !== 'connected' && type !== 'ok';
}

const hasBacklog = (text: string): boolean => text.includes('"backlog":true');
