import { expect, it } from 'vitest';
import { isNestedDeeper, requestIn } from './nesting.ts';

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

it.each([
  ['64 lists are not more than 64', nested(64), false],
  ['65 lists are', nested(65), true],
  ['65 objects are', `${'{"a":'.repeat(65)}1${'}'.repeat(65)}`, true],
  ['65 of both are', `${'{"a":['.repeat(32)}[]${']}'.repeat(32)}`, true],
  ['64 of both are not', '{"a":['.repeat(32) + ']}'.repeat(32), false],
  ['1,000 lists beside each other are 2 deep', `[${Array(1_000).fill('[]').join()}]`, false],
  ['1,000 brackets in a string are none', `["${'['.repeat(1_000)}"]`, false],
  ['nor behind a quote that is escaped', `["\\"${'['.repeat(1_000)}"]`, false],
  ['65 lists behind an escaped backslash are', `["\\\\",${nested(64)}]`, true],
  ['65 lists of 130 that never end are', '['.repeat(130), true],
])('%s', (_, text, expected) => {
  expect(isNestedDeeper(text, 64)).toBe(expected);
});

it('says the same as a walk over what was parsed, for 2,000 texts', () => {
  const depthOf = (value: unknown): number =>
    typeof value === 'object' && value !== null
      ? 1 + Math.max(0, ...Object.values(value).map(depthOf))
      : 0;
  let seed = 1;
  const below = (n: number): number => (seed = (seed * 48_271) % 2_147_483_647) % n;
  const some = (left: number): unknown => {
    if (left === 0 || below(4) === 0) return ['{[', ']}"\\', '\\"[', 1, null][below(5)];
    const children = Array.from({ length: below(3) }, () => some(left - 1));
    return below(2)
      ? children
      : Object.fromEntries(children.map((child, at) => [`"[${at}`, child]));
  };
  for (let n = 0; n < 2_000; n += 1) {
    const value = some(8);
    const text = JSON.stringify(value);
    for (const depth of [0, 1, 2, 3, 5])
      expect(isNestedDeeper(text, depth), `${depth} ${text}`).toBe(depthOf(value) > depth);
  }
});

it.each([
  ['{"t":"publish","r":7,"c":"room","d":[]}', 7],
  ['{"t":"publish","c":"\\"r\\":1,","r":7,"d":[]}', 7],
  ['{"t":"publish","c":"room","d":{"r":7}}', undefined],
  ['{"t":"publish","d":[{"r":1}],"r":7}', 7],
])('of %s the request is %s', (text, expected) => {
  expect(requestIn(text)).toBe(expected);
});
