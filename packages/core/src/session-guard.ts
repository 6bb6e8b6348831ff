/**
 * Looks after one live session: ends it when it is open and dead (silence beyond the heartbeat, or no answer to a
 * question when a hint gives cause for doubt), and renews its token before that expires.
 *
 * @see connection.ts · watchdog.test.ts · token-refresh.test.ts
 */
import type { Client } from './context.ts';
import type { Drop, OpenedInfo } from './contract.ts';
import { RealtimeError } from './errors.ts';

export class SessionGuard {
  readonly #client: Client;
  readonly #drop: (drop: Drop) => void;
  /** Fires when the session is over. */
  readonly #over: AbortSignal;
  readonly #silenceMs: number;
  #aliveAt = 0;
  #expiresAt = Infinity;
  #renewAt = Infinity;
  #cancel = (): void => {};

  /** A vendor that states no heartbeat and reconnects by itself finds silence by itself, too. */
  constructor(client: Client, info: OpenedInfo, drop: (drop: Drop) => void) {
    const everyMs =
      info.heartbeatMs ??
      (client.adapter.capabilities.reconnect === 'core' ? client.heartbeatMs : 0);
    this.#client = client;
    this.#over = client.connection.broken;
    this.#drop = drop;
    this.#silenceMs = everyMs > 0 ? everyMs + client.heartbeatSlackMs : Infinity;
    this.#over.addEventListener('abort', () => this.#cancel());
    this.alive();
    this.#keepToken(info.expiresAt);
  }

  /** Something came in. */
  alive(): void {
    this.#aliveAt = this.#client.now();
  }

  /** A socket of a network that is gone stays open and says nothing; one question tells. */
  probe(): void {
    this.#client
      .within('ping', [this.#over], (signal) => this.#client.connection.session?.ping?.(signal))
      .catch((error: RealtimeError) => this.#end(error, 'now'));
  }

  #look(): void {
    const { now } = this.#client;
    const silentMs = now() - this.#aliveAt;
    const dueMs = this.#renewAt - now();
    const leftMs = Math.min(this.#silenceMs - silentMs, dueMs);
    this.#cancel();
    if (this.#over.aborted) return;
    if (silentMs >= this.#silenceMs)
      this.#end(new RealtimeError('connection_failed', `silent for ${silentMs} ms`), 'now');
    else if (dueMs <= 0) void this.#renew();
    else if (leftMs < Infinity) this.#cancel = this.#client.schedule(() => this.#look(), leftMs);
  }

  // --- the token ---

  /** A token that does not live long is renewed at half its life. */
  #keepToken(expiresAt = Infinity): void {
    const { now } = this.#client;
    const leftMs = expiresAt - now();
    this.#expiresAt = expiresAt;
    this.#renewAt =
      now() + Math.max(leftMs - Math.min(this.#client.refreshBeforeMs, leftMs / 2), 100);
    this.#look();
  }

  /** Where the session cannot take a new token, a new session does. */
  async #renew(): Promise<void> {
    const { connection } = this.#client;
    const before = this.#expiresAt;
    let expiresAt: number | undefined = before;
    this.#keepToken();
    try {
      const credentials = await connection.credentials.renew();
      expiresAt = await this.#client.within('refresh', [this.#over], async () => {
        const { session } = connection;
        if (session?.refresh) return (await session.refresh(credentials)) ?? credentials.expiresAt;
        this.#end(new RealtimeError('token_expired', 'a new token'), 'now');
        return undefined;
      });
    } catch (cause) {
      const error = RealtimeError.from(cause);
      if (error.code === 'auth_denied') return this.#end(error, 'never');
      if (this.#over.aborted) return;
      this.#client.report(error);
      // Half of what is left, and half of that; at the end the service drops us and we start afresh.
      if (before <= this.#client.now()) return;
    }
    this.#keepToken(expiresAt);
  }

  #end(error: RealtimeError, retry: Drop['retry']): void {
    if (!this.#over.aborted) this.#drop({ error, retry });
  }
}
