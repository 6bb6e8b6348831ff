/**
 * What the command runs with: a flag, else the environment, else the configuration file, else a default.
 *
 * @see flags.ts · config.ts
 */
import type { CloseOptions } from '../drain.ts';
import type { ServerOptions } from '../options.ts';
import { isPath, isPort, pathSays, portSays, shown, type CommandConfig } from './check-config.ts';
import { Complaint, oneLine } from './complaint.ts';
import { loadConfig } from './config.ts';
import type { Flags } from './flags.ts';
import { didYouMean } from './nearest.ts';
import { logLevels, stderrLog } from './stderr-log.ts';

export interface Settings {
  readonly options: ServerOptions;
  readonly listen: { readonly host: string; readonly port: number };
  /** On the same host. */
  readonly metricsPort: number | undefined;
  readonly drain: CloseOptions;
}

const defaultListen: Settings['listen'] = { host: '127.0.0.1', port: 8080 };

/** @throws {Complaint} usage, failed */
export async function settingsOf(flags: Flags, env: NodeJS.ProcessEnv): Promise<Settings> {
  const config: CommandConfig = flags.config === undefined ? {} : await loadConfig(flags.config);
  const { listen, drain = {}, ...options } = config;
  if (flags.path !== undefined && !isPath(flags.path))
    throw new Complaint('usage', `--path must be ${pathSays}; it is ${shown(flags.path)}`);
  if (flags.host === '')
    throw new Complaint('usage', '--host must be an address, like 0.0.0.0; it is ""');
  const given = {
    port: portOf('--port', flags.port) ?? portOf('PORT', env['PORT'] || undefined),
    host: flags.host,
  };
  // Several, while a key is being replaced: a key has no space.
  const keys = env['ANYWIRE_SERVER_KEY']?.split(/\s+/).filter(Boolean) ?? [];
  const serverKey = keys.length > 0 ? keys : options.serverKey;
  return {
    options: {
      ...options,
      log: logFor(flags, config),
      ...present({ path: flags.path, serverKey, engine: await engineFor(flags, config) }),
    },
    listen: { ...defaultListen, ...present(listen ?? {}), ...present(given) },
    metricsPort: portOf('--metrics-port', flags['metrics-port']),
    drain,
  };
}

/** Without what is undefined, which would hide what comes before it. */
function present<Given extends object>(
  given: Given,
): { [Name in keyof Given]: NonNullable<Given[Name]> } {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof Given]: NonNullable<Given[Name]> };
}

function portOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!isPort(port))
    throw new Complaint('usage', `${name} must be ${portSays}; it is ${shown(text)}`);
  return port;
}

function logFor(flags: Flags, { log }: CommandConfig): NonNullable<ServerOptions['log']> {
  const level = flags['log-level'];
  if (level !== undefined && log)
    throw new Complaint(
      'usage',
      '--log-level is for the own log of the command: the configuration has another "log"; set its level there',
    );
  const known = logLevels.find((name) => name === (level ?? 'info'));
  if (known === undefined)
    throw new Complaint(
      'usage',
      `--log-level must be one of ${logLevels.join(', ')}; it is ${shown(level)}${didYouMean(level ?? '', logLevels)}`,
    );
  return log ?? stderrLog(known);
}

async function engineFor(
  { sqlite: file }: Flags,
  { engine }: CommandConfig,
): Promise<ServerOptions['engine']> {
  if (file === undefined) return engine;
  if (engine)
    throw new Complaint('usage', '--sqlite: the configuration has another "engine"; leave out one');
  // Only here: Node 22 warns when this is loaded.
  const { sqlite } = await import('../sqlite/index.ts');
  try {
    return sqlite({ file });
  } catch (error) {
    throw new Complaint('failed', `--sqlite: ${oneLine(error)}`);
  }
}
