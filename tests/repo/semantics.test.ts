import { existsSync, globSync, readFileSync } from 'node:fs';
import { conformanceCases } from '@anywire/testkit';
import { describe, expect, it } from 'vitest';

const [, ...sections] = readFileSync('docs/semantics.md', 'utf8').split(/^## /m);
const promises = sections.filter((text) => !text.startsWith('Situation'));
const tests = globSync('packages/*/{src,test}/**/*.{test,test-d}.ts');

/** Whether a test of this name is there: a file, a folder, or a conformance area. */
function isThere(name: string): boolean {
  const paths = [name, `${name}.test.ts`, `${name}.faults.test.ts`];
  return (
    conformanceCases.has(name) ||
    paths.some((path) => existsSync(path) || tests.some((file) => file.endsWith(`/${path}`)))
  );
}

describe('docs/semantics.md', () => {
  it.each(promises.map((text) => [text.split('\n')[0] ?? '', text]))(
    '%s: says what is not promised, and names tests that exist',
    (_, text) => {
      expect(text).toContain('*Not promised:*');
      const held = [...text.matchAll(/\*Held by\*([^]*?)\n\n/g)].map((match) => match[1] ?? '');
      expect(held.length).toBeGreaterThan(0);
      const names = held.flatMap((line) =>
        [...line.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
      );
      expect(names.length).toBeGreaterThan(0);
      expect(names.filter((name) => !isThere(name ?? ''))).toEqual([]);
    },
  );
});
