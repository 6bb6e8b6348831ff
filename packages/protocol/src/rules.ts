/**
 * What each member of each frame must be: the rules of docs/protocol.md as tables. `codec.ts` applies them.
 *
 * The compiler holds the tables to `frames.ts`: a member, a type or an optionality that differs does not compile.
 * Two ways to fail: a wrong `type` is a broken client, a failed `test` is a value that its user may have chosen.
 *
 * @see codec.test.ts
 */
import type { ClientFrame, ServerFrame, StatedLimits } from './frames.ts';
import { isChannelName, isEventName, isMessageId, isNonce } from './names.ts';

/** The longest extras, in UTF-16 units of JSON. */
export const maxExtrasLength = 1_024;

const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Whether `value` is text in base64, with padding. @see RFC 4648 section 4 */
export function isBase64(value: unknown): value is string {
  return typeof value === 'string' && value.length % 4 === 0 && base64.test(value);
}

/** One member of a frame. */
export interface Rule<Required extends boolean = boolean> {
  readonly required: Required;
  readonly type: 'string' | 'number' | 'boolean' | 'object' | 'json';
  /** What the value must be besides, and how to say it. */
  readonly test?: (value: never, frame: Readonly<Record<string, unknown>>) => boolean;
  readonly says: string;
}

/** The member names and rules of a frame type. */
export type Shape = readonly (readonly [member: string, rule: Rule])[];

/** What is wrong with a frame, naming the member and no value. */
export interface Problem {
  readonly reason: 'bad_frame' | 'invalid';
  readonly message: string;
}

/** Holds `frame` to `shape`; undefined where all is well. A wrong shape is found before a wrong value. */
export function findProblem(
  frame: Readonly<Record<string, unknown>>,
  shape: Shape,
): Problem | undefined {
  let invalid: Problem | undefined;
  for (const [member, rule] of shape) {
    const value = frame[member];
    if (value === undefined) {
      if (rule.required) return { reason: 'bad_frame', message: `"${member}" is missing` };
    } else if (rule.type !== 'json' && (typeof value !== rule.type || value === null)) {
      return { reason: 'bad_frame', message: `"${member}" must be ${rule.says}` };
    } else if (rule.test?.(value as never, frame) === false) {
      // An answer needs the number of its request: without it, nobody's promise would hear of it.
      const reason = member === 'r' ? 'bad_frame' : 'invalid';
      invalid ??= { reason, message: `"${member}" must be ${rule.says}` };
      if (member === 'r') return invalid;
    }
  }
  return invalid;
}

type MembersOf<Frame> = {
  readonly [Member in Exclude<keyof Frame, 't'>]-?: Rule<
    Record<never, never> extends Pick<Frame, Member> ? false : true
  >;
};
type OfType<Frame, Type> = Frame extends { t: infer Types }
  ? Type extends Types
    ? Frame
    : never
  : never;
type Tables<Frame extends { t: string }> = {
  readonly [Type in Frame['t']]: MembersOf<OfType<Frame, Type>>;
};

// --- kinds of values ---

const must = (says: string, type: Rule['type'], test?: Rule['test']): Rule<true> =>
  test ? { required: true, type, test, says } : { required: true, type, says };
const may = ({ required: _, ...rule }: Rule): Rule<false> => ({ ...rule, required: false });
const oneOf = (...values: string[]): Rule<true> =>
  must(`one of ${values.join(', ')}`, 'string', (value: string) => values.includes(value));
const natural = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

const text = must('a text', 'string');
const flag = must('a boolean', 'boolean');
const count = must('a whole number, not negative', 'number', natural);
const instant = must('a finite number', 'number', Number.isFinite);
const isExtras = (value: object): boolean =>
  !Array.isArray(value) && JSON.stringify(value).length <= maxExtrasLength;
