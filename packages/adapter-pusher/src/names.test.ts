import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { remoteName, type Kind } from './names.ts';

interface Fixture {
  readonly names: readonly {
    readonly kind: Kind;
    readonly name: string;
    readonly remote: string;
  }[];
  readonly tooLong: readonly {
    readonly kind: Kind;
    readonly repeat: string;
    readonly fits: number;
  }[];
}

/** The same list holds `@anywire/backend`. */
const { names, tooLong } = JSON.parse(
  readFileSync(new URL('../../backend/test/fixtures/pusher-names.json', import.meta.url), 'utf8'),
) as Fixture;

describe('a name at Pusher', () => {
  it.each(names)('of $kind $name is $remote', ({ kind, name, remote }) => {
    expect(remoteName(name, kind)).toBe(remote);
    expect(remote).toMatch(/^[\w\-=@,.;]{1,164}$/);
  });

  it(`is another for each of the ${names.length} names of the list`, () => {
    expect(new Set(names.map(({ remote }) => remote)).size).toBe(names.length);
  });

  it.each(tooLong)(
    'of $kind may have $fits times $repeat, and no more',
    ({ kind, repeat, fits }) => {
      expect(remoteName(repeat.repeat(fits), kind).length).toBeLessThanOrEqual(164);
      expect(() => remoteName(repeat.repeat(fits + 1), kind)).toThrow(
        expect.objectContaining({ code: 'invalid' }),
      );
    },
  );
});
