/**
 * One channel's tie to the backend: who uses it, when it attaches and detaches, what it passes on.
 *
 * Which state follows is decided by `channel-machine.ts`; what the channel has, by `channel-terms.ts`; what reaches the
 * listeners, and what is missing, by `delivery.ts`; members by `presence.ts`. The app sees it through `channel.ts`.
 *
 * @see docs/architecture.md#channel · attachment.test.ts
 */
import { ChannelTerms } from './channel-terms.ts';
import type { ResolvedChannel } from './channels.ts';
import type { Client } from './context.ts';
import type { AttachedInfo, AttachRequest, Drop, Session } from './contract.ts';
import { Delivery } from './delivery.ts';
import { RealtimeError } from './errors.ts';
import { perform } from './perform.ts';
import { PresenceCore, type Wanted } from './presence.ts';
import { lacking } from './unsupported.ts';

export class Attachment extends ChannelTerms {
  readonly delivery: Delivery;
  readonly presence: PresenceCore;

  readonly #holders = new Set<unknown>();
  /** Of the newest attach; undefined when none is out on this connection. */
  #asked: Wanted | undefined;
  /** What the backend was asked for last. */
  #mode: AttachRequest['presence'] = 'none';
  /** The backend may have it; a vendor that attaches again by itself, also while the connection is away. */
  #isKnown = false;
  /** The end of the newest attach, be it good or bad. */
  sent: Promise<void> | undefined;
  /** The end of the newest detach. */
  left: Promise<void> | undefined;
  #cancelLinger = (): void => {};

  constructor(client: Client, resolved: ResolvedChannel, echo: boolean) {
    super(client, resolved, echo);
    this.delivery = new Delivery(this);
    this.presence = new PresenceCore(this);
  }

  get isAttached(): boolean {
    return this.state.get() === 'attached';
  }

  get ready(): Session | undefined {
    return this.isAttached ? this.client.connection.session : undefined;
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
    this.notLater();
    this.#start();
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
    else this.#cancelLinger = this.client.schedule(() => this.#detach(), lingerMs);
  }

  /** Resolves when data flows. @throws {RealtimeError} timeout · aborted · detached · suspended · why it failed */
  whenAttached(signal: AbortSignal | undefined): Promise<void> {
    return perform(this, `attaching '${this.name}'`, [signal], () => {});
  }

  /** Asks again for what this channel is now: somebody began to watch its members, or to count them. */
  refresh(): void {
    const { session } = this.client.connection;
    const { isSettled } = this.delivery; // a rewind or a repair would begin anew
    const isNew = this.presence.needsMoreThan(this.#mode);
    if (session && isSettled && this.isAttached && isNew) this.#send(session);
  }

  // --- attaching ---

  /** It came, broke or ended. A vendor that attaches again by itself gets the time to do so. */
  connectionChanged(): void {
    const isPatient =
      this.client.adapter.capabilities.reconnect === 'adapter' && this.delivery.resumes;
    if (!isPatient || !this.client.connection.session) this.#begin();
    else this.later(this.client.timeoutMs / 2, () => this.#begin()); // who waits has the other half
  }

  #begin(): void {
    const { connection } = this.client;
    const { session } = connection;
    const error = connection.unavailable;
    if (error) return this.#unavailable(error);
    if (!session) {
      this.#stop();
      return this.go('interrupted');
    }
    if (this.#holders.size === 0) return this.#detach();
    this.error = undefined;
    this.#start();
    this.#send(session);
  }

  #start(): void {
    this.begin();
    this.go('attach');
  }

  #send(session: Session): void {
    this.sent = this.#ask(session);
  }

  async #ask(session: Session): Promise<void> {
    const { client, name, life } = this;
    this.presence.narrowed();
    if (life.aborted || this.#lacks()) return;
    const asked = this.presence.wanted();
    const { mode, own } = asked;
    this.#asked = asked;
    this.#mode = mode;
    const operations = own ? (['attach', 'presence'] as const) : (['attach'] as const);
    const isNewest = (): boolean => this.#asked === asked;
    const turn = client.rates.pass(this, operations, [client.connection.broken, life], isNewest);
    if (turn) await turn;
    if (!isNewest()) return;
    this.#isKnown = true;
    const request = {
      ...this.delivery.wanted(),
      spec: this.spec,
      echo: this.echo,
      presence: mode,
      presenceData: own?.data,
    };
    try {
      await client.within(`attaching '${name}'`, [client.connection.broken, life], (signal) =>
        session.attach(name, { ...request, signal }),
      );
      if (this.#asked === asked) this.presence.entered(own);
    } catch (cause) {
      const error = cause as RealtimeError;
      if (this.#asked !== asked) return;
      if (mode === 'none' || error.retryable || !this.capabilities.presence.watchOnly)
        return this.dropped({ error, retry: error.retryable ? 'backoff' : 'never' });
      // It may be presence alone that is refused: what is listened to goes on.
      this.presence.refused(error, own);
      if (!life.aborted) await this.#ask(session);
    }
  }

  // --- what the adapter reports ---

  attached(info: AttachedInfo): void {
    if (!this.can('attached')) return; // it crossed our detach
    this.error = undefined;
    this.failures = 0;
    this.notLater();
    this.stated(info);
    if (this.#lacks()) return;
    this.delivery.attached(info);
    this.presence.narrowed();
    if (!this.#asked) this.presence.entered(undefined); // a vendor, by itself
    this.go('attached');
    if (!info.backlog) this.replayed();
    this.client.outbox.flushSoon();
  }

  replayed(): void {
    if (!this.isAttached) return; // who heard of the attach has detached
    this.delivery.replayed();
    this.refresh();
  }

  /** The service ended this channel, or refused it. */
  dropped({ error, retry, retryAfterMs = 0 }: Drop): void {
    this.#stop();
    this.error = error;
    if (retry === 'never') this.#end('denied', error);
    else {
      this.retry(retryAfterMs, () => this.#begin());
      this.go('refused');
    }
    this.report(error);
  }

  /** Fails the channel where the service has not what the app requires. */
  #lacks(): boolean {
    const error = lacking(this, this.required);
    if (!error) return false;
    this.#letGo();
    this.dropped({ error, retry: 'never' });
    return true;
  }

  /** Suspended, closed or failed: nothing comes for now. */
  #unavailable(error: RealtimeError): void {
    this.#stop();
    this.error = error;
    if (error.code === 'suspended') return this.go('exhausted');
    this.#end(error.code === 'closed' ? 'detach' : 'denied', error);
  }

  /** The backend need not keep it. */
  #letGo(): void {
    const { client, name } = this;
    const { current, broken } = client.connection;
    const session = this.#isKnown ? current : undefined;
    this.#isKnown = false;
    this.left = client
      .within(`detaching '${name}'`, [broken], () => session?.detach(name))
      .catch((error: unknown) => client.log('debug', 'detach failed', { error }));
  }

  #detach(): void {
    this.#letGo();
    this.#stop();
    this.error = undefined;
    this.#end('detach', new RealtimeError('detached', `'${this.name}' was detached`));
  }

  /** Data flows no more. */
  #stop(): void {
    this.#asked = undefined;
    this.#isKnown &&= this.mayBeKnown;
    this.notLater();
    this.presence.interrupted();
    this.delivery.interrupted();
  }

  #end(event: 'detach' | 'denied', reason: RealtimeError): void {
    this.delivery.ended();
    this.presence.detached();
    this.end(reason); // who used it lets go
    this.#cancelLinger();
    if (this.#holders.size === 0) this.client.active.delete(this.name);
    this.go(event);
  }
}
