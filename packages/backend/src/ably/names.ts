/**
 * Names of channels at Ably: it keeps some first characters for itself, so such a name has a `~` before it.
 *
 * `@anywire/adapter-ably` has the same function; a list of names holds both to each other.
 *
 * @see names.test.ts
 */

const kept = /^[[:,~]/;

export const remoteName = (name: string): string => (kept.test(name) ? `~${name}` : name);

/** The app's name; undefined for what no name of ours becomes. */
export function appName(remote: string): string | undefined {
  const name = remote.startsWith('~') ? remote.slice(1) : remote;
  return name !== '' && remoteName(name) === remote ? name : undefined;
}
