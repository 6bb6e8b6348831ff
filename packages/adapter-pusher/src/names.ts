/**
 * Names of channels, as Pusher allows them: the kind is a prefix, and what is not allowed is escaped, reversibly.
 *
 * `@anywire/backend` has the same function; a list of names holds both to each other.
 *
 * @see https://pusher.com/docs/channels/using_channels/channels/#channel-naming-conventions · names.test.ts
 */
import type { ChannelSpec } from '@anywire/core';
import { RealtimeError } from '@anywire/core/errors';

export type Kind = ChannelSpec['kind'] | 'presence';

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
    new TextEncoder().encode(text),
    (byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('');

/**
 * What a channel is called at Pusher: `room:42` of kind `private` is `private-room=3A42`.
 *
 * @throws {RealtimeError} invalid, where it has more than 164 characters
 */
export function remoteName(name: string, kind: Kind): string {
  const remote = prefixes[kind] + name.replace(/[^\w\-@,.;]+/g, escape).replace(reserved, escape);
  if (remote.length > maxLength)
    throw new RealtimeError(
      'invalid',
      `'${name}' has ${remote.length} characters at Pusher, at most ${maxLength} are allowed`,
    );
  return remote;
}
