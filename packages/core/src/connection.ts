/**
 * The connection: opens sessions, waits between tries, and knows whether one is there.
 *
 * Which state follows is decided by `connection-machine.ts`, whether a live session still is, and when its token is
 * renewed, by `session-guard.ts`; what an adapter may report is in `link.ts`. With `capabilities.reconnect: 'adapter'`
 * the vendor's own loop runs, and this file only mirrors it.
 *
 * @see docs/architecture.md#connection · connection.test.ts
 */
import type { Connection as PublicConnection, ConnectionState } from './api.ts';
import { type ConnectionEvent, connectionTransitions } from './connection-machine.ts';
import type { Client } from './context.ts';
import type { Drop, OpenedInfo, Session } from './contract.ts';
import { CredentialSource } from './credentials.ts';
import type { Hint } from './environment.ts';
import { RealtimeError } from './errors.ts';
import { leaveInstanceId, takeInstanceId } from './identity.ts';
import { Lifecycle } from './lifecycle.ts';
import { createLink } from './link.ts';
import { whenReady } from './perform.ts';
import { SessionGuard } from './session-guard.ts';

/** One try, or for a vendor with its own loop, all of them. */
interface Attempt {
  session?: Session;
}

/** A connection this young counts as a failed try, so that a server that accepts and drops is not hammered. */
const stableAfterMs = 1_000;

