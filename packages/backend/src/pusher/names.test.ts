import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { appName, remoteName, type Kind } from './names.ts';

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

/** The same list holds `@anywire/adapter-pusher`. */
const { names, tooLong } = JSON.parse(
  readFileSync(new URL('../../test/fixtures/pusher-names.json', import.meta.url), 'utf8'),
) as Fixture;

describe('a name at Pusher', () => {
  it.each(names)('of $kind $name is $remote, and back', ({ kind, name, remote }) => {
    expect(remoteName(name, kind)).toBe(remote);
    expect(appName(remote)).toEqual({ kind, name });
  });

  it.each(tooLong)(
    'of $kind may have $fits times $repeat, and no more',
    ({ kind, repeat, fits }) => {
      const remote = remoteName(repeat.repeat(fits), kind);
      expect(remote.length).toBeLessThanOrEqual(164);
      expect(appName(remote)).toEqual({ kind, name: repeat.repeat(fits) });
      expect(() => remoteName(repeat.repeat(fits + 1), kind)).toThrow(
        expect.objectContaining({ code: 'invalid' }),
      );
    },
  );

  it.each(['cache-room', 'private-cache-room', 'room=3', 'room=3a', 'room=zz', 'a=62', 'room=FF'])(
    '%s is no name of ours',
    (remote) => {
      expect(appName(remote)).toBeUndefined();
    },
  );
});
