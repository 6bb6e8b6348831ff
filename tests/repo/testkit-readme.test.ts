import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const folder = 'packages/testkit';
const text = readFileSync(`${folder}/README.md`, 'utf8');
const shown = [...text.matchAll(/^<!-- (test\/example\/\S+) -->\n```ts\n(.*?)^```/gms)];

it('packages/testkit/README.md shows 2 files of its example as they are, which the suite runs', () => {
  expect(shown).toHaveLength(2);
  for (const [, file = '', code] of shown)
    expect([file, code]).toEqual([file, readFileSync(`${folder}/${file}`, 'utf8')]);
});
