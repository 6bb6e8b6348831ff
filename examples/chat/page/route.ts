/** Which conversation is open, in the address: `#/room/lobby`, `#/direct/ann-1f2e`. Links and the back button work. */
export type Route = { readonly kind: 'room' | 'direct'; readonly id: string };

const home: Route = { kind: 'room', id: 'lobby' };

export function currentRoute(): Route {
  const [, kind, encoded = ''] = location.hash.split('/');
  const id = decode(encoded);
  return (kind === 'room' || kind === 'direct') && id !== '' ? { kind, id } : home;
}

export function hrefOf({ kind, id }: Route): string {
  return `#/${kind}/${encodeURIComponent(id)}`;
}

/** Calls `fn` now and after each change of the address. */
export function watchRoute(fn: (route: Route) => void): void {
  addEventListener('hashchange', () => fn(currentRoute()));
  fn(currentRoute());
}

/** A name as people type it -> a room's id: `Café Ideas` -> `café-ideas`. */
export function roomIdOf(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/gu, '')
    .slice(0, 40);
}

/** A broken escape in a typed address is no reason to fail. */
function decode(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return '';
  }
}
