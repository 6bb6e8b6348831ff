import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { flags, helpText, readFlags, type FlagName } from './flags.ts';
import { didYouMean } from './nearest.ts';

const names = Object.keys(flags) as FlagName[];

describe('flags', () => {
  it('are in the README, each with its short form', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const section = readme.slice(readme.indexOf('\n## The command\n'));
    const rows = [...section.matchAll(/^\| (`--[^|]*) \|/gm)].map(([, cell]) => cell);
    expect(rows).toEqual(
      names.map((name) => {
        const { short } = flags[name];
        return short ? `\`--${name}\`, \`-${short}\`` : `\`--${name}\``;
      }),
    );
  });

  it('are all in the help, in lines of at most 100 characters', () => {
    const help = helpText();
    for (const name of names) expect(help).toContain(` --${name} `);
    expect(Math.max(...help.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it('are read in their long and short forms, the last one counts', () => {
    expect(readFlags(['-p', '1', '--config=a.mjs', '--port', '2', '-h'])).toEqual({
      port: '2',
      config: 'a.mjs',
      help: true,
    });
  });
});

describe('a suggestion', () => {
  it.each([
    ['prt', '; did you mean "port"?'],
    ['PORT', '; did you mean "port"?'],
    ['hosts', '; did you mean "host"?'],
    ['helo', '; did you mean "help"?'],
    ['limits', ''],
    ['', ''],
  ])('for "%s" is "%s"', (given, expected) => {
    expect(didYouMean(given, names)).toBe(expected);
  });
});
