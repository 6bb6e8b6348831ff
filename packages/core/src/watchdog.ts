/**
 * Finds connections that are open and dead: by silence beyond the heartbeat, and by a question when a hint gives
 * cause for doubt.
 *
 * @see connection.ts · watchdog.test.ts
 */
import type { Context } from './context.ts';
import type { Drop, Session } from './contract.ts';
import { RealtimeError } from './errors.ts';
import { Timer } from './timer.ts';

export class Watchdog {
  readonly #context: Context;
  readonly #drop: (error: RealtimeError, retry: Drop['retry']) => void;
  readonly #timer: Timer;
  #watched: Session | undefined;
  #limitMs = 0;
  #aliveAt = 0;

  constructor(context: Context, drop: (error: RealtimeError, retry: Drop['retry']) => void) {
    this.#context = context;
    this.#drop = drop;
    this.#timer = new Timer(context.clock);
  }

  /** A vendor that states no heartbeat and reconnects by itself finds silence by itself, too. */
  start(session: Session, statedMs: number | undefined): void {
    const { adapter, heartbeatMs, heartbeatSlackMs } = this.#context;
    const everyMs = statedMs ?? (adapter.capabilities.reconnect === 'core' ? heartbeatMs : 0);
    this.stop();
    this.#watched = session;
    this.#limitMs = everyMs + heartbeatSlackMs;
    this.alive();
    if (everyMs > 0) this.#look();
  }

  stop(): void {
    this.#watched = undefined;
    this.#timer.stop();
  }

  /** Something came in. */
  alive(): void {
    this.#aliveAt = this.#context.clock.now();
  }

  /** A socket of a network that is gone stays open and says nothing; one question tells. */
  probe(session: Session): void {
    this.#context
      .within('ping', [], async (signal) => session.ping?.(signal))
      .catch((error: RealtimeError) => {
        if (this.#watched === session) this.#drop(error, 'now');
      });
  }

  #look(): void {
    const leftMs = this.#limitMs - (this.#context.clock.now() - this.#aliveAt);
    if (leftMs > 0) this.#timer.start(leftMs, () => this.#look());
    else
      this.#drop(new RealtimeError('connection_failed', `silent for ${this.#limitMs} ms`), 'now');
  }
}
