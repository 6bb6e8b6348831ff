/**
 * Text to frames. One transport message holds one or more frames, separated by a line feed, which JSON text
 * never contains unescaped.
 *
 * Nothing here throws: what cannot be read is a value that says why, and what the reader must do about it:
 * `bad_frame` and `unknown_type` (broken client) end the connection with the close code of that name; `invalid`
 * (a name or a payload that cannot be) is answered with an error of that code.
 *
 * @see docs/protocol.md#violations · rules.ts for the shapes · encode.ts for the way back · codec.test.ts
 */
import type { ClientFrame, ServerFrame } from './frames.ts';
import { isNestedDeeper, requestIn } from './nesting.ts';
import { clientShapes, findProblem, serverShapes, type Shape } from './rules.ts';

/** A frame that was read, or why it was not. */
export type Decoded<Frame> =
  | {
      readonly ok: true;
      readonly frame: Frame;
      /** The member `d` as JSON text of one line, ready to be spliced into other frames; undefined without `d`. */
      readonly payload: string | undefined;
      /** The member `d` as a binary codec wrote it. */
      readonly packed?: Uint8Array | undefined;
    }
  | Refused;

/** A frame that cannot be accepted. */
export interface Refused {
  readonly ok: false;
  readonly reason: 'bad_frame' | 'unknown_type' | 'invalid';
  /** What is wrong, naming the member; without any value of the frame. */
  readonly message: string;
  /** The request to answer, where it could be read. */
  readonly r: number | undefined;
}

export interface DecodeOptions {
  /** How deep arrays and objects of a payload may be nested. @default 64 */
  readonly maxDepth?: number;
}

/** The deepest payload: arrays and objects inside each other. */
export const defaultMaxDepth = 64;

/** Reads what a client sent. Stops after the first frame that ends the connection. */
export function decodeClientFrames(text: string, options?: DecodeOptions): Decoded<ClientFrame>[] {
  return decodeFrames(text, clientShapes, options, refuseDeep) as Decoded<ClientFrame>[];
}

/** Reads what a server sent, as strictly. Our own client trusts its server more, and does not use this. */
export function decodeServerFrames(text: string, options?: DecodeOptions): Decoded<ServerFrame>[] {
  return decodeFrames(text, serverShapes, options) as Decoded<ServerFrame>[];
}

/**
 * Parses one frame, with its payload also as text that can stand in another frame.
 *
 * Where `d` is the last member, as in every frame of ours, header and payload are parsed apart: both being JSON
 * proves that the first `,"d":` was indeed the member, and that the payload's text is safe to splice as it is.
 * Anything else (members in another order, line breaks inside) is parsed as a whole and written anew.
 *
 * @returns undefined where `text` is not JSON.
 */
export function splitPayload(
  text: string,
): { readonly frame: unknown; readonly payload: string | undefined } | undefined {
  const parts = parseParts(text);
  if (!parts) return undefined;
  try {
    return { frame: parts.frame, payload: payloadOf(parts) };
  } catch {
    return undefined; // nested so deeply that it cannot be written
  }
}

// --- one frame ---

/** Why a frame is not even parsed. */
type RefuseEarly = (text: string, maxDepth: number) => Refused | undefined;

