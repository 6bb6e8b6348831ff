/** The command's own log: one line of JSON each, to stderr, for stdout has the ready line alone. */
import type { Log, LogLevel } from '../log.ts';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** Writes what is at `least` or worse. */
export function stderrLog(least: (typeof logLevels)[number]): Log {
  const rank = (level: LogLevel | 'silent'): number => logLevels.indexOf(level);
  return (level, msg, { error, ...details } = {}) => {
    if (rank(level) < rank(least)) return;
    const err = error === undefined ? {} : { err: shown(error) };
    const line = { time: new Date().toISOString(), level, msg, ...details, ...err };
    process.stderr.write(`${JSON.stringify(line)}\n`);
  };
}

function shown(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  const { name: type, message, stack } = error;
  return { type, message, stack };
}
