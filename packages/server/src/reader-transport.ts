/**
 * A stream for anybody's `EventSource`: it only listens, and comes back with the id of the last event that it has seen.
 *
 * That id holds the positions of all its channels. It is behind an event that has data, because some readers forget the id of
 * one without; and `attached` has the position before its backlog, so that one cut off in between begins there again.
 *
 * @see read.ts · docs/protocol.md#streams-for-readers · read.test.ts
 */
import { formatCursor, parseCursor, type ServerFrame } from '@anywire/protocol';
import { comeBackMs } from './drain.ts';
import { comment, type Comments, type Quiet } from './event-stream.ts';
import { typeOf, type Frame } from './frame.ts';
import type { HttpStream } from './http-request.ts';
import { HttpTransport } from './http-transport.ts';

/** Why a channel, or the whole stream, was refused. */
export type Denial = Pick<
  Extract<ServerFrame, { t: 'error' }>,
  'code' | 'message' | 'retryAfterMs'
>;

/** How long a reader waits before it comes back. */
const retryMs = 2_000;

/** What is not for readers: secrets, and what only who can speak needs. */
const hidden = new Set(['connected', 'ok', 'ping', 'pong']);

export class ReaderTransport extends HttpTransport implements Quiet {
  readonly kind = 'reader';
  readonly label = 'reader';
  /** The first one. */
  denial: Denial | undefined = undefined;
  private readonly comments: Comments;
  private readonly indexOf: ReadonlyMap<string, number>;
  /** By channel; '' where there is none yet. Encoded, and so without a comma. */
  private readonly positions: string[];
  private readonly epochs: string[] = [];
  private unanswered: number;

  /** @param positions - What the reader came with, for each of its channels. */
  constructor(comments: Comments, channels: readonly string[], positions: readonly string[]) {
    super();
    this.comments = comments;
    this.indexOf = new Map(channels.map((name, at) => [name, at]));
    this.positions = channels.map((_, at) => positions[at] ?? '');
    this.unanswered = channels.length;
  }

  get heardAt(): number {
    return Infinity;
  }

  comment(): void {
    this.out?.write(comment);
  }

  protected override judge(frames: readonly Frame[]): void {
    for (const { text } of frames) {
      const type = typeOf(text);
      if (type === 'attached') this.unanswered -= 1;
      if (type === 'error') this.denial ??= JSON.parse(text) as Denial;
    }
    // Who was refused a channel hears of that, and not of a stream that lacks it.
    if (this.denial) this.decided({ code: 0 });
    else if (this.unanswered === 0) this.decided('taken');
  }

  protected override begun(stream: HttpStream, held: readonly Frame[]): void {
    this.comments.add(this);
    stream.write(Buffer.concat([Buffer.from(`retry: ${retryMs}\n\n`), this.bytesOf(held)]));
  }

  protected override ended(): void {
    this.comments.delete(this);
  }

  // --- events ---

  protected bytesOf(frames: readonly Frame[]): Buffer {
    return shared(frames.map((frame) => this.eventOf(frame)).join(''));
  }

  private eventOf({ text }: Frame): string {
    const type = typeOf(text);
    if (hidden.has(type)) return '';
    if (type === 'message') return `${this.passed(text)}data: ${text}\n\n`;
    if (type === 'attached') return `event: attached\n${this.began(text)}data: ${text}\n\n`;
    if (type === 'bye') return `retry: ${retryOf(text)}\n\n`;
    return `event: ${type}\ndata: ${text}\n\n`;
  }

  private began(text: string): string {
    const { c, cursor, backlog } = JSON.parse(text) as Extract<ServerFrame, { t: 'attached' }>;
    const at = this.indexOf.get(c) ?? 0;
    this.epochs[at] = parseCursor(cursor)?.epoch ?? '';
    if (!backlog) this.positions[at] = encoded(cursor);
    return this.id;
  }

  private passed(text: string): string {
    const { c, s, i = '' } = messageIn(text);
    const at = this.indexOf.get(c) ?? 0;
    // A volatile message has no place.
    if (s !== undefined) {
      const epoch = this.epochs[at] ?? '';
      this.positions[at] =
        encoded(formatCursor({ epoch, serial: s, id: i })) ||
        encoded(formatCursor({ epoch, serial: s, id: '' }));
    }
    return this.id;
  }

  private get id(): string {
    return `id: ${this.positions.join(',')}\n`;
  }
}

// --- shared by all readers of a message ---

interface Head {
  readonly c: string;
  readonly s?: number;
  readonly i?: string;
}

let lastText = '';
let lastHead: Head = { c: '' };
/** A message as this server writes it, up to its id. */
const head = /^\{"t":"message","c":"(?:[^"\\]|\\.)*"(?:,"s":\d+)?(?:,"i":"(?:[^"\\]|\\.)*")?/;

/** Read once, however many readers get it. */
function messageIn(text: string): Head {
  if (text !== lastText) {
    lastHead = JSON.parse(`${head.exec(text)?.[0] ?? text.slice(0, -1)}}`) as Head;
    lastText = text;
  }
  return lastHead;
}

let lastEvents = '';
let lastBuffer = Buffer.alloc(0);

/** Readers of the same channels get the same bytes. */
function shared(events: string): Buffer {
  if (events !== lastEvents) {
    lastBuffer = Buffer.from(events);
    lastEvents = events;
  }
  return lastBuffer;
}

// --- texts ---

/** '' where that cannot be: half of a character in an id. */
function encoded(cursor: string): string {
  try {
    return encodeURIComponent(cursor);
  } catch {
    return '';
  }
}

function retryOf(text: string): number {
  const { retryAfterMs } = JSON.parse(text) as { retryAfterMs?: number };
  return retryAfterMs ?? retryMs + comeBackMs();
}
