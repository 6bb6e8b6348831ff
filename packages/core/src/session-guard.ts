/**
 * Looks after one live session: ends it when it is open and dead (silence beyond the heartbeat, or no answer to a
 * question when a hint gives cause for doubt), and renews its token before that expires.
 *
 * @see connection.ts · watchdog.test.ts · token-refresh.test.ts
 */
import type { Client } from './context.ts';
import type { Drop, OpenedInfo, Session } from './contract.ts';
import { RealtimeError } from './errors.ts';

/** Timers hold 31 bits; what is due later is looked at again then. */
const longestMs = 2 ** 31 - 1;

export class SessionGuard {
  readonly #client: Client;
  readonly #session: Session;
  readonly #drop: (drop: Drop) => void;
  /** Fires when the session is over. */
  readonly #over: AbortSignal;
  readonly #silenceMs: number;
  #aliveAt = 0;
  #expiresAt = Infinity;
  #renewAt = Infinity;
  #cancel = (): void => {};

  /** A vendor that states no heartbeat and reconnects by itself finds silence by itself, too. */
  constructor(client: Client, session: Session, info: OpenedInfo, drop: (drop: Drop) => void) {
    const { adapter, heartbeatMs, heartbeatSlackMs, connection } = client;
    const everyMs =
      info.heartbeatMs ?? (adapter.capabilities.reconnect === 'core' ? heartbeatMs : 0);
    this.#client = client;
    this.#session = session;
    this.#over = connection.broken;
    this.#drop = drop;
    this.#silenceMs = everyMs > 0 ? everyMs + heartbeatSlackMs : Infinity;
    this.#over.addEventListener('abort', () => this.#cancel());
    this.alive();
    this.#keepToken(info.expiresAt);
  }

  /** Something came in. */
  alive(): void {
    this.#aliveAt = this.#client.clock.now();
  }

  /** A socket of a network that is gone stays open and says nothing; one question tells. */
  probe(): void {
    this.#client
      .within('ping', [this.#over], (signal) => this.#session.ping?.(signal))
      .catch((error: RealtimeError) => this.#end(error, 'now'));
  }

  #look(): void {
    const { clock } = this.#client;
    this.#cancel();
    if (this.#over.aborted) return;
    const silentMs = clock.now() - this.#aliveAt;
    const renewInMs = this.#renewAt - clock.now();
    const leftMs = Math.min(this.#silenceMs - silentMs, renewInMs);
    if (silentMs >= this.#silenceMs)
      this.#end(new RealtimeError('connection_failed', `silent for ${silentMs} ms`), 'now');
    else if (renewInMs <= 0) void this.#renew();
    else if (leftMs < Infinity)
      this.#cancel = clock.schedule(() => this.#look(), Math.min(leftMs, longestMs));
  }

  // --- the token ---

  /** A token that does not live long is renewed at half its life. */
  #keepToken(expiresAt = Infinity): void {
    const { clock, refreshBeforeMs } = this.#client;
    const leftMs = expiresAt - clock.now();
    this.#expiresAt = expiresAt;
    this.#renewAt = clock.now() + Math.max(leftMs - Math.min(refreshBeforeMs, leftMs / 2), 100);
    this.#look();
  }

  /** Where the session cannot take a new token, a new session does. */
  async #renew(): Promise<void> {
    const { clock, connection, report, within } = this.#client;
    const before = this.#expiresAt;
    let expiresAt: number | undefined = before;
    this.#keepToken();
    try {
      const credentials = await connection.credentials.renew(connection.life);
      if (!this.#session.refresh)
        return this.#end(
          new RealtimeError('token_expired', 'reconnecting with a new token'),
          'now',
        );
      expiresAt =
        (await within('refresh', [this.#over], () => this.#session.refresh?.(credentials))) ??
        credentials.expiresAt;
    } catch (cause) {
      const error = RealtimeError.from(cause);
      if (error.code === 'auth_denied') return this.#end(error, 'never');
      if (this.#over.aborted) return;
      report(error);
      // Half of what is left, and half of that; at the end the service drops us and we start afresh.
      if (before <= clock.now()) return;
    }
    this.#keepToken(expiresAt);
  }

  #end(error: RealtimeError, retry: Drop['retry']): void {
    if (!this.#over.aborted) this.#drop({ error, retry });
  }
}
