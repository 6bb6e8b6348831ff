/**
 * The event stream of one of our clients: all its channels in one body; what it sends comes by requests that name its session.
 *
 * @see sse-sessions.ts for those requests · docs/protocol.md#event-streams
 */
import { comment, eventsOf, type Comments, type Quiet } from './event-stream.ts';
import type { Frame } from './frame.ts';
import type { HttpStream } from './http-request.ts';
import { HttpTransport } from './http-transport.ts';
import type { TokenCheck } from './token-check.ts';

export class SseTransport extends HttpTransport implements Quiet {
  readonly label = 'sse';
  /** Whoever knows it, and its token, speaks for this client. */
  readonly session: string;
  readonly tokens: TokenCheck;
  private readonly sessions: Map<string, SseTransport>;
  private readonly comments: Comments;

  constructor(
    session: string,
    tokens: TokenCheck,
    sessions: Map<string, SseTransport>,
    comments: Comments,
  ) {
    super();
    this.session = session;
    this.tokens = tokens;
    this.sessions = sessions;
    this.comments = comments;
  }

  /** Somebody has its stream, or is getting it. */
  isAwaited = false;

  get heardAt(): number {
    return Infinity;
  }

  comment(): void {
    this.out?.write(comment);
  }

  protected bytesOf(frames: readonly Frame[]): Buffer {
    return eventsOf(frames);
  }

  protected override begun(stream: HttpStream, held: readonly Frame[]): void {
    this.comments.add(this);
    const session = Buffer.from(`event: session\ndata: ${this.session}\n\n`);
    stream.write(held.length === 0 ? session : Buffer.concat([session, this.bytesOf(held)]));
  }

  protected override ended(): void {
    this.sessions.delete(this.session);
    this.comments.delete(this);
  }
}
