/**
 * Calls the functions of a dialect, which others wrote: what they throw is an error that names them, and ends nothing else.
 */
import type { DialectContext, DialectSpec, DialectTransport } from './dialect-spec.ts';
import { RealtimeError } from './errors.ts';

/** @throws {RealtimeError} `invalid`, naming dialect and function */
export function guarded<Value>(dialect: string, name: string, call: () => Value): Value {
  try {
    return call();
  } catch (cause) {
    throw blame(dialect, name, cause);
  }
}

/** What a dialect's function threw; an error of ours is what it wanted to say. */
export function blame(dialect: string, name: string, cause: unknown): RealtimeError {
  if (RealtimeError.is(cause)) return cause;
  const said = cause instanceof Error ? cause.message : String(cause);
  return new RealtimeError('invalid', `${name}() of the dialect '${dialect}' threw: ${said}`, {
    cause,
  });
}

/** What is said, as a list of frames; undefined where the dialect has nothing to say to this. */
export function framesOf(on: DialectTransport, said: unknown): readonly unknown[] | undefined {
  if (said === undefined) return undefined;
  if (!Array.isArray(said)) return [said];
  // An event with its arguments is a list, too: it begins with a name.
  return on === 'socketio' && typeof said[0] === 'string' ? [said] : said;
}

/** What `context` shows of a connection, and what the session writes into it. */
export type OwnContext = { -readonly [Name in keyof DialectContext]: DialectContext[Name] };

/** No channel is joined that the dialect has no words for. */
export const noSuch = (spec: DialectSpec, what: string): RealtimeError =>
  new RealtimeError('unsupported', `the dialect '${spec.name}' has no ${what}`);

/** A value without its members that are undefined. */
export type Stated<Value> = {
  [Name in keyof Value]: Exclude<Value[Name], undefined>;
};

/** What is known of `value`: nothing is said where nothing was. */
export const stated = <Value extends object>(value: Value): Partial<Stated<Value>> =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Partial<
    Stated<Value>
  >;
