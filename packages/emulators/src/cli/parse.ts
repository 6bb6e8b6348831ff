/** What the flags of all services have in common. */
import { parseArgs, type ParseArgsConfig, type ParseArgsOptionsConfig } from 'node:util';
import { usage } from './complaint.ts';

/** @throws {Complaint} usage */
export function parse<Flags extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Flags,
): ReturnType<typeof parseArgs<ParseArgsConfig & { options: Flags; strict: true }>>['values'] {
  try {
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const [, name = ''] = /'(-[^']*)'/.exec(message) ?? [];
    if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION')
      throw usage(`there is no flag ${name}; see --help`);
    if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL')
      throw usage(`${message.split('.')[0]}; see --help`);
    throw usage(`${message.split('\n')[0]}; see --help`);
  }
}

/** @throws {Complaint} usage */
export function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw usage(`--port must be a whole number from 0 to 65535; it is "${text}"`);
}

type Settings = Readonly<Record<string, number>>;

/** `--set activityMs=1000`: times and limits by their names. @throws {Complaint} usage */
export function settingsIn<Times extends Settings, Limits extends Settings>(
  pairs: readonly string[],
  times: Times,
  limits: Limits,
): { readonly times: Partial<Times>; readonly limits: Partial<Limits> } {
  const known = { ...times, ...limits };
  const found = pairs.map((pair): readonly [string, number] => {
    const [name = '', text = ''] = pair.split(/=(.*)/s);
    if (!Object.hasOwn(known, name))
      throw usage(`--set: there is no "${name}"; there are: ${Object.keys(known).join(', ')}`);
    if (!/^\d+$/.test(text)) throw usage(`--set ${name}= must be a whole number; it is "${text}"`);
    return [name, Number(text)];
  });
  const of = (names: Settings): object =>
    Object.fromEntries(found.filter(([name]) => Object.hasOwn(names, name)));
  return { times: of(times), limits: of(limits) };
}

/** Names and defaults, as `--help` shows them. */
export function wrapped(settings: Settings): string {
  const lines = [''];
  for (const [name, value] of Object.entries(settings)) {
    const word = `${name}=${value}`;
    if ((lines.at(-1) ?? '').length + word.length > 70) lines.push('');
    lines[lines.length - 1] += `${lines.at(-1) === '' ? '' : ' '}${word}`;
  }
  return lines.join(`\n${' '.repeat(25)}`);
}
