import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { defaultLimits, defaults } from './options.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** The second cell of the row that begins with this option, in the table under a heading. */
function cell(option: string, heading = '## Options'): string | undefined {
  const section = readme.slice(readme.indexOf(`\n${heading}\n`));
  return new RegExp(`^\\| \`${option}\` \\| ([^|]*) \\|`, 'm').exec(section)?.[1];
}
const asNumber = (text = ''): number => Number(text.replaceAll(',', ''));

describe('the README', () => {
  it.each(Object.entries(defaultLimits))('says that %s is %i', (limit, value) => {
    expect(asNumber(cell(limit, '### Limits'))).toBe(value);
  });

  it.each(['heartbeatMs', 'presenceGraceMs', 'hookTimeoutMs'] as const)(
    'says what %s is',
    (option) => {
      expect(asNumber(cell(option))).toBe(defaults[option]);
    },
  );

  it('says how much history is kept', () => {
    const { size, ttlMs } = defaults.history;
    const underscored = (value: number): string => value.toLocaleString('en').replaceAll(',', '_');
    expect(cell('history')).toBe(
      `\`{ size: ${underscored(size)}, ttlMs: ${underscored(ttlMs)} }\``,
    );
  });
});
