/**
 * What an HTTP answer means that is not the one that was hoped for: a close code, words for people, and when to come back.
 *
 * Frames in the body say it best, and are handed to the session. The status counts where there are none, because
 * something in between answered: a proxy, a login page, another server at a path that is wrong.
 *
 * @see docs/protocol.md#http · status.test.ts
 */
import type { PipeEvents } from '@anywire/protocol/client';
import type { Endpoint } from './endpoint.ts';

/** How a pipe ended. */
export type Ended = Parameters<PipeEvents['closed']>[0];

/** What a transport message is called in HTTP. */
export const framesType = 'application/x-ndjson';

/** Close code and hint by status. A status that is not here says that the connection broke, no more. */
const meanings: Readonly<Record<number, readonly [code: number, hint: string]>> = {
  204: [4300, 'clients shall stay away'],
  401: [4201, 'the token was refused'],
  403: [4403, 'not allowed; does the server list the origin of this page?'],
  404: [1006, 'nothing is there; is the path of the URL right?'],
  405: [1006, 'not for POST; is the path of the URL right?'],
  413: [1009, 'too much at once'],
  429: [1006, 'too many connections or requests'],
  503: [1006, 'not now'],
};

/**
 * The same about requests of a session that was taken: that one of them is refused says nothing about the client, and
 * the next `connect` will.
 */
const ofSession: typeof meanings = {
  ...meanings,
  403: [1006, 'the token is not that of this session'],
  404: [1006, 'the session is over'],
};

/** Whether the answer has this content type. */
export function isOfType({ headers }: Response, type: string): boolean {
  return typeOf(headers).startsWith(type);
}

/**
 * Hands on what the body says, and tells how the pipe ends where it says nothing.
 *
 * @param isSession - The request was one of a session that was taken.
 */
export async function refusal(
  response: Response,
  { host, now }: Endpoint,
  events: PipeEvents,
  isSession = false,
): Promise<Ended> {
  const { status, headers } = response;
  let says: string | undefined;
  if (status >= 400 && isOfType(response, framesType)) events.received(await response.text());
  else if (status >= 400 && isOfType(response, 'application/json')) says = await saidBy(response);
  else void response.body?.cancel().catch(() => {}); // else its connection stays in use
  const [code, hint] =
    (isSession ? ofSession : meanings)[status] ??
    (status < 300
      ? [
          1006,
          `with ${typeOf(headers) || 'no type'}; is a login page in between, or the URL wrong?`,
        ]
      : [1006, 'this is no answer of an Anywire server']);
  return {
    code,
    reason: `${host} answered ${status}: ${says ?? hint}`,
    retryAfterMs: delayOf(headers.get('retry-after'), now()),
  };
}

/** What is known of a request that broke; a browser tells a page no more than that. */
export function unreachable({ host }: Endpoint, cause: unknown, what = 'no answer from'): Ended {
  const { message, cause: inner } = cause as Error & { cause?: { code?: string } };
  return { code: 1006, reason: `${what} ${host} (${inner?.code ?? message})` };
}

/** What a server of ours says of a request that was no transport message to it. */
async function saidBy(response: Response): Promise<string | undefined> {
  const body = (await response.json().catch(() => undefined)) as
    { readonly error?: { readonly message?: string } } | undefined;
  return body?.error?.message;
}

const typeOf = (headers: Headers): string => headers.get('content-type') ?? '';

/** ms from `Retry-After`, which is seconds or a date. */
function delayOf(text: string | null, now: number): number | undefined {
  if (!text) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return ms > 0 ? ms : undefined;
}
