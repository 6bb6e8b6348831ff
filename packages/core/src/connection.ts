/**
 * The connection: opens sessions, waits between tries, tells the rest of core.
 *
 * Which state follows is decided by `connection-machine.ts`, whether a silent connection is alive by `watchdog.ts`,
 * when a token is renewed by `token-refresh.ts`; what travels over the session belongs to `attachment.ts` and
 * `outbox.ts`. With `capabilities.reconnect: 'adapter'` the vendor's own loop runs, and this file only mirrors it.
 *
 * @see docs/architecture.md#connection · connection.test.ts
 */
import type { Connection as PublicConnection, ConnectionState } from './api.ts';
import type { Attachment } from './attachment.ts';
import { backoffMs } from './backoff.ts';
import type { Context } from './context.ts';
import type { Drop, Limits, Link, OpenedInfo, Session } from './contract.ts';
import type { CredentialSource } from './credentials.ts';
import { until, withDeadline } from './deadline.ts';
import type { Hint } from './environment.ts';
import { RealtimeError } from './errors.ts';
import { leaveInstanceId, takeInstanceId } from './identity.ts';
import { type ConnectionEvent, nextConnectionState } from './connection-machine.ts';
import { createStore, type WritableStore } from './store.ts';
import { Timer } from './timer.ts';
import { TokenRefresh } from './token-refresh.ts';
import { Watchdog } from './watchdog.ts';

/** What the rest of core hears of the connection. */
export interface ConnectionEvents {
  connected(session: Session): void;
  /** It broke, and is coming back. */
  interrupted(): void;
  /** Not coming back soon (`suspended`) or at all. */
  unavailable(error: RealtimeError): void;
  attachment(channel: string): Attachment | undefined;
}

/** One try, or for a vendor with its own loop, all of them. */
interface Attempt {
  session?: Session;
  live: boolean;
  openedAt?: number;
}

/** A connection this young counts as a failed try, so that a server that accepts and drops is not hammered. */
const stableAfterMs = 1_000;

export class Connection implements PublicConnection {
  readonly state: WritableStore<ConnectionState>;
  /** Set while connected. */
  session: Session | undefined;
  error: RealtimeError | undefined;
  clientId: string | undefined;
  limits: Limits = {};

  readonly #context: Context;
  readonly #credentials: CredentialSource;
  readonly #events: ConnectionEvents;
  readonly #refresh: TokenRefresh;
  readonly #watchdog: Watchdog;
  readonly #retry: Timer; // the connect time-out, or the wait before the next try
  readonly #suspend: Timer; // from the first try or drop until a success
  #attempt: Attempt | undefined;
  #resume: unknown;
  #id: string | undefined;
  #failures = 0;
  #instanceId = '';
  #life = new AbortController();
  #unwatch: (() => void) | undefined;

  constructor(context: Context, credentials: CredentialSource, events: ConnectionEvents) {
    const drop = (error: RealtimeError, retry: Drop['retry']): void => this.#drop({ error, retry });
    this.#context = context;
    this.#credentials = credentials;
    this.#events = events;
    this.#retry = new Timer(context.clock);
    this.#suspend = new Timer(context.clock);
    this.#refresh = new TokenRefresh(context, credentials, drop);
    this.#watchdog = new Watchdog(context, drop);
    this.state = createStore<ConnectionState>('idle', context.onThrow);
  }

  /** Fires with the reason when the connection is closed or has failed; new after the next `connect`. */
  get life(): AbortSignal {
    return this.#life.signal;
  }

  get id(): string | undefined {
    return this.session && this.#id;
  }

  get native(): unknown {
    return this.#attempt?.session?.native;
  }

  // --- what is asked ---

  /** Connects if nothing was done yet; other states go their own way. */
  ensure(): void {
    if (this.state.get() === 'idle') this.#start();
  }