const channel = must('a channel name', 'string', isChannelName);
const event = must('an event name', 'string', isEventName);
const json = must('a JSON value', 'json', (value: unknown) => !(value instanceof Uint8Array));
const content = {
  e: event,
  q: may(must('1 or more', 'number', (value: number) => natural(value) && value > 0)),
  x: may(must(`an object of at most ${maxExtrasLength} characters`, 'object', isExtras)),
  b: may(
    must('1, with base64 in "d"', 'number', (value: number, { d }) => value === 1 && isBase64(d)),
  ),
  d: must('a JSON value or bytes', 'json'),
};
const listOf = (members: Record<string, Rule>): Rule<true> => {
  const shape = Object.entries(members);
  const fits = (item: Readonly<Record<string, unknown>> | null): boolean =>
    item !== null && typeof item === 'object' && !findProblem(item, shape);
  return must(
    'a list of its items',
    'object',
    (list: never[]) => Array.isArray(list) && list.every(fits),
  );
};

// --- tables ---

const entering = { r: count, c: channel, d: json };
const failure = { c: channel, code: text, message: text, retryAfterMs: may(count) };
const both = {
  ping: {},
  pong: {},
  bye: { code: may(count), message: may(text), retryAfterMs: may(count) },
};

const client: Tables<ClientFrame> = {
  connect: {
    r: count,
    nonce: must('8 to 32 of A-Z a-z 0-9 _ -', 'string', isNonce),
    instance: must('1 to 128 characters', 'string', isEventName),
    token: may(text),
    resume: may(text),
  },
  attach: {
    r: count,
    c: channel,
    cursor: may(text),
    rewind: may(count),
    presence: may(oneOf('watch', 'enter')),
    echo: may(flag),
    v: may(text),
    d: may(json),
  },
  detach: { r: count, c: channel },
  publish: {
    r: may(count),
    c: channel,
    i: must('<nonce>:<counter>', 'string', isMessageId),
    ...content,
  },
  enter: entering,
  update: entering,
  leave: { r: count, c: channel },
  history: {
    r: count,
    c: channel,
    limit: must('1 or more', 'number', (value: number) => natural(value) && value > 0),
    dir: oneOf('backwards', 'forwards'),
    from: may(text),
    start: may(instant),
    end: may(instant),
  },
  token: { r: count, token: text },
  ...both,
};

const member = { u: text, x: text, k: text, d: json };
const change = { a: oneOf('enter', 'update', 'leave'), ...member };
const message = {
  c: channel,
  s: may(count),
  i: may(text),
  u: may(text),
  k: may(text),
  ts: instant,
  ...content,
};

const areLimits = ({
  payloadBytes,
  presenceGraceMs = 0,
  members = 0,
  historyItems = 0,
}: StatedLimits): boolean => [payloadBytes, presenceGraceMs, members, historyItems].every(natural);

const server: Tables<ServerFrame> = {
  connected: {
    r: count,
    connection: text,
    client: may(text),
    resume: text,
    heartbeatMs: count,
    expiresInMs: may(instant),
    limits: must('an object with payloadBytes', 'object', areLimits),
  },
  attached: {
    r: count,
    c: channel,
    continuity: oneOf('initial', 'kept', 'lost'),
    cursor: text,
    backlog: flag,
    reason: may(text),
  },
  replayed: { c: channel },
  detached: failure,
  message,
  ack: { r: count, s: may(count), ts: instant, dup: may(flag) },
  presence: { c: channel, v: may(text), ...change },
  changes: { c: channel, v: may(text), changes: listOf(change) },
  sync: { c: channel, first: may(flag), more: may(flag), v: may(text), members: listOf(member) },
  page: { r: count, next: may(text), complete: flag, items: listOf(message) },
  ok: { r: count, expiresInMs: may(instant) },
  error: { ...failure, r: may(count), c: may(channel) },
  ...both,
};

const shapes = (tables: Record<string, Record<string, Rule>>): ReadonlyMap<string, Shape> =>
  new Map(Object.entries(tables).map(([type, members]) => [type, Object.entries(members)]));

/** By frame type; a `Map`, because the type comes from outside. */
export const clientShapes: ReadonlyMap<string, Shape> = shapes(client);
/** By frame type. */
export const serverShapes: ReadonlyMap<string, Shape> = shapes(server);
