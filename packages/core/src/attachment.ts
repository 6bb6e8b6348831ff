/**
 * One channel's tie to the backend: who uses it, when it attaches and detaches, what it passes on.
 *
 * Which state follows is decided by `channel-machine.ts`; what is new and what is missing by `continuity.ts`; who gets
 * a message by `listeners.ts`; members by `presence.ts`. The app sees it through `channel.ts`.
 *
 * @see docs/architecture.md#channel · attachment.test.ts
 */
import type { Channel, ChannelState, Gap } from './api.ts';
import { backoffMs } from './backoff.ts';
import type { Capabilities } from './capabilities.ts';
import { type ChannelEvent, nextChannelState } from './channel-machine.ts';
import type { ChannelSpec } from './channels.ts';
import type { Client } from './context.ts';
import { Continuity } from './continuity.ts';
import type { AttachedInfo, AttachRequest, Drop, Inbound, Session } from './contract.ts';
import { until } from './deadline.ts';
import { Emitter } from './emitter.ts';
import { RealtimeError } from './errors.ts';
import { Listeners, type Registration } from './listeners.ts';
import { toMessage } from './message.ts';
import { type Own, PresenceCore } from './presence.ts';
import { rewindFromHistory } from './rewind.ts';
import { createStore, type WritableStore } from './store.ts';

/** What an attach asked for. */
interface Asked {
  readonly own: Own | undefined;
  /** Whose rewind the backlog of this attach serves. */
  readonly rewinds: readonly Registration[];
}

const nothing = (): void => {};

export class Attachment {
  readonly client: Client;
  readonly spec: ChannelSpec;
  readonly echo: boolean;
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly state: WritableStore<ChannelState>;
  readonly listeners: Listeners;
  readonly presence: PresenceCore;
  readonly gaps: Emitter<Gap>;
  readonly errors: Emitter<RealtimeError>;
  continuity: Continuity;
  error: RealtimeError | undefined;
  handle: Channel | undefined;

  readonly #holders = new Set<unknown>();
  #life = new AbortController();
  /** Of the newest attach; undefined when none is out on this connection. */
  #asked: Asked | undefined;
  /** What the backend was asked for last. */
  #mode: AttachRequest['presence'] = 'none';
  /** The end of the newest attach, be it good or bad. */
  #sent: Promise<void> | undefined;
  #failures = 0;
  #cancelLinger = nothing;
  #cancelRetry = nothing;

  constructor(client: Client, spec: ChannelSpec, echo: boolean) {
    const { adapter, onThrow } = client;
    this.client = client;
    this.spec = spec;
    this.echo = echo;
    this.name = spec.name;
    this.capabilities = adapter.capabilitiesFor?.(spec) ?? adapter.capabilities;
    this.state = createStore<ChannelState>('idle', onThrow);
    this.listeners = new Listeners(onThrow);
    this.gaps = new Emitter(onThrow);
    this.errors = new Emitter(onThrow);
    this.continuity = new Continuity(spec.name);
    this.presence = new PresenceCore(this);
  }

  /** Fires when nothing will come any more, with the reason: closed, detached, failed. New after each attach. */
  get life(): AbortSignal {
    return this.#life.signal;
  }

  get isAttached(): boolean {
    return this.state.get() === 'attached';
  }

  get canPublish(): boolean {
    return this.isAttached || !this.capabilities.publish.needsAttach;
  }

  // --- use ---

