/**
 * The connection: opens sessions, waits between tries, and is where the rest of core waits for a session.
 *
 * Which state follows is decided by `connection-machine.ts`, whether a live session still is, and when its token is
 * renewed, by `session-guard.ts`; what an adapter may report is in `link.ts`. With `capabilities.reconnect: 'adapter'`
 * the vendor's own loop runs, and this file only mirrors it.
 *
 * @see docs/architecture.md#connection · connection.test.ts
 */
import type { Connection as PublicConnection, ConnectionState } from './api.ts';
import { backoffMs } from './backoff.ts';
import { type ConnectionEvent, nextConnectionState } from './connection-machine.ts';
import type { Client } from './context.ts';
import type { Drop, Limits, OpenedInfo, Session } from './contract.ts';
import { CredentialSource } from './credentials.ts';
import { until } from './deadline.ts';
import type { Hint } from './environment.ts';
import { RealtimeError } from './errors.ts';
import { leaveInstanceId, takeInstanceId } from './identity.ts';
import { createLink } from './link.ts';
import { SessionGuard } from './session-guard.ts';
import { createStore, type WritableStore } from './store.ts';

/** One try, or for a vendor with its own loop, all of them. */
interface Attempt {
  session?: Session;
}

/** A connection this young counts as a failed try, so that a server that accepts and drops is not hammered. */
const stableAfterMs = 1_000;

const nothing = (): void => {};

export class Connection implements PublicConnection {
  readonly state: WritableStore<ConnectionState>;
  readonly credentials: CredentialSource;
  /** Set while connected. */
  session: Session | undefined;
  error: RealtimeError | undefined;
  clientId: string | undefined;
  instanceId = '';
  limits: Limits = {};

  readonly #client: Client;
  /** Reports of another attempt are facts about the past. */
  #attempt: Attempt | undefined;
  #guard: SessionGuard | undefined;
  #resume: unknown;
  #id: string | undefined;
  #openedAt = Infinity;
  #failures = 0;
  #life = new AbortController();
  #phase = new AbortController();
  #unwatch = nothing;
  #cancelRetry = nothing; // the connect time-out, or the wait before the next try
  #cancelSuspend = nothing; // from the first try or drop until a success

  constructor(client: Client) {
    this.#client = client;
    this.credentials = new CredentialSource(client);
    this.state = createStore<ConnectionState>('idle', client.onThrow);
  }

  /** Fires with the reason when the connection is closed or has failed; new after the next `connect`. */
  get life(): AbortSignal {
    return this.#life.signal;
  }

