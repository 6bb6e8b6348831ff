/**
 * Where the server is, and how a request to it looks: its address, and the token in a header, never in a URL.
 *
 * @see docs/protocol.md#http
 */
import { RealtimeError } from '@anywire/core/errors';
import { framesType } from './refusal.ts';

/** What is used of `fetch`. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** The credentials of one session. */
export interface Access {
  token: string | undefined;
  /** Told when the token is another one. */
  renewed(): void;
}

export interface PostOptions {
  readonly signal: AbortSignal;
  /** @default frames */
  readonly accept?: string;
}

export interface Endpoint {
  /** For texts. */
  readonly host: string;
  /** ms since 1970. */
  now(): number;
  /** The address of what lies below the endpoint. */
  address(path: string, query?: string): string;
  /** Sends frames there. */
  post(address: string, frames: string, options: PostOptions): Promise<Response>;
}

/** How the last message of a client ends. */
const bye = '{"t":"bye"}';

/** @throws {RealtimeError} `invalid` for a URL that cannot be, `unsupported` without `fetch` */
export function endpointAt(
  given: string | URL,
  fetch: Fetch | undefined,
  access: Access,
  now: () => number,
): Endpoint {
  if (!fetch)
    throw new RealtimeError('unsupported', 'no fetch here; pass one: sse({ url, fetch })');
  let url: URL;
  try {
    url = new URL(given, globalThis.location?.href);
  } catch (cause) {
    throw new RealtimeError('invalid', 'the URL cannot be read; is it https://…?', { cause });
  }
  const { protocol, host } = url;
  if (!/^https?:$/.test(protocol))
    throw new RealtimeError('invalid', `sse() goes to https://…, not to ${protocol}//…`);
  return {
    host,
    now,
    address(path, query) {
      const address = new URL(url);
      address.pathname = url.pathname.replace(/\/$/, '') + path;
      if (query) address.search += (url.search ? '&' : '?') + query;
      return address.href;
    },
    post(address, body, { signal, accept = framesType }) {
      const { token } = access;
      const headers = {
        ...(token && { authorization: `Bearer ${token}` }),
        'content-type': framesType,
        accept,
      };
      // The last message shall arrive though the page goes.
      return fetch(address, {
        method: 'POST',
        headers,
        body,
        signal,
        keepalive: body.endsWith(bye),
      });
    },
  };
}

/**
 * A token as it came, when a header can carry it.
 *
 * @throws {RealtimeError} `invalid`; `fetch` would throw too, with the token in its text
 */
export function headerToken(token: string | undefined): string | undefined {
  if (!token || /^[!-~]*$/.test(token)) return token;
  throw new RealtimeError('invalid', 'the token has characters that no HTTP header can carry');
}