/** Of clients, whom nobody has to trust. Data and extras are one level down. */
const refuseDeep: RefuseEarly = (text, maxDepth) =>
  isNestedDeeper(text, maxDepth + 1)
    ? /^\s*\{/.test(text)
      ? refused('invalid', tooDeep(maxDepth), requestIn(text))
      : refused('bad_frame', 'a frame is a JSON object')
    : undefined;

function decodeFrames(
  text: string,
  shapes: ReadonlyMap<string, Shape>,
  { maxDepth = defaultMaxDepth }: DecodeOptions = {},
  refuseEarly?: RefuseEarly,
): Decoded<unknown>[] {
  if (!text.includes('\n')) return [decodeFrame(text, shapes, maxDepth, refuseEarly)];
  const decoded: Decoded<unknown>[] = [];
  for (const line of text.split('\n')) {
    const frame = decodeFrame(line, shapes, maxDepth, refuseEarly);
    decoded.push(frame);
    if (!frame.ok && frame.reason !== 'invalid') break;
  }
  return decoded;
}

function decodeFrame(
  text: string,
  shapes: ReadonlyMap<string, Shape>,
  maxDepth: number,
  refuseEarly: RefuseEarly | undefined,
): Decoded<unknown> {
  const early = refuseEarly?.(text, maxDepth);
  if (early) return early;
  const parts = parseParts(text);
  if (!parts || !isObject(parts.frame))
    return refused('bad_frame', 'a frame must be a JSON object');
  const { frame } = parts;
  const problem = refusal(frame, shapes);
  if (problem) return problem;
  // Each level takes two characters, so most payloads need no walk.
  if (
    !refuseEarly &&
    (((parts.payload ?? text).length > 2 * maxDepth && isDeeper(frame['d'], maxDepth)) ||
      (frame['x'] !== undefined && isDeeper(frame['x'], maxDepth)))
  )
    return refused('invalid', tooDeep(maxDepth), requestOf(frame));
  return { ok: true, frame, payload: payloadOf(parts) };
}

/** Holds a frame to the shape of its type; undefined where all is well. */
export function refusal(
  frame: Readonly<Record<string, unknown>>,
  shapes: ReadonlyMap<string, Shape>,
): Refused | undefined {
  const shape = typeof frame['t'] === 'string' && shapes.get(frame['t']);
  if (shape === false) return refused('bad_frame', '"t" must be a text');
  if (!shape) return refused('unknown_type', 'this type of frame does not exist');
  const problem = findProblem(frame, shape);
  return problem && refused(problem.reason, problem.message, requestOf(frame));
}

/** The number of the request that a frame is, where it can be read. */
export const requestOf = ({ r }: Readonly<Record<string, unknown>>): number | undefined =>
  typeof r === 'number' ? r : undefined;

/** Why data that are nested too deeply are refused, by every codec. */
export const tooDeep = (maxDepth: number): string =>
  `lists and objects must be nested at most ${maxDepth} deep`;

export function refused(
  reason: Refused['reason'],
  message: string,
  r?: number | undefined,
): Refused {
  return { ok: false, reason, message, r };
}

// --- header and payload ---

interface Parts {
  readonly frame: unknown;
  /** Undefined where the payload must be written anew, or there is none. */
  readonly payload: string | undefined;
}

/**
 * The header of a publish as our own client writes it. Matching all of it proves as much as parsing it, in a quarter
 * of the time; this is the frame that a server reads most.
 */
const publishHead =
  // eslint-disable-next-line no-control-regex
  /^\{"t":"publish",(?:"r":(0|[1-9]\d{0,14}),)?"c":"([^"\\\0-\x1f]+)","i":"([\w:-]+)","e":"([^"\\\0-\x1f]+)",(?:"q":([1-9]\d{0,14}),)?(?:"b":(1),)?"d":/;

function parsePublish(text: string): Parts | undefined {
  const head = publishHead.exec(text);
  if (!head || !text.endsWith('}')) return undefined;
  const [{ length }, r, c, i, e, q, b] = head;
  const payload = text.slice(length, -1);
  const d = parse(payload);
  if (d === undefined || isBroken(payload)) return undefined;
  return { frame: { t: 'publish', r: number(r), c, i, e, q: number(q), b: number(b), d }, payload };
}

const number = (digits: string | undefined): number | undefined =>
  digits === undefined ? digits : Number(digits);

/** Line breaks separate frames; a carriage return ends a line too, in event streams. */
function isBroken(text: string): boolean {
  return text.includes('\n') || text.includes('\r');
}

function parseParts(text: string): Parts | undefined {
  return parsePublish(text) ?? parseSplit(text) ?? parseWhole(text);
}

function parseSplit(text: string): Parts | undefined {
  const at = text.indexOf(',"d":');
  if (at < 0 || !text.endsWith('}')) return undefined;
  const frame = parse(`${text.slice(0, at)}}`);
  // An empty header is one, but what follows it begins with a comma.
  if (!isObject(frame) || Object.keys(frame).length === 0) return undefined;
  const payload = text.slice(at + 5, -1).trim();
  const d = parse(payload);
  if (d === undefined || isBroken(payload)) return undefined;
  frame['d'] = d;
  return { frame, payload };
}

function parseWhole(text: string): Parts | undefined {
  const frame = parse(text);
  return frame === undefined ? undefined : { frame, payload: undefined };
}

function payloadOf({ frame, payload }: Parts): string | undefined {
  if (payload !== undefined || !isObject(frame) || frame['d'] === undefined) return payload;
  return JSON.stringify(frame['d']);
}

// --- values ---

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Parsed JSON, which is never undefined; undefined where `text` is no JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Goes `depth` levels down and no further, so that no input can exhaust the stack. */
export function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth === 0) return true;
  for (const item of Object.values(value)) if (isDeeper(item, depth - 1)) return true;
  return false;
}