  /** Fires when this session, or this try to get one, is over. */
  get broken(): AbortSignal {
    return this.#phase.signal;
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
    const { within, suspendAfterMs } = this.#client;
    this.#start();
    await within('connect', [this.life, signal], this.#whenConnected, suspendAfterMs);
  }

  /** Why nothing can be sent now or soon. */
  unavailable(): RealtimeError | undefined {
    const state = this.state.get();
    if (state === 'suspended')
      return new RealtimeError('suspended', 'no connection', { cause: this.error });
    return state === 'closed' || state === 'failed' ? this.error : undefined;
  }

  /**
   * Runs `run` with a session, and again with the next one where the connection broke meanwhile.
   *
   * @throws {RealtimeError} timeout · aborted · suspended · why it ended · what `run` throws
   */
  perform<Value>(
    what: string,
    signals: readonly (AbortSignal | undefined)[],
    run: (session: Session, signal: AbortSignal) => Promise<Value> | Value,
    ready: (signal: AbortSignal) => Promise<Session> = this.#whenConnected,
  ): Promise<Value> {
    this.ensure();
    return this.#client.within(what, [this.life, ...signals], async (signal) => {
      for (;;) {
        const session = await ready(signal);
        const { broken } = this;
        try {
          return await run(session, signal);
        } catch (error) {
          if (signal.aborted || !broken.aborted) throw error;
        }
      }
    });
  }

  readonly #whenConnected = (signal: AbortSignal): Promise<Session> =>
    until(this.state, signal, () => {
      const error = this.unavailable();
      if (error) throw error;
      return this.session;
    });

  close(): Promise<void> {
    return this.#end('close', new RealtimeError('closed', 'the client was closed'));
  }

  // --- opening ---

  /** Connects, or tries again now. */
  #start(): void {
    const { environment } = this.#client;
    if (nextConnectionState(this.state.get(), 'connect')) {
      if (this.life.aborted) this.#life = new AbortController();
      this.#unwatch();
      this.#unwatch = environment.watch((hint) => this.#hint(hint));
      this.instanceId ||= takeInstanceId(environment);
      this.#suspendLater();
      this.#go('connect');
    }
    this.#retryNow();
  }

  #suspendLater(): void {
    const { clock, suspendAfterMs } = this.#client;
    this.#cancelSuspend();
    this.#cancelSuspend = clock.schedule(() => this.#go('exhausted'), suspendAfterMs);
  }

  #retryNow(): void {
    if (this.session || this.life.aborted) return;
    this.#failures = 0;
    if (this.#attempt) this.#attempt.session?.retryNow?.();
    else this.#open();
  }

  #open(): void {
    const { adapter, clock, timeoutMs } = this.#client;
    const attempt: Attempt = {};
    this.#attempt = attempt;
    this.#nextPhase();
    const fail = (error: RealtimeError): void => this.#drop({ error, retry: 'backoff' });
    if (adapter.capabilities.reconnect === 'core')
      this.#cancelRetry = clock.schedule(
        () => fail(new RealtimeError('connection_failed', `no connection in ${timeoutMs} ms`)),
        timeoutMs,
      );
    try {
      attempt.session = adapter.open(
        createLink(this.#client, {
          isCurrent: () => this.#attempt === attempt,
          opened: (info) => this.#opened(attempt.session as Session, info),
          dropped: (drop) => this.#dropped(drop),
          alive: () => this.#guard?.alive(),
        }),
        this.#resume,
      );
    } catch (cause) {
      fail(RealtimeError.from(cause, 'connection_failed'));
    }
  }

  #opened(session: Session, info: OpenedInfo): void {
    this.#nextPhase();
    this.#cancelSuspend();
    this.#openedAt = this.#client.clock.now();
    this.#resume = info.resume ?? this.#resume;
    this.session = session;
    this.error = undefined;
    this.#id = info.connectionId;
    this.clientId = info.clientId;
    this.limits = info.limits ?? {};
    this.#guard = new SessionGuard(this.#client, session, info, (drop) => this.#drop(drop));
    this.#go('opened');
  }

  // --- ending ---

  /** Core itself ends what is there. */
  #drop(drop: Drop): void {
    const session = this.#attempt?.session;
    this.#dropped(drop);
    if (this.#attempt) session?.retryNow?.();
    else if (drop.retry !== 'never') void this.#closeSession(session);
  }

  #dropped(drop: Drop): void {
    const { adapter, clock, log } = this.#client;
    if (drop.retry === 'never') return void this.#end('refused', drop.error);
    if (drop.retry === 'fresh-token' && this.credentials.refused()) this.#failures = 0;
    log('debug', 'connection dropped', { code: drop.error.code, retry: drop.retry });
    this.error = drop.error;
    if (this.session) this.#suspendLater();
    this.#nextPhase();
    // Without a session there is nothing that could come back by itself.
    if (adapter.capabilities.reconnect === 'core' || !this.#attempt?.session) {
      this.#attempt = undefined;
      this.#cancelRetry = clock.schedule(() => this.#open(), this.#delayMs(drop));
    }
    this.#go('dropped');
  }

  #delayMs({ retry, retryAfterMs = 0 }: Drop): number {
    const { clock, random } = this.#client;
    const isStable = clock.now() - this.#openedAt >= stableAfterMs;
    this.#openedAt = Infinity;
    if (isStable) this.#failures = 0;
    if (retry === 'now' && isStable) return retryAfterMs;
    return retryAfterMs + backoffMs(this.#failures++, this.#client, random);
  }

  /** Closed or failed: everything that waits is told. */
  #end(event: 'close' | 'refused', error: RealtimeError): Promise<void> {
    const session = this.#attempt?.session;
    if (!nextConnectionState(this.state.get(), event)) return Promise.resolve();
    this.#attempt = undefined;
    this.#nextPhase();
    this.#cancelSuspend();
    this.#unwatch();
    this.error = error;
    if (this.life.aborted) this.#life = new AbortController();
    this.#life.abort(error);
    this.#go(event);
    return this.#closeSession(session);
  }

  async #closeSession(session: Session | undefined): Promise<void> {
    const { within, log } = this.#client;
    await within('close', [], () => session?.close()).catch(({ code }: RealtimeError) =>
      log('warn', 'a session did not close cleanly', { code }),
    );
  }

  /** What belongs to the state that is left ends with it. */
  #nextPhase(): void {
    this.#cancelRetry();
    this.session = undefined;
    this.#guard = undefined;
    this.#phase.abort();
    this.#phase = new AbortController();
  }

  /** Always the last step: whoever hears of the new state may begin another one. */
  #go(event: ConnectionEvent): void {
    const next = nextConnectionState(this.state.get(), event);
    if (next) this.state.set(next);
  }

  #hint(hint: Hint): void {
    const { environment } = this.#client;
    if (hint === 'leaving') return leaveInstanceId(environment, this.instanceId);
    if (hint === 'visible') takeInstanceId(environment); // back from the cache: it is ours again
    if (this.#guard) this.#guard.probe();
    else if (hint !== 'offline') this.#retryNow();
  }
}
