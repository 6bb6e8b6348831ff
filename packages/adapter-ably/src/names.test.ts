import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { remoteName } from './names.ts';

/** The same list holds `@anywire/backend`. */
const { names } = JSON.parse(
  readFileSync(new URL('../../backend/test/fixtures/ably-names.json', import.meta.url), 'utf8'),
) as { readonly names: readonly { readonly name: string; readonly remote: string }[] };

it.each(names)('the name $name is $remote at Ably', ({ name, remote }) => {
  expect(remoteName(name)).toBe(remote);
});

it(`the ${names.length} names of the list stay different from each other`, () => {
  expect(new Set(names.map(({ remote }) => remote)).size).toBe(names.length);
});
