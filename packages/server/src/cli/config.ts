/**
 * Loads the configuration file: a module whose default export is the options, or a function that answers them.
 *
 * @see check-config.ts for what they may be · settings.ts for what flags and the environment say
 */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { problemsOf, shown, type CommandConfig } from './check-config.ts';
import { Complaint, oneLine } from './complaint.ts';

/** @throws {Complaint} usage, when it is not there or not a configuration; failed, when it throws */
export async function loadConfig(file: string): Promise<CommandConfig> {
  const path = resolve(file);
  const name = basename(path);
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new Complaint('usage', `--config: there is no file ${path}`);
  if (!found.isFile()) throw new Complaint('usage', `--config: ${path} is not a file`);
  const exported = await evaluate(path, name, await load(path, name));
  if (typeof exported !== 'object' || exported === null || Array.isArray(exported))
    throw new Complaint(
      'usage',
      `${name}: the options must be an object; they are ${shown(exported)}`,
    );
  const problems = problemsOf(exported as Readonly<Record<string, unknown>>);
  if (problems.length > 0)
    throw new Complaint('usage', ...problems.map((problem) => `${name}: ${problem}`));
  return exported;
}

async function load(path: string, name: string): Promise<unknown> {
  let module: { readonly default?: unknown };
  try {
    module = (await import(pathToFileURL(path).href)) as typeof module;
  } catch (error) {
    throw unloadable(error, path, name);
  }
  if (module.default === undefined)
    throw new Complaint('usage', `${name}: it exports no options; write "export default { … }"`);
  return module.default;
}

async function evaluate(path: string, name: string, exported: unknown): Promise<unknown> {
  if (typeof exported !== 'function') return exported;
  try {
    return await (exported as () => unknown)();
  } catch (error) {
    throw new Complaint(
      'failed',
      `${name}${placeIn(error, path)}: its function threw: ${oneLine(error)}`,
    );
  }
}

function unloadable(error: unknown, path: string, name: string): Complaint {
  const place = placeIn(error, path);
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'ERR_PACKAGE_PATH_NOT_EXPORTED')
    return new Complaint('usage', `${name}: it imports what is not there: ${oneLine(error)}`);
  if (code === 'ERR_IMPORT_ATTRIBUTE_MISSING' || code === 'ERR_UNKNOWN_FILE_EXTENSION')
    return new Complaint(
      'usage',
      `${name}: it must be a module; write "export default { … }" into a .mjs file`,
    );
  if (error instanceof SyntaxError && place === '')
    return new Complaint('usage', `${name}${syntaxPlace(path)}: ${oneLine(error)}`);
  return new Complaint('failed', `${name}${place}: it threw: ${oneLine(error)}`);
}

/** `:line:column` where the stack goes through the file, or ''. */
function placeIn(error: unknown, path: string): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  for (const start of [pathToFileURL(path).href, path]) {
    const at = stack.indexOf(`${start}:`);
    const place = at < 0 ? undefined : /^:\d+:\d+/.exec(stack.slice(at + start.length))?.[0];
    if (place) return place;
  }
  return '';
}

/** `:line`, which the error of an `import()` does not know. */
function syntaxPlace(path: string): string {
  const { stderr } = spawnSync(process.execPath, ['--check', path], { encoding: 'utf8' });
  const first = stderr.split('\n', 1)[0] ?? '';
  return first.includes(basename(path)) ? (/:\d+$/.exec(first)?.[0] ?? '') : '';
}
