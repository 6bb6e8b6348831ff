import { readFileSync } from 'node:fs';
import { errorCodes, RealtimeError } from '@anywire/core/errors';
import { fixes } from '@anywire/core/fixes';
import { expect, it } from 'vitest';

it('docs/errors.md has one row for each code, equal to the catalogue', () => {
  const rows = readFileSync('docs/errors.md', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  const expected = errorCodes.map(
    (code) =>
      `| \`${code}\` | ${new RealtimeError(code, '').retryable ? 'yes' : 'no'} | ${fixes[code]} |`,
  );
  expect(rows).toEqual(expected);
});
