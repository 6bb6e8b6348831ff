/**
 * Chunking as an interceptor: a payload over the channel's limit is sent in pieces, and delivered whole or not at all.
 *
 * Give it last, so that it splits what is sent. The pieces wait, are sent again and are compared one by one, as any
 * message; the assembled message has the id of the first and the position of the last.
 *
 * @see docs/semantics.md#chunking · chunking.test.ts
 */
import type { Inbound } from './contract.ts';
import { RealtimeError } from './errors.ts';
import { withoutExtra } from './extras.ts';
import type { InboundContext, Interceptor, Outgoing } from './interception.ts';
import { isBytes } from './payload.ts';

/** Bounds of what is put together again. */
export interface ChunkingOptions {
  /** Of one message. @default 4_194_304 */
  readonly maxBytes?: number;
  /** Of all messages of one channel that wait for pieces; the oldest is given up. @default 16_777_216 */
  readonly maxOpenBytes?: number;
  /** Messages of one channel that wait for pieces; the oldest is given up. @default 64 */
  readonly maxOpen?: number;
  /** How long a message waits for its next piece. Longer than a sender's outbox keeps one. @default 90_000 */
  readonly maxAgeMs?: number;
}

/** Travels beside each piece: the id of the first, its place, how many there are, and whether the whole is JSON. */
type Header = readonly [of: string, index: number, count: number, isJson: boolean];

/** One message that waits for pieces. */
interface Assembly {
  readonly pieces: Map<number, Uint8Array>;
  bytes: number;
  /** The piece with the highest index, which says where the message stands. */
  last: { readonly index: number; readonly message: Inbound };
  cancel: () => void;
}

/** Messages that were given up of which is known that they were. */
const maxOver = 1_024;

const encoder = new TextEncoder();

/** Splits what is too large, and joins it at the other end. */
export function chunking({
  maxBytes = 4_194_304,
  maxOpenBytes = 16_777_216,
  maxOpen = 64,
  maxAgeMs = 90_000,
}: ChunkingOptions = {}): Interceptor {
  const readings = new WeakMap<InboundContext, Assemblies>();
  const bounds = { maxBytes, maxOpenBytes, maxOpen, maxAgeMs };
  return {
    outbound: (message, { maxPayloadBytes }) => split(message, maxPayloadBytes, maxBytes),
    inbound(message, context) {
      const header = message.extras?.['chunk'];
      if (header === undefined) return message;
      let assemblies = readings.get(context);
      if (!assemblies) readings.set(context, (assemblies = new Assemblies(context, bounds)));
      return assemblies.add(message, headerOf(header, message));
    },
    onEnd: (context) => readings.get(context)?.giveUp(),
  };
}

/** @throws {RealtimeError} payload_too_large */
function split(
  message: Outgoing,
  maxPayloadBytes: number,
  maxBytes: number,
): Outgoing | Outgoing[] {
  const { data } = message;
  const isJson = !isBytes(data);
  const bytes = isJson ? encoder.encode(JSON.stringify(data)) : data;
  // As base64, which is how bytes travel where the backend has none, four are made of three.
  const pieceBytes = Math.floor(maxPayloadBytes / 4) * 3;
  if (bytes.length <= (isJson ? maxPayloadBytes : pieceBytes)) return message;
  if (bytes.length > maxBytes || pieceBytes === 0)
    throw new RealtimeError(
      'payload_too_large',
      `'${message.event}' has more than ${maxBytes} bytes`,
    );
  const count = Math.ceil(bytes.length / pieceBytes);
  return Array.from({ length: count }, (_, index) => {
    const header: Header = [message.id, index, count, isJson];
    const piece = bytes.slice(index * pieceBytes, (index + 1) * pieceBytes);
    return { ...message, data: piece, extras: { ...message.extras, chunk: header } };
  });
}

/** @throws {RealtimeError} invalid for a header that no sender of ours makes */
function headerOf(header: unknown, { id = '', data }: Inbound): Header {
  const [of, index, count] = Array.isArray(header) ? (header as unknown[]) : [];
  const isWhole = [index, count].every(Number.isSafeInteger);
  const isOurs =
    typeof of === 'string' &&
    nonceOf(of) === nonceOf(id) && // nobody adds a piece to another sender's message
    (index === 0) === (of === id);
  if (isWhole && isOurs && 0 <= (index as number) && (index as number) < (count as number))
    if (isBytes(data) && data.length > 0) return header as Header;
  throw new RealtimeError('invalid', `'${id}' is no piece of a message`);
}

