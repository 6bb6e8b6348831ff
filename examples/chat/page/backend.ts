/**
 * The one place that knows which backend the chat talks to: a configuration becomes an adapter. The rest of the page
 * looks at capabilities alone.
 *
 * The chat's server says which backends there are, and where: an address never comes from a link, for whoever makes
 * the link would get the token. `?backend=<name>` chooses among them. Only the code of the one that is chosen is loaded.
 *
 * @see ../server/config.ts · backends.ts
 */
import type { Adapter, RealtimeOptions } from '@anywire/core';
import { backends } from './backends.ts';
import type { Profile } from './profile.ts';

/** What `GET /config.json` answers. */
export interface Config {
  /** The first one is the default. */
  readonly backends: readonly { readonly name: string; readonly url: string }[];
}

/** What `createRealtime` takes of a backend: how to reach it, and who we are there. */
export interface Backend extends Pick<RealtimeOptions, 'auth' | 'clientId'> {
  readonly adapter: Adapter;
}

/** @throws {Error} in words that can be shown */
export async function loadBackend(me: Profile): Promise<Backend> {
  const response = await fetch('/config.json').catch(() => undefined);
  if (!response?.ok)
    throw new Error('The chat’s server cannot be reached. Please load the page again.');
  const config = (await response.json()) as Config;
  const asked = new URLSearchParams(location.search).get('backend');
  const chosen = config.backends.find(({ name }) => asked === null || name === asked);
  const load = chosen && backends.get(chosen.name);
  if (!load) {
    const known = config.backends.map(({ name }) => name).join(', ');
    throw new Error(`There is no backend '${asked ?? chosen?.name}' here, but: ${known}.`);
  }
  return load({ url: new URL(chosen.url, location.href).href, me });
}