  /** Attached from now on, until `by` lets go. */
  hold(by: unknown): void {
    const state = this.state.get();
    this.#holders.add(by);
    this.client.active.set(this.name, this);
    this.#cancelLinger();
    if (state === 'attached' || state === 'attaching') return;
    this.#cancelRetry();
    this.#go('attach');
    this.client.connection.ensure();
    // Listeners of one tick share one attach, so that it can ask for the longest rewind.
    queueMicrotask(() => {
      if (!this.#asked && this.state.get() === 'attaching') this.#begin();
    });
  }

  /** Ends the use by `by`. The channel detaches a while after the last one. */
  release(by: unknown, lingerMs: number = this.client.lingerMs): void {
    if (!this.#holders.delete(by) || this.#holders.size > 0) return;
    if (lingerMs === 0 || this.state.get() === 'detached') this.#detach();
    else this.#cancelLinger = this.client.clock.schedule(() => this.#detach(), lingerMs);
  }

  /** Runs `run` while it is attached. @throws {RealtimeError} timeout · aborted · detached · suspended · why it failed */
  perform<Value>(
    what: string,
    signals: readonly (AbortSignal | undefined)[],
    run: (session: Session, signal: AbortSignal) => Promise<Value> | Value,
  ): Promise<Value> {
    const { connection } = this.client;
    return connection.perform(
      `${what} '${this.name}'`,
      [this.life, ...signals],
      run,
      async (inner) => {
        const session = await until(this.state, inner, (state) => {
          const error = state === 'failed' ? this.error : connection.unavailable();
          if (error) throw error;
          return state === 'attached' ? connection.session : undefined;
        });
        await this.#sent;
        return session;
      },
    );
  }

  /** Resolves when data flows. @throws {RealtimeError} as `perform` */
  whenAttached(signal: AbortSignal | undefined): Promise<void> {
    return this.perform('attaching', [signal], nothing);
  }

  /** Asks again for what this channel is now: somebody began to watch its members. */
  refresh(): void {
    const { session } = this.client.connection;
    const { resumes } = this.continuity; // not in the middle of a rewind, which would begin anew
    if (session && resumes && this.isAttached && this.#mode === 'none') this.#send(session);
  }

  // --- attaching ---

  /** It came, broke or ended. A vendor that attaches again by itself gets the time to do so. */
  connectionChanged(): void {
    const { adapter, clock, connection, timeoutMs } = this.client;
    const isPatient = adapter.capabilities.reconnect === 'adapter' && this.continuity.resumes;
    if (!isPatient || !connection.session) this.#begin();
    else this.#cancelRetry = clock.schedule(() => this.#begin(), timeoutMs);
  }

  #begin(): void {
    const { connection } = this.client;
    const { session } = connection;
    const error = connection.unavailable();
    if (error) return this.#unavailable(error);
    if (!session) return this.#interrupted();
    if (this.#holders.size === 0) return this.#detach();
    this.error = undefined;
    this.#go('attach');
    this.#send(session);
  }

  #send(session: Session): void {
    this.#sent = this.#ask(session);
  }

  async #ask(session: Session): Promise<void> {
    const { client, continuity, spec, echo, name, life } = this;
    const canRewind = !continuity.resumes && this.capabilities.rewind !== 'none';
    const rewinds = canRewind ? this.listeners.held() : [];
    const { mode, own } = this.presence.wanted();
    const asked: Asked = { own, rewinds };
    this.#asked = asked;
    this.#mode = mode;
    const request = {
      spec,
      echo,
      presence: mode,
      presenceData: own?.data,
      cursor: continuity.cursor,
      rewind: Math.max(0, ...rewinds.map(({ rewind }) => rewind)) || undefined,
    };
    try {
      await client.within(`attaching '${name}'`, [client.connection.broken, life], (signal) =>
        session.attach(name, { ...request, signal }),
      );
      if (this.#asked === asked) this.presence.entered(asked.own);
    } catch (cause) {
      const error = cause as RealtimeError;
      if (this.#asked !== asked) return;
      const { watchOnly } = this.capabilities.presence;
      if (!asked.own || error.retryable || !watchOnly) return this.#refused(error);
      // It may be the membership alone that is refused: what is listened to goes on.
      this.presence.refused(error);
      if (!life.aborted) await this.#ask(session);
    }
  }

  #refused(error: RealtimeError, isFinal = !error.retryable, retryAfterMs = 0): void {
    const { clock, random } = this.client;
    this.#stop();
    this.error = error;
    if (isFinal) this.#end('denied', error);
    else {
      this.#cancelRetry = clock.schedule(
        () => this.#begin(),
        retryAfterMs + backoffMs(this.#failures++, this.client, random),
      );
      this.#go('refused');
    }
    this.report(error);
  }

  // --- what the adapter reports ---

  attached(info: AttachedInfo): void {
    if (!nextChannelState(this.state.get(), 'attached')) return; // it crossed our detach
    this.error = undefined;
    this.#failures = 0;
    this.#cancelRetry();
    this.continuity.attached(info);
    if (!this.#asked) this.presence.entered(undefined); // a vendor, by itself
    this.#go('attached');
    if (!info.backlog) this.replayed();
    this.client.outbox.flushSoon();
  }

  replayed(): void {
    if (!this.isAttached) return; // who heard of the attach has detached
    const { backlog, gap } = this.continuity.replayed();
    if (gap) this.gaps.emit(gap);
    for (const registration of this.#asked?.rewinds ?? [])
      this.listeners.release(registration, backlog);
    for (const registration of this.listeners.held()) this.rewind(registration);
    if (this.presence.isWatched) this.refresh();
  }

  received(inbound: Inbound): void {
    const { continuity, name } = this;
    if (!this.isAttached || inbound.action !== 'create' || !continuity.accept(inbound)) return;
    if (continuity.backlog && inbound.replayed) continuity.backlog.push(toMessage(name, inbound));
    else if (this.echo || inbound.replayed || !inbound.id?.startsWith(`${this.client.nonce}:`))
      this.listeners.dispatch(toMessage(name, inbound));
  }

  /** The service ended this channel. */
  dropped({ error, retry, retryAfterMs }: Drop): void {
    this.#refused(error, retry === 'never', retryAfterMs);
  }

  // --- helpers ---

  /** Serves one listener that came late; one that is early is served by the attach. */
  rewind(registration: Registration): void {
    if (this.isAttached && this.continuity.resumes) void rewindFromHistory(this, registration);
  }

  /** To the channel's own listeners; else to the client's. */
  report(error: RealtimeError): void {
    if (this.errors.size > 0) this.errors.emit(error);
    else this.client.report(error);
  }

  #interrupted(): void {
    this.#stop();
    this.#go('interrupted');
  }

  /** Suspended, closed or failed: nothing comes for now. */
  #unavailable(error: RealtimeError): void {
    this.#stop();
    this.error = error;
    if (error.code === 'suspended') return this.#go('exhausted');
    this.#end(error.code === 'closed' ? 'detach' : 'denied', error);
  }

  #detach(): void {
    const { connection, log } = this.client;
    const session = this.#asked && connection.session;
    this.#stop();
    this.error = undefined;
    session?.detach(this.name).catch((error: unknown) => log('debug', 'detach failed', { error }));
    this.#end('detach', new RealtimeError('detached', `'${this.name}' was detached`));
  }

  /** Data flows no more. */
  #stop(): void {
    this.#asked = undefined;
    this.#cancelRetry();
    this.presence.interrupted();
    const gap = this.continuity.interrupted(this.listeners.areLive);
    if (gap) this.gaps.emit(gap);
  }

  /** The next attachment starts from nothing, so that a remount gets its rewind again. */
  #end(event: 'detach' | 'denied', reason: RealtimeError): void {
    this.continuity = new Continuity(this.name);
    this.presence.detached();
    if (this.life.aborted) this.#life = new AbortController();
    this.#life.abort(reason); // who used it lets go
    this.#cancelLinger();
    if (this.#holders.size === 0) this.client.active.delete(this.name);
    this.#go(event);
  }

  /** Always the last step: whoever hears of the new state may begin another one. */
  #go(event: ChannelEvent): void {
    const next = nextChannelState(this.state.get(), event);
    if (event === 'attach' && this.life.aborted) this.#life = new AbortController();
    if (next) this.state.set(next);
  }
}
