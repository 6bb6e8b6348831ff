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
import type { Connection } from './connection.ts';
import type { Context } from './context.ts';
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
import { Timer } from './timer.ts';

/** What the last attach asked for. */
interface Asked {
  readonly mode: 'none' | 'watch' | 'enter';
  readonly own: Own | undefined;
  /** Whose rewind the backlog of this attach serves. */
  readonly rewinds: readonly Registration[];
}

/** Shared by all attachments of a client. */
export interface AttachmentHost {
  readonly context: Context;
  readonly connection: Connection;
  /** Those in use: kept alive, and told of the connection. */
  readonly active: Map<string, Attachment>;
  readonly onAttached: () => void;
}

export class Attachment {
  readonly spec: ChannelSpec;
  readonly echo: boolean;
  readonly capabilities: Capabilities;
  readonly host: AttachmentHost;
  readonly state: WritableStore<ChannelState>;
  readonly listeners: Listeners;
  readonly presence: PresenceCore;
  readonly gaps: Emitter<Gap>;
  readonly errors: Emitter<RealtimeError>;
  continuity: Continuity;
  error: RealtimeError | undefined;
  handle: Channel | undefined;

  #holds = 0;
  #life = new AbortController();
  #asked: Asked = { mode: 'none', own: undefined, rewinds: [] };
  /** Counts attaches, so that the end of an older one is not taken for the newest's; negative while none is out. */
  #tries = 0;
  #isSent = false;
  #failures = 0;
  readonly #timer: Timer; // the linger, or the wait before the next try

  constructor(host: AttachmentHost, spec: ChannelSpec, echo: boolean) {
    const { adapter, clock, onThrow } = host.context;
    this.host = host;
    this.spec = spec;
    this.echo = echo;
    this.capabilities = adapter.capabilitiesFor?.(spec) ?? adapter.capabilities;
    this.state = createStore<ChannelState>('idle', onThrow);
    this.listeners = new Listeners(onThrow);
    this.gaps = new Emitter(onThrow);
    this.errors = new Emitter(onThrow);
    this.continuity = new Continuity(spec.name);
    this.presence = new PresenceCore(this);
    this.#timer = new Timer(clock);
  }

  get name(): string {
    return this.spec.name;
  }

  /** Fires when nothing will come any more, with the reason: closed, detached, failed. New after each attach. */
  get life(): AbortSignal {
    return this.#life.signal;
  }

  // --- use ---