  async connect({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    this.#start();
    const { clock, suspendAfterMs } = this.#context;
    const deadline = {
      clock,
      timeoutMs: suspendAfterMs,
      what: 'connect',
      signals: [this.life, signal],
    };
    await withDeadline(deadline, (inner) => this.whenConnected(inner));
  }

  /** Connects, or tries again now. */
  #start(): void {
    if (!this.#go('connect')) return this.#retryNow();
    if (this.life.aborted) this.#life = new AbortController();
    this.#unwatch ??= this.#context.environment.watch((hint) => this.#hint(hint));
    this.#instanceId ||= takeInstanceId(this.#context.environment);
    this.#suspend.stop();
    this.#awaitSuccess();
    this.#retryNow();
  }

  /** @throws {RealtimeError} suspended · closed · why it failed */
  whenConnected(signal: AbortSignal): Promise<Session> {
    return until(this.state, signal, () => {
      const error = this.unavailable();
      if (error) throw error;
      return this.session;
    });
  }

  /** Why nothing can be sent now or soon. */
  unavailable(): RealtimeError | undefined {
    const state = this.state.get();
    if (state === 'suspended')
      return new RealtimeError('suspended', 'no connection', { cause: this.error });
    return state === 'closed' || state === 'failed' ? this.error : undefined;
  }

  async close(): Promise<void> {
    const session = this.#attempt?.session;
    this.#end('close', new RealtimeError('closed', 'the client was closed'));
    if (session) await this.#closeSession(session);
  }

  // --- opening ---

  #awaitSuccess(): void {
    if (this.#suspend.running) return;
    this.#suspend.start(this.#context.suspendAfterMs, () => {
      this.#go('exhausted');
      this.#events.unavailable(this.unavailable() as RealtimeError);
    });
  }

  #retryNow(): void {
    if (this.session || !this.#unwatch) return;
    this.#failures = 0;
    if (this.#attempt) this.#attempt.session?.retryNow?.();
    else this.#open();
  }

  #open(): void {
    const { adapter, timeoutMs } = this.#context;
    const attempt: Attempt = { live: true };
    this.#attempt = attempt;
    this.#retry.stop();
    try {
      attempt.session = adapter.open(this.#link(attempt), this.#resume);
    } catch (cause) {
      this.#dropped(attempt, {
        error: RealtimeError.from(cause, 'connection_failed'),
        retry: 'backoff',
      });
    }
    if (!attempt.live || adapter.capabilities.reconnect === 'adapter') return;
    this.#retry.start(timeoutMs, () =>
      this.#drop({
        error: new RealtimeError('connection_failed', `no connection in ${timeoutMs} ms`),
        retry: 'backoff',
      }),
    );
  }

  /** Calls of a session that is over are facts about the past: they are ignored. */
  #link(attempt: Attempt): Link {
    const { nonce, clientId, clock, random, log } = this.#context;
    const to = (channel: string): Attachment | undefined =>
      attempt.live ? this.#events.attachment(channel) : undefined;
    return {
      opened: (info) => attempt.live && this.#opened(attempt, info),
      dropped: (drop) => attempt.live && this.#dropped(attempt, drop),
      attached: (channel, info) => to(channel)?.attached(info),
      replayed: (channel) => to(channel)?.replayed(),
      detached: (channel, drop) => to(channel)?.dropped(drop),
      received: (channel, message) => to(channel)?.received(message),
      presence: (channel, change) => to(channel)?.presence.changed(change),
      report: (error, channel = '') => (to(channel) ?? this.#context).report(error),
      alive: () => attempt.live && this.#watchdog.alive(),
      authorize: (request) => this.#credentials.get(request, this.life),
      nonce,
      clientId,
      instanceId: this.#instanceId,
      clock,
      random,
      log,
    };
  }

  #opened(attempt: Attempt, info: OpenedInfo): void {
    const session = attempt.session as Session;
    this.#retry.stop();
    this.#suspend.stop();
    attempt.openedAt = this.#context.clock.now();
    this.#resume = info.resume ?? this.#resume;
    this.session = session;
    this.error = undefined;
    this.#id = info.connectionId;
    this.clientId = info.clientId;
    this.limits = info.limits ?? {};
    this.#watchdog.start(session, info.heartbeatMs);
    this.#refresh.start(session, info.expiresAt, this.life);
    this.#events.connected(session);
    this.#go('opened');
  }

  // --- ending ---

  /** Core itself ends what is there. */
  #drop(drop: Drop): void {
    const attempt = this.#attempt;
    if (!attempt) return;
    this.#dropped(attempt, drop);
    if (attempt.live) attempt.session?.retryNow?.();
    else if (attempt.session) void this.#closeSession(attempt.session);
  }

  #dropped(attempt: Attempt, drop: Drop): void {
    const { adapter, log } = this.#context;
    if (drop.retry === 'never') return this.#end('refused', drop.error);
    if (drop.retry === 'fresh-token') this.#credentials.refused();
    this.error = drop.error;
    this.#disconnect();
    this.#awaitSuccess();
    log('debug', 'connection dropped', { code: drop.error.code, retry: drop.retry });
    // Without a session there is nothing that could come back by itself.
    if (adapter.capabilities.reconnect === 'core' || !attempt.session) {
      attempt.live = false;
      this.#attempt = undefined;
      this.#retry.start(this.#delayMs(attempt, drop), () => this.#open());
    }
    this.#events.interrupted();
    this.#go('dropped');
  }

  #delayMs({ openedAt = Infinity }: Attempt, { retry, retryAfterMs = 0 }: Drop): number {
    const { clock, random } = this.#context;
    const stable = clock.now() - openedAt >= stableAfterMs;
    if (stable) this.#failures = 0;
    if (retry === 'now' && stable) return retryAfterMs;
    return retryAfterMs + backoffMs(this.#failures++, this.#context, random);
  }

  #disconnect(): void {
    this.#retry.stop();
    this.#watchdog.stop();
    this.#refresh.stop();
    this.session = undefined;
  }

  /** Closed or failed: everything that waits is told. */
  #end(event: 'close' | 'refused', error: RealtimeError): void {
    if (!nextConnectionState(this.state.get(), event)) return;
    if (this.#attempt) this.#attempt.live = false;
    this.#attempt = undefined;
    this.#disconnect();
    this.#suspend.stop();
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.error = error;
    this.#life.abort(error);
    this.#go(event);
    this.#events.unavailable(error);
  }

  async #closeSession(session: Session): Promise<void> {
    const { within, log } = this.#context;
    await within('close', [], () => session.close()).catch((error: RealtimeError) =>
      log('warn', 'a session did not close cleanly', { code: error.code }),
    );
  }

  #go(event: ConnectionEvent): boolean {
    const next = nextConnectionState(this.state.get(), event);
    if (next) this.state.set(next);
    return next !== undefined;
  }

  #hint(hint: Hint): void {
    const { environment } = this.#context;
    if (hint === 'leaving') return leaveInstanceId(environment, this.#instanceId);
    if (hint === 'visible') takeInstanceId(environment); // back from the cache: it is ours again
    if (this.session) this.#watchdog.probe(this.session);
    else if (hint !== 'offline') this.#retryNow();
  }
}
