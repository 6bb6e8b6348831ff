/**
 * Frames, in both versions of the serializer: 1.0.0 has objects, 2.0.0 lists and, for broadcasts of clients, binary frames.
 *
 * @see SOURCE.md#supabase-frames
 */

export type Version = '1.0.0' | '2.0.0';

export interface Frame {
  readonly topic: string;
  readonly event: string;
  readonly payload: unknown;
  readonly ref: string | null;
  readonly joinRef: string | null;
}

/** What a client broadcasts: JSON, or bytes, which only the second version can carry. */
export interface Broadcast {
  readonly event: string;
  /** Undefined: it had none. */
  readonly data: unknown;
  readonly meta?: Readonly<Record<string, unknown>>;
  /** Goes on as it came: as text, or in a binary frame where the receiver understands those. */
  readonly isFramed: boolean;
}

/** Where a binary frame carried it. */
export interface Incoming extends Frame {
  readonly broadcast?: Broadcast;
}

const kinds = { push: 0, userPush: 3, userBroadcast: 4 } as const;
const encodings = { binary: 0, json: 1 } as const;
const text = new TextDecoder('utf-8', { fatal: true });
const bytesOf = (value: string): Uint8Array => new TextEncoder().encode(value);

/** @throws {Error} for what is no frame: the service drops it, and goes on */
export function decodeFrame(data: string | Uint8Array, version: Version): Incoming {
  if (typeof data !== 'string') return decodeBinary(data);
  const parsed: unknown = JSON.parse(data);
  const { topic, event, payload, ref, join_ref } =
    version === '2.0.0' ? listed(parsed) : (Object(parsed) as Record<string, unknown>);
  if (typeof topic !== 'string' || typeof event !== 'string')
    throw new Error('a frame has a topic and an event');
  return { topic, event, payload, ref: refOf(ref), joinRef: refOf(join_ref) };
}

function listed(parsed: unknown): Record<string, unknown> {
  if (!Array.isArray(parsed)) throw new Error('a frame of 2.0.0 is a list');
  const [join_ref, ref, topic, event, payload] = parsed as unknown[];
  return { join_ref, ref, topic, event, payload };
}

const refOf = (given: unknown): string | null => (typeof given === 'string' ? given : null);

function decodeBinary(data: Uint8Array): Incoming {
  const [kind] = data;
  if (kind !== kinds.userPush && kind !== kinds.push) throw new Error(`no kind ${kind}`);
  const isBroadcast = kind === kinds.userPush;
  // joinRef, ref, topic, event, and of a broadcast what is beside it
  const count = isBroadcast ? 5 : 4;
  let at = 1 + count + (isBroadcast ? 1 : 0);
  const [joinRef = '', ref = '', topic = '', event = '', meta = ''] = Array.from(
    data.subarray(1, 1 + count),
    (size) => text.decode(data.subarray(at, (at += size))),
  );
  if (at > data.length) throw new Error('a frame that ends too early');
  const body = data.slice(at);
  const names = { topic, ref: ref || null, joinRef: joinRef || null };
  if (!isBroadcast) return { ...names, event, payload: body };
  const broadcast = {
    event,
    data: data[6] === encodings.json ? (JSON.parse(text.decode(body)) as unknown) : body,
    isFramed: true,
    ...(meta !== '' && { meta: Object(JSON.parse(meta)) as Record<string, unknown> }),
  };
  return { ...names, event: 'broadcast', payload: {}, broadcast };
}

/** What is undefined is null in a list, and absent in an object. */
export function encodeFrame(
  { topic, event, payload, ref, joinRef }: Frame,
  version: Version,
): string {
  if (version === '2.0.0') return JSON.stringify([joinRef, ref, topic, event, payload]);
  return JSON.stringify({
    ...{ topic, event, payload, ref },
    ...(joinRef !== null && { join_ref: joinRef }),
  });
}

/** Undefined: bytes, for a receiver that cannot be told any. */
export function encodeBroadcast(
  topic: string,
  { event, data, meta, isFramed }: Broadcast,
  version: Version,
): string | Uint8Array | undefined {
  const isBytes = data instanceof Uint8Array;
  if (version === '1.0.0' && isBytes) return undefined;
  if (version === '1.0.0' || !isFramed) {
    const payload = { type: 'broadcast', event, payload: data, ...(meta && { meta }) };
    return encodeFrame({ topic, event: 'broadcast', payload, ref: null, joinRef: null }, version);
  }
  const fields = [topic, event, meta ? JSON.stringify(meta) : ''].map(bytesOf);
  const body = isBytes ? data : bytesOf(JSON.stringify(data ?? {}));
  const encoding = isBytes ? encodings.binary : encodings.json;
  return Buffer.concat([
    Uint8Array.of(kinds.userBroadcast, ...fields.map((field) => field.length), encoding),
    ...fields,
    body,
  ]);
}
