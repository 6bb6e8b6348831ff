/**
 * Which backends the page may choose from: our own, and those of CHAT_BACKENDS, for example
 *
 *     CHAT_BACKENDS='tutorial-rooms=http://localhost:3001 raw-ws=ws://localhost:3005'
 *
 * The names are in page/backends.ts. The first one is the page's default, and the page may connect to their addresses alone.
 */
import { backends } from '../page/backends.ts';
import type { Config } from '../page/backend.ts';

/** What is served here, at this path. */
const own = [
  { name: 'ws', url: '/anywire' },
  { name: 'sse', url: '/anywire' },
  { name: 'socketio', url: '/' },
];

/** @throws {Error} in words that can be shown */
export function readConfig(given = ''): Config {
  const chosen = given
    .split(/\s+/u)
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [name = '', url = ''] = entry.split(/=(.*)/su);
      if (!backends.has(name)) {
        const known = [...backends.keys()].join(', ');
        throw new Error(`CHAT_BACKENDS: there is no backend '${name}', but: ${known}`);
      }
      if (!/^(https?|wss?):$/u.test(URL.parse(url)?.protocol ?? ''))
        throw new Error(`CHAT_BACKENDS: write ${name}=http://… or ${name}=ws://…`);
      return { name, url };
    });
  return { backends: [...chosen, ...own] };
}

/** For the policy: both schemes of each address, for one library may use the two. */
export function originsOf({ backends: all }: Config): readonly string[] {
  const hosts = all.flatMap(({ url }) => {
    const { protocol = '', host = '' } = URL.parse(url) ?? {};
    const s = protocol === 'https:' || protocol === 'wss:' ? 's' : '';
    return host === '' ? [] : [`http${s}://${host}`, `ws${s}://${host}`];
  });
  return [...new Set(hosts)];
}
