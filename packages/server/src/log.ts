/**
 * Diagnostics: where they go unless the app says otherwise, and how a logger of the app gets them.
 * Never a token, never a payload.
 *
 * @see log.test.ts
 */

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Receives diagnostics: a short stable text, and details without tokens or payloads. An error is `details.error`. */
export type Log = (
  level: LogLevel,
  text: string,
  details?: Readonly<Record<string, unknown>>,
) => void;

/** A logger with pino's interface: `pino()` itself, or one of its children. An error is `err`, as pino writes it best. */
export type Logger = {
  readonly [Level in LogLevel]: (details: Record<string, unknown>, text: string) => void;
};

/** Warnings and errors to the console. */
export const consoleLog: Log = (level, text, details = {}) => {
  if (level === 'debug' || level === 'info') return;
  // A server that swallows its errors cannot be operated; `log` replaces this.
  // eslint-disable-next-line no-console
  console[level](`[anywire] ${text}`, details);
};

/** What the app gave, as a function. @default consoleLog */
export function logOf(given: Log | Logger = consoleLog): Log {
  if (typeof given === 'function') return given;
  return (level, text, { error, ...details } = {}) =>
    // Called as its method: a logger may need its `this`.
    given[level](error === undefined ? details : { ...details, err: error }, text);
}
