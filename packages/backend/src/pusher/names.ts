/**
 * Names of channels at Pusher: the kind is a prefix, and what is not allowed is escaped, reversibly.
 *
 * `@anywire/adapter-pusher` has the same function; a list of names holds both to each other.
 *
 * @see names.test.ts
 */
import { RealtimeError } from '@anywire/core/errors';
import type { ChannelKind } from '@anywire/server/kit';

export type Kind = ChannelKind | 'presence';

/** With its prefix. */
const maxLength = 164;
const prefixes: Readonly<Record<Kind, string>> = {
  public: '',
  private: 'private-',
  encrypted: 'private-encrypted-',
  presence: 'presence-',
};
/** What would make another kind of channel of it. */
const reserved = /^(?=private-|presence-|cache-|encrypted-)./;

const escape = (text: string): string =>
  Array.from(
    Buffer.from(text),
    (byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('');

/** @throws {RealtimeError} invalid, where it gets too long */
export function remoteName(name: string, kind: Kind): string {
  const remote = prefixes[kind] + name.replace(/[^\w\-@,.;]+/g, escape).replace(reserved, escape);
  if (remote.length > maxLength)
    throw new RealtimeError(
      'invalid',
      `'${name}' has ${remote.length} characters at Pusher, at most ${maxLength} are allowed`,
    );
  return remote;
}

/** The app's name, and what Pusher's says of it; undefined for what no name of ours becomes. */
export function appName(
  remote: string,
): { readonly name: string; readonly kind: Kind } | undefined {
  const [kind = 'public'] = (['encrypted', 'private', 'presence'] as const).filter((one) =>
    remote.startsWith(prefixes[one]),
  );
  try {
    const escaped = remote
      .slice(prefixes[kind].length)
      .replace(/%/g, '%25')
      .replace(/=([0-9A-F]{2})/g, '%$1');
    const name = decodeURIComponent(escaped);
    return remoteName(name, kind) === remote ? { name, kind } : undefined;
  } catch {
    return undefined;
  }
}
