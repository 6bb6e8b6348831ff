import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { appName, remoteName } from './names.ts';

/** The same list holds `@anywire/adapter-ably`. */
const { names } = JSON.parse(
  readFileSync(new URL('../../test/fixtures/ably-names.json', import.meta.url), 'utf8'),
) as { readonly names: readonly { readonly name: string; readonly remote: string }[] };

describe('a name at Ably', () => {
  it.each(names)('of $name is $remote, and back', ({ name, remote }) => {
    expect(remoteName(name)).toBe(remote);
    expect(appName(remote)).toBe(name);
  });

  it.each(['', '~', '~room', '[meta]log', ':room', ',room'])('%j is no name of ours', (remote) => {
    expect(appName(remote)).toBeUndefined();
  });
});