  /** Attached from now on; the returned function ends this use and may be called again. */
  hold(): (lingerMs?: number) => void {
    const { active, context } = this.host;
    const state = this.state.get();
    active.set(this.name, this);
    if (this.#holds++ === 0 || (state !== 'attached' && state !== 'attaching')) this.#begin();
    let isHeld = true;
    return (lingerMs = context.lingerMs) => {
      if (!isHeld) return;
      isHeld = false;
      if (--this.#holds > 0) return;
      if (lingerMs === 0) this.#detach();
      else this.#timer.start(lingerMs, () => this.#detach());
    };
  }

  /** @throws {RealtimeError} timeout · aborted · detached · suspended · why it failed */
  whenAttached(signal?: AbortSignal): Promise<Session> {
    const { context, connection } = this.host;
    return context.within(
      `attaching '${this.name}'`,
      [this.life, connection.life, signal],
      (inner) =>
        until(this.state, inner, (state) => {
          if (state === 'failed' || this.error?.code === 'suspended')
            throw this.error as RealtimeError;
          return state === 'attached' ? connection.session : undefined;
        }),
    );
  }

  /** Asks again for what this channel is now: somebody began to watch its members. */
  refresh(): void {
    const { session } = this.host.connection;
    if (session && this.state.get() === 'attached' && this.#asked.mode === 'none')
      void this.#send(session);
  }

  // --- attaching ---

  #begin(): void {
    const { connection } = this.host;
    this.#timer.stop();
    if (this.life.aborted) this.#life = new AbortController();
    this.#go('attach');
    connection.ensure();
    // Listeners of one tick share one attach, so that it can ask for the longest rewind.
    queueMicrotask(() => {
      if (this.state.get() !== 'attaching' || this.#isSent) return;
      const error = connection.unavailable();
      if (error) this.unavailable(error);
      else if (connection.session) void this.#send(connection.session);
    });
  }

  /** The connection is there. A vendor that attaches again by itself gets the time to do so. */
  connected(session: Session): void {
    const { timeoutMs, adapter } = this.host.context;
    if (this.#holds === 0) return this.#detach();
    if (this.life.aborted) this.#life = new AbortController();
    this.error = undefined;
    this.#go('attach');
    if (adapter.capabilities.reconnect === 'core' || !this.continuity.resumes)
      void this.#send(session);
    else
      this.#timer.start(
        timeoutMs,
        () => this.state.get() === 'attaching' && void this.#send(session),
      );
  }

  async #send(session: Session): Promise<void> {
    const { context, connection } = this.host;
    const { continuity, spec, echo, name } = this;
    const mine = ++this.#tries;
    const rewinds =
      continuity.resumes || this.capabilities.rewind === 'none' ? [] : this.listeners.held();
    const { mode, own } = this.presence.wanted();
    this.#asked = { mode, own, rewinds };
    this.#isSent = true;
    if (this.#holds > 0) this.#timer.stop();
    const request: Omit<AttachRequest, 'signal'> = {
      spec,
      echo,
      presence: mode,
      presenceData: own?.data,
      cursor: continuity.cursor,
      rewind: Math.max(0, ...rewinds.map(({ rewind }) => rewind)) || undefined,
    };
    try {
      await context.within(`attaching '${name}'`, [connection.life, this.life], (signal) =>
        session.attach(name, { ...request, signal }),
      );
    } catch (error) {
      if (mine === this.#tries) this.#refused(error as RealtimeError);
    }
  }

  #refused(error: RealtimeError, isFinal = !error.retryable, retryAfterMs = 0): void {
    const { context } = this.host;
    this.error = error;
    this.#stop();
    if (!isFinal) {
      this.#go('refused');
      const delayMs = retryAfterMs + backoffMs(this.#failures++, context, context.random);
      this.#timer.start(delayMs, () => (this.#holds > 0 ? this.#begin() : this.#detach()));
    } else this.#end('denied', error);
    this.report(error);
  }

  // --- what the adapter reports ---

  attached(info: AttachedInfo): void {
    if (!nextChannelState(this.state.get(), 'attached')) return; // it crossed our detach
    this.error = undefined;
    this.#failures = 0;
    if (this.#holds > 0) this.#timer.stop();
    this.continuity.attached(info);
    this.presence.attached(this.#asked.own);
    this.#go('attached');
    if (!info.backlog) this.replayed();
    this.host.onAttached();
    if (this.presence.wanted().mode !== 'none') this.refresh();
  }

  replayed(): void {
    const { backlog, gap } = this.continuity.replayed();
    if (gap) this.gaps.emit(gap);
    for (const registration of this.#asked.rewinds) this.listeners.release(registration, backlog);
    for (const registration of this.listeners.held()) this.rewind(registration);
  }

  received(inbound: Inbound): void {
    const { continuity, name } = this;
    if (
      this.state.get() !== 'attached' ||
      inbound.action !== 'create' ||
      !continuity.accept(inbound)
    )
      return;
    if (continuity.backlog) continuity.backlog.push(toMessage(name, inbound));
    else if (this.echo || inbound.replayed || !inbound.id?.startsWith(`${this.host.context.nonce}:`)) {
      this.listeners.dispatch(toMessage(name, inbound));
    }
  }

  /** The service ended this channel. */
  dropped({ error, retry, retryAfterMs }: Drop): void {
    this.#refused(error, retry === 'never', retryAfterMs);
  }

  // --- what the connection reports ---

  interrupted(): void {
    this.#stop();
    if (this.#holds > 0) this.#timer.stop();
    this.#go('interrupted');
  }

  /** Suspended, closed or failed: nothing comes for now. */
  unavailable(error: RealtimeError): void {
    this.error = error;
    if (error.code === 'suspended') return this.#go('exhausted');
    this.#reset();
    this.#end(error.code === 'closed' ? 'detach' : 'denied', error);
    if (this.#holds === 0) this.host.active.delete(this.name);
  }

  // --- helpers ---

  /** Serves one listener that came late; one that is early is served by the attach. */
  rewind(registration: Registration): void {
    if (this.state.get() === 'attached' && this.continuity.resumes)
      void rewindFromHistory(this, registration);
  }

  /** To the channel's own listeners; else to the client's. */
  report(error: RealtimeError): void {
    if (this.errors.size > 0) this.errors.emit(error);
    else this.host.context.report(error);
  }

  #detach(): void {
    const { connection, context, active } = this.host;
    const { session } = connection;
    const wasSent = this.#isSent;
    this.#reset();
    this.error = undefined;
    active.delete(this.name);
    this.#end('detach', new RealtimeError('detached', `'${this.name}' was detached`));
    if (!wasSent || !session) return;
    session
      .detach(this.name)
      .catch((error: unknown) => context.log('debug', 'detach failed', { error: String(error) }));
  }

  /** Data flows no more, and comes back. */
  #stop(): void {
    this.#tries++;
    this.#isSent = false;
    this.presence.interrupted();
    const gap = this.continuity.interrupted();
    if (gap) this.gaps.emit(gap);
  }

  /** The next attachment starts from nothing, so that a remount gets its rewind again. */
  #reset(): void {
    this.#stop();
    this.continuity = new Continuity(this.name);
    this.presence.detached();
  }

  #end(event: 'detach' | 'denied', reason: RealtimeError): void {
    this.#timer.stop();
    this.#life.abort(reason);
    this.#go(event); // last: who hears of it may begin anew
  }

  #go(event: ChannelEvent): void {
    const next = nextChannelState(this.state.get(), event);
    if (next) this.state.set(next);
  }
}
