/**
 * `@anywire/protocol/transcripts`: reads the golden transcripts of `fixtures/`, and compares them with a live server.
 *
 * A transcript is lines of JSON: first what it is about, then one frame or close a line, in the order in which each
 * client sees them. Values that a server makes up (connections, epochs, times) differ from run to run: a matcher
 * learns what stands for what, and translates what the client sends next.
 *
 * @see packages/protocol/fixtures · docs/protocol.md#transcripts
 */
import type { ClientFrame, ServerFrame } from './frames.ts';

/** `>`: the client sends, or its connection breaks (1006); `<`: the server sends, or closes with a code. */
export type TranscriptLine = {
  readonly who: string;
  /** What makes the server do this, where it is no frame of the transcript. */
  readonly cause?: string;
} & (
  | { readonly dir: '>'; readonly frame: ClientFrame }
  | { readonly dir: '<'; readonly frame: ServerFrame }
  | { readonly dir: '>' | '<'; readonly close: number }
);

export interface Transcript {
  readonly about: string;
  readonly lines: readonly TranscriptLine[];
}

/** The transcript in the text of a file. */
export function readTranscript(text: string): Transcript {
  const [about, ...lines] = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  return { ...(about as { about: string }), lines: lines as TranscriptLine[] };
}

/** A frame of a transcript as a codec carries it that has bytes: `b` and base64 become a `Uint8Array`, also in a page. */
export function asPacked<Frame extends object>(frame: Frame): Frame {
  const { b, d, items, ...rest } = frame as { b?: 1; d?: unknown; items?: readonly object[] };
  return {
    ...rest,
    ...(items && { items: items.map(asPacked) }),
    ...(b && { d: Uint8Array.from(atob(d as string), (unit) => unit.charCodeAt(0)) }),
    ...(!b && d !== undefined && { d }),
  } as Frame;
}

/** Compares frames of a transcript with frames of a server. */
export interface Matcher {
  /** Why `actual` is not what the transcript expects, or undefined when it is. */
  difference(expected: ServerFrame, actual: ServerFrame): string | undefined;
  /** A client's frame with the values that this server made up. */
  translate(frame: ClientFrame): ClientFrame;
}

/** Numbers and texts that are the server's own. */
const free = new Set(['ts', 'message', 'retryAfterMs', 'expiresInMs']);
/** Names that the server makes up, and keeps to. */
const madeUp = new Set(['connection', 'resume', 'k', 'v']);
const cursors = new Set(['cursor', 'next', 'from']);

/** A matcher for one run of one transcript, for all its clients together. */
export function createMatcher(): Matcher {
  const learned = new Map<string, unknown>();
  const stands = (expected: string, actual: unknown): boolean => {
    if (!learned.has(expected)) learned.set(expected, actual);
    return typeof actual === 'string' && learned.get(expected) === actual;
  };
  const same = (key: string, expected: unknown, actual: unknown): boolean => {
    if (free.has(key)) return typeof actual === typeof expected;
    if (madeUp.has(key)) return stands(expected as string, actual);
    if (cursors.has(key) && typeof actual === 'string') {
      const [epoch, place] = cut(expected as string);
      const [actualEpoch, actualPlace] = cut(actual);
      return place === actualPlace && stands(epoch, actualEpoch);
    }
    if (typeof expected !== 'object' || expected === null || key === 'd')
      return JSON.stringify(expected) === JSON.stringify(actual);
    return typeof actual === 'object' && actual !== null && !differing(expected, actual);
  };
  const differing = (expected: object, actual: object): string | undefined =>
    [...new Set([...Object.keys(expected), ...Object.keys(actual)])].find(
      (key) => !same(key, expected[key as never], actual[key as never]),
    );
  return {
    difference(expected, actual) {
      const key = differing(expected, actual);
      if (key === undefined) return undefined;
      return `"${key}" differs: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`;
    },
    translate: (frame) =>
      Object.fromEntries(
        Object.entries(frame).map(([key, value]) => {
          if (madeUp.has(key)) return [key, learned.get(value as string) ?? value];
          if (!cursors.has(key)) return [key, value];
          const [epoch, place] = cut(value as string);
          return [key, `${(learned.get(epoch) as string | undefined) ?? epoch}${place}`];
        }),
      ) as unknown as ClientFrame,
  };
}

/** The epoch of a cursor, and the rest. */
function cut(cursor: string): [epoch: string, place: string] {
  const at = cursor.indexOf(':');
  return [cursor.slice(0, at), cursor.slice(at)];
}
