/** Diagnostics: where they go unless the app says otherwise. Never a token, never a payload. */

/** Receives diagnostics: a short stable text, and details without tokens or payloads. */
export type Log = (
  level: 'debug' | 'warn' | 'error',
  text: string,
  details?: Readonly<Record<string, unknown>>,
) => void;

/** Warnings and errors to the console. */
export const consoleLog: Log = (level, text, details = {}) => {
  if (level === 'debug') return;
  // A server that swallows its errors cannot be operated; `log` replaces this.
  // eslint-disable-next-line no-console
  console[level](`[anywire] ${text}`, details);
};