export class Connection
  extends Lifecycle<ConnectionState, ConnectionEvent>
  implements PublicConnection
{
  readonly credentials: CredentialSource;
  /** Set while connected. */
  session: Session | undefined;
  /** What the service said when it opened the newest session. */
  info: OpenedInfo | undefined;
  instanceId = '';

  /** Reports of another attempt are facts about the past. */
  #attempt: Attempt | undefined;
  #guard: SessionGuard | undefined;
  #resume: unknown;
  #openedAt = Infinity;
  #phase = new AbortController();
  #unwatch = (): void => {};
  #cancelSuspend = (): void => {}; // from the first try or drop until a success

  constructor(client: Client) {
    super(client, connectionTransitions, 'idle');
    this.credentials = new CredentialSource(client);
  }

  /** Fires when this session, or this try to get one, is over. */
  get broken(): AbortSignal {
    return this.#phase.signal;
  }

  get ready(): Session | undefined {
    return this.session;
  }

  get id(): string | undefined {
    return this.session && this.info?.connectionId;
  }

  get clientId(): string | undefined {
    return this.info?.clientId;
  }

  /** The newest one, connected or not. */
  get current(): Session | undefined {
    return this.#attempt?.session;
  }

  get native(): unknown {
    return this.current?.native;
  }

  /** Why nothing can be sent now or soon. */
  get unavailable(): RealtimeError | undefined {
    const state = this.state.get();
    if (state === 'suspended')
      return new RealtimeError('suspended', 'no connection', { cause: this.error });
    return state === 'closed' || state === 'failed' ? this.error : undefined;
  }

  // --- what is asked ---

  /** Connects if nothing was done yet; other states go their own way. */
  ensure(): void {
    if (this.state.get() === 'idle') this.#start();
  }

  /** Something gives cause to ask whether the session lives. */
  doubt(): void {
    this.#guard?.probe();
  }

  async connect({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    this.#start();
    await this.client.within(
      'connect',
      [this.life, signal],
      (inner) => whenReady(this, inner),
      this.client.suspendAfterMs,
    );
  }

  close(): Promise<void> {
    return this.#end('close', new RealtimeError('closed', 'the client was closed'));
  }

  // --- opening ---

  /** Connects, or tries again now. */
  #start(): void {
    const { environment } = this.client;
    if (this.can('connect')) {
      this.begin();
      this.#unwatch();
      this.#unwatch = environment.watch((hint) => this.#hint(hint));
      this.instanceId ||= takeInstanceId(environment);
      this.#suspendLater();
      this.go('connect');
    }
    this.#retryNow();
  }

  #suspendLater(): void {
    this.#cancelSuspend();
    this.#cancelSuspend = this.client.schedule(
      () => this.go('exhausted'),
      this.client.suspendAfterMs,
    );
  }

  #retryNow(): void {
    if (this.session || this.life.aborted) return;
    this.failures = 0;
    if (this.#attempt) this.#attempt.session?.retryNow?.();
    else this.#open();
  }

  #open(): void {
    const { adapter, timeoutMs } = this.client;
    const attempt: Attempt = {};
    this.#attempt = attempt;
    this.#nextPhase();
    const fail = (cause: unknown): void =>
      this.#drop({ error: RealtimeError.from(cause, 'connection_failed'), retry: 'backoff' });
    if (adapter.capabilities.reconnect === 'core')
      this.later(timeoutMs, () => fail(`no answer within ${timeoutMs} ms`));
    try {
      attempt.session = adapter.open(
        createLink(this.client, () => this.#attempt === attempt, {
          opened: (info) => this.#opened(attempt.session as Session, info),
          dropped: (drop) => this.#dropped(drop),
          alive: () => this.#guard?.alive(),
        }),
        this.#resume,
      );
    } catch (cause) {
      fail(cause);
    }
  }

  #opened(session: Session, info: OpenedInfo): void {
    this.info = info;
    this.#resume = info.resume ?? this.#resume;
    if (this.session) return; // a vendor says it again
    this.#nextPhase();
    this.#cancelSuspend();
    this.#openedAt = this.client.now();
    this.session = session;
    this.error = undefined;
    this.#guard = new SessionGuard(this.client, info, (drop) => this.#drop(drop));
    this.go('opened');
  }

  /** Core itself ends what is there. */
  #drop(drop: Drop): void {
    const session = this.#attempt?.session;
    this.#dropped(drop);
    // The first time at once; a session that never lives long is not asked in a loop.
    if (this.#attempt && this.failures++ > 0) this.retry(0, () => session?.retryNow?.());
    else if (this.#attempt) session?.retryNow?.();
    else if (drop.retry !== 'never') void this.#closeSession(session);
  }

  #dropped({ error, retry, retryAfterMs = 0 }: Drop): void {
    if (retry === 'never') return void this.#end('refused', error);
    const isFirst = !this.session && this.failures === 0; // of many: the others are no news
    this.client.log(isFirst ? 'warn' : 'debug', 'connection dropped', { error, retry });
    const isStable = this.client.now() - this.#openedAt >= stableAfterMs;
    const isOldToken = retry === 'fresh-token' && this.credentials.refused();
    if (isStable || isOldToken) this.failures = 0;
    if (this.session) this.#suspendLater();
    this.error = error;
    this.#nextPhase();
    // Without a session there is nothing that could come back by itself.
    if (this.client.adapter.capabilities.reconnect === 'core' || !this.#attempt?.session) {
      this.#attempt = undefined;
      if (retry === 'now' && isStable) this.later(retryAfterMs, () => this.#open());
      else this.retry(retryAfterMs, () => this.#open());
    }
    this.go('dropped');
  }

  /** Closed or failed: everything that waits is told. */
  #end(event: 'close' | 'refused', error: RealtimeError): Promise<void> {
    const session = this.#attempt?.session;
    if (!this.can(event)) return Promise.resolve();
    this.#attempt = undefined;
    this.#nextPhase();
    this.#cancelSuspend();
    this.#unwatch();
    this.#unwatch = () => {};
    this.error = error;
    this.end(error);
    this.go(event);
    return this.#closeSession(session);
  }

  async #closeSession(session: Session | undefined): Promise<void> {
    await this.client
      .within('close', [], () => session?.close())
      .catch((error: RealtimeError) => this.client.log('warn', 'close failed', { error }));
  }

  /** What belongs to the state that is left ends with it. */
  #nextPhase(): void {
    this.notLater();
    this.session = this.#guard = undefined;
    this.#openedAt = Infinity;
    this.#phase.abort();
    this.#phase = new AbortController();
  }

  #hint(hint: Hint): void {
    const { environment } = this.client;
    if (hint === 'leaving') return leaveInstanceId(environment, this.instanceId);
    if (hint === 'visible') takeInstanceId(environment); // back from the cache: it is ours again
    this.doubt();
    if (hint !== 'offline') this.#retryNow();
  }
}
