/**
 * Whether a request comes from who opened the session: its token must be the one of `connect`, or the latest that a `token`
 * frame has renewed. A session id alone, from a log or a proxy, opens nothing.
 *
 * @see sse-sessions.ts · token-check.test.ts
 */
import { timingSafeEqual } from 'node:crypto';
import { digestOf } from './digest.ts';

export class TokenCheck {
  private readonly first: Buffer | undefined;
  private latest: Buffer | undefined = undefined;
  /** Of a `token` frame that was sent. It may have been refused. */
  private offered: Buffer | undefined = undefined;

  /** @param token - Of `connect`. */
  constructor(token: string | undefined) {
    this.first = token === undefined ? undefined : digestOf(token);
  }

  /**
   * @param given - Of the request's headers.
   * @param renewed - Of a `token` frame in its body.
   * @returns `offered`: the app must say whose it is, and then it is to be {@link accept}ed.
   */
  check(
    given: string | undefined,
    renewed: string | undefined,
  ): 'accepted' | 'offered' | 'refused' {
    if (given === undefined) return this.first === undefined ? 'accepted' : 'refused';
    const digest = digestOf(given);
    const is = (known: Buffer | undefined): boolean =>
      known !== undefined && timingSafeEqual(known, digest);
    if (is(this.latest) || is(this.first)) return 'accepted';
    return is(this.offered) || given === renewed ? 'offered' : 'refused';
  }

  /** The app has taken this token. */
  accept(token: string): void {
    this.latest = digestOf(token);
  }

  /** A `token` frame of this client has this token, and may be refused yet. */
  offer(token: string): void {
    this.offered = digestOf(token);
  }
}

/** The token of the first frame of `type` in a transport message: what cannot be read is refused by others. */
export function tokenIn(frames: string, type: 'connect' | 'token'): string | undefined {
  // Most requests have none, and need not be parsed twice.
  if (!frames.includes('"token"')) return undefined;
  for (const line of frames.split('\n')) {
    if (!line.includes('"token"')) continue;
    const { t, token } = parsed(line);
    if (t === type && typeof token === 'string') return token;
  }
  return undefined;
}

function parsed(line: string): { readonly t?: unknown; readonly token?: unknown } {
  try {
    const frame: unknown = JSON.parse(line);
    return typeof frame === 'object' && frame !== null ? frame : {};
  } catch {
    return {};
  }
}