const nonceOf = (id: string): string => id.slice(0, id.lastIndexOf(':'));

/** The messages of one attachment, or of one reading of history, that wait for pieces. */
class Assemblies {
  readonly #context: InboundContext;
  readonly #bounds: Required<ChunkingOptions>;
  /** The one that waits longest first. */
  readonly #open = new Map<string, Assembly>();
  #bytes = 0;
  /** Given up: what still comes of them is swallowed. */
  readonly #over = new Set<string>();

  constructor(context: InboundContext, bounds: Required<ChunkingOptions>) {
    this.#context = context;
    this.#bounds = bounds;
    context.signal.addEventListener('abort', () => this.#open.forEach(({ cancel }) => cancel()));
  }

  /** The whole message, if `message` was the last piece that it waited for. */
  add(message: Inbound, [of, index, count, isJson]: Header): Inbound | undefined {
    const key = JSON.stringify([of, count, isJson, message.sender?.clientId]);
    if (this.#over.has(key)) return undefined;
    const assembly = this.#enter(key, { index, message });
    const { pieces, last } = assembly;
    if (pieces.has(index)) return undefined;
    const piece = message.data as Uint8Array;
    pieces.set(index, piece);
    assembly.bytes += piece.length;
    this.#bytes += piece.length;
    if (index > last.index) assembly.last = { index, message };
    if (pieces.size < count) return this.#bound(key, assembly);
    this.#leave(key, assembly);
    const data = joined(assembly, count);
    const value: unknown = isJson ? JSON.parse(new TextDecoder().decode(data)) : data;
    return { ...withoutExtra(assembly.last.message, 'chunk'), id: of, data: value };
  }

  /** No more will come of any. */
  giveUp(): void {
    for (const [key, assembly] of this.#open) this.#end(key, assembly, 'there is no more');
  }

  /** It waits from now on, or anew. */
  #enter(key: string, last: Assembly['last']): Assembly {
    const { isLive, clock } = this.#context;
    const { maxAgeMs } = this.#bounds;
    const known = this.#open.get(key);
    known?.cancel();
    this.#open.delete(key);
    const assembly = known ?? { pieces: new Map(), bytes: 0, last, cancel: () => {} };
    this.#open.set(key, assembly);
    // A reader of pages takes its time.
    if (isLive)
      assembly.cancel = clock.schedule(
        () => this.#end(key, assembly, `none came for ${maxAgeMs} ms`),
        maxAgeMs,
      );
    return assembly;
  }

  /** Gives up what is too much. */
  #bound(key: string, assembly: Assembly): undefined {
    const { maxBytes, maxOpen, maxOpenBytes } = this.#bounds;
    if (assembly.bytes > maxBytes) this.#end(key, assembly, `it has more than ${maxBytes} bytes`);
    for (const [oldest, one] of this.#open)
      if (this.#open.size > maxOpen || this.#bytes > maxOpenBytes)
        this.#end(oldest, one, 'too much waits for pieces');
  }

  #leave(key: string, { bytes, cancel }: Assembly): void {
    this.#bytes -= bytes;
    this.#open.delete(key);
    cancel();
  }

  #end(key: string, assembly: Assembly, why: string): void {
    const { pieces, last } = assembly;
    const [of, count] = JSON.parse(key) as [string, number];
    this.#leave(key, assembly);
    const [oldest] = this.#over.add(key);
    if (this.#over.size > maxOver) this.#over.delete(oldest as string);
    const what = `'${last.message.event}' ${of} has ${pieces.size} of ${count} pieces`;
    this.#context.report(new RealtimeError('incomplete', `${what}: ${why}`));
  }
}

function joined({ pieces, bytes }: Assembly, count: number): Uint8Array {
  const data = new Uint8Array(bytes);
  let at = 0;
  for (let index = 0; index < count; index++) {
    const piece = pieces.get(index) as Uint8Array;
    data.set(piece, at);
    at += piece.length;
  }
  return data;
}
