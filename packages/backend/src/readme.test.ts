import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { defaults } from './options.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const cell = (option: string): string | undefined =>
  new RegExp(`^\\| \`${option}\` \\| ([^|]*) \\|`, 'm').exec(readme)?.[1];

describe('the README', () => {
  it.each(['hookTimeoutMs', 'sendTimeoutMs'] as const)('says what %s is', (option) => {
    expect(cell(option)).toBe(defaults[option].toLocaleString('en'));
  });

  it('says where the handlers lie', () => {
    expect(cell('path')).toBe(`\`'${defaults.path}'\``);
  });

  it('says the 3 bounds of one process', () => {
    const { pendingMessages, rememberedIds, idempotencyWindowMs, presenceUpdates } = defaults;
    const count = (number: number): string => number.toLocaleString('en');
    for (const told of [
      `service (${count(pendingMessages)} messages)`,
      `(${count(rememberedIds)}, for ${idempotencyWindowMs / 1_000} s)`,
      `show (${count(presenceUpdates)})`,
    ])
      expect(readme).toContain(told);
  });
});
