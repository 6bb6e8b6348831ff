/**
 * Loggers for `createRealtime({ log })`: one for people, one for machines; and an interceptor that tells one of them what
 * a client does. Neither writes tokens or payloads.
 *
 * @see docs/semantics.md#observing · logger.test.ts
 */
import type { Logger } from './contract.ts';
import { RealtimeError } from './errors.ts';
import type { Interceptor } from './interception.ts';

/** How bad it is. */
export type LogLevel = Parameters<Logger>[0];

/** What is written, and where to. */
export interface LoggerOptions {
  /** The least that is written. @default 'warn' */
  readonly level?: LogLevel;
  /** Takes a line without its end. @default the console */
  readonly write?: (line: string, level: LogLevel) => void;
  /** ms since 1970. @default Date.now */
  readonly now?: () => number;
}

type Details = Readonly<Record<string, unknown>>;

const levels: readonly LogLevel[] = ['debug', 'warn', 'error'];
/** Members of details that may hold what no log may. */
const secret =
  /token|secret|password|credential|authorization|cookie|^key$|data$|payload|^detail$|^json$/i;

// eslint-disable-next-line no-console -- where nothing else is given
const toConsole = (line: string, level: LogLevel): void => console[level](line);

/** `12:00:00.000 WARN  the text  code=timeout` */
export function textLogger(options: LoggerOptions = {}): Logger {
  return logger(options, (time, level, text, details) => {
    const members = Object.entries(details).map(
      ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    );
    const clock = time.slice(11, -1);
    return [`${clock} ${level.toUpperCase().padEnd(5)} ${text}`, ...members].join('  ');
  });
}

/** One JSON object on each line: `time`, `level`, `text` and the details. */
export function jsonLogger(options: LoggerOptions = {}): Logger {
  return logger(options, (time, level, text, details) =>
    JSON.stringify({ ...details, time, level, text }),
  );
}

/** Tells `log` of states of the connection, of gaps, and of what became of each publish. */
export function logged(log: Logger): Interceptor {
  return {
    onState: (state) => log('debug', 'connection', { state }),
    onGap: ({ channel, continuity, recovered, reason }) =>
      log('warn', 'gap', { channel, continuity, recovered, reason }),
    onPublish({ channel, event }, receipt) {
      receipt.then(
        ({ id, level, attempts }) =>
          log('debug', 'published', { channel, event, id, level, attempts }),
        (error: unknown) => log('debug', 'publish failed', { channel, event, error }),
      );
    },
  };
}

function logger(
  { level: least = 'warn', write = toConsole, now = Date.now }: LoggerOptions,
  format: (time: string, level: LogLevel, text: string, details: Details) => string,
): Logger {
  return (level, text, details = {}) => {
    if (levels.indexOf(level) < levels.indexOf(least)) return;
    const time = new Date(now()).toISOString();
    write(format(time, level, text, clean(details) as Details), level);
  };
}

/** `value` as JSON can hold it: without secrets, errors as code and text, cut off where it is deep. */
function clean(value: unknown, depth = 0): unknown {
  if (value instanceof Error) {
    const { name, message, cause } = value;
    const code = RealtimeError.is(value) ? { code: value.code } : {};
    return {
      ...code,
      name,
      message,
      ...(cause !== undefined && depth < 4 && { cause: clean(cause, depth + 1) }),
    };
  }
  if (typeof value === 'bigint' || typeof value === 'function') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= 4) return '[deep]';
  if (Array.isArray(value)) return value.map((item) => clean(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      secret.test(name) ? '[left out]' : clean(item, depth + 1),
    ]),
  );
}
