/** Every backend that the chat can be configured for, by name: how its code is loaded, and what it is given. */
import type { Backend } from './backend.ts';
import { fetchToken, type Profile } from './profile.ts';

/** Where the backend is, and who we are. */
interface Given {
  readonly url: string;
  readonly me: Profile;
}

/** Our own server asks for a token of the chat's server. */
const auth =
  (me: Profile): NonNullable<Backend['auth']> =>
  ({ signal }) =>
    fetchToken(me, signal);

export const backends: ReadonlyMap<string, (given: Given) => Promise<Backend>> = new Map([
  [
    'ws',
    async ({ url, me }: Given) => {
      const { ws } = await import('@anywire/adapter-ws');
      return { adapter: ws({ url: url.replace(/^http/, 'ws') }), auth: auth(me) };
    },
  ],
  [
    'sse',
    async ({ url, me }: Given) => {
      const { sse } = await import('@anywire/adapter-sse');
      return { adapter: sse({ url }), auth: auth(me) };
    },
  ],
]);
