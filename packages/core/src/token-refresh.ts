/**
 * Fetches a new token before the old one expires, and hands it to the live connection; where the connection
 * cannot take one, reconnects with it.
 *
 * @see connection.ts · token-refresh.test.ts
 */
import type { Context } from './context.ts';
import type { Drop, Session } from './contract.ts';
import type { CredentialSource } from './credentials.ts';
import { RealtimeError } from './errors.ts';
import { Timer } from './timer.ts';

/** Timers hold 31 bits; a token that lives longer is looked at again then. */
const longestMs = 2 ** 31 - 1;

export class TokenRefresh {
  readonly #context: Context;
  readonly #credentials: CredentialSource;
  readonly #drop: (error: RealtimeError, retry: Drop['retry']) => void;
  readonly #timer: Timer;
  #session: Session | undefined;

  constructor(
    context: Context,
    credentials: CredentialSource,
    drop: (error: RealtimeError, retry: Drop['retry']) => void,
  ) {
    this.#context = context;
    this.#credentials = credentials;
    this.#drop = drop;
    this.#timer = new Timer(context.clock);
  }

  /** Watches over `session` until `stop`. A short-lived token is renewed at half its life. */
  start(session: Session, expiresAt: number | undefined, life: AbortSignal): void {
    const { clock, refreshBeforeMs } = this.#context;
    this.stop();
    this.#session = session;
    if (expiresAt === undefined) return;
    const leftMs = expiresAt - clock.now();
    const delayMs = Math.max(leftMs - Math.min(refreshBeforeMs, leftMs / 2), 100);
    this.#timer.start(Math.min(delayMs, longestMs), () => {
      if (delayMs > longestMs) this.start(session, expiresAt, life);
      else void this.#renew(session, expiresAt, life);
    });
  }

  stop(): void {
    this.#session = undefined;
    this.#timer.stop();
  }

  async #renew(session: Session, expiresAt: number, life: AbortSignal): Promise<void> {
    let until: number | undefined = expiresAt;
    try {
      const credentials = await this.#credentials.renew(life);
      if (this.#session !== session) return;
      if (!session.refresh) {
        this.#drop(new RealtimeError('token_expired', 'reconnecting with a new token'), 'now');
        return;
      }
      until = (await this.#context.within('refresh', [life], async () => session.refresh?.(credentials))) ??
        credentials.expiresAt;
    } catch (cause) {
      if (this.#session !== session) return;
      const error = RealtimeError.from(cause, 'auth_failed');
      if (error.code === 'auth_denied') return this.#drop(error, 'never');
      this.#context.report(error);
      // Half of what is left, and half of that; at the end the service drops us and we start afresh.
      if (expiresAt <= this.#context.clock.now()) return;
    }
    if (this.#session === session) this.start(session, until, life);
  }
}
