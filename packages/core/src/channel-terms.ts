/**
 * What one channel is: its definition, what it has by all that the service has said so far, and what the app requires.
 *
 * When it is attached is decided by `attachment.ts`; how capabilities are narrowed, by `narrow.ts`.
 *
 * @see docs/semantics.md#capabilities · channel-terms.test.ts
 */
import type { ChannelState, Requirements } from './api.ts';
import type { Capabilities } from './capabilities.ts';
import { type ChannelEvent, channelTransitions } from './channel-machine.ts';
import type { ChannelDefinition, ChannelSpec, ResolvedChannel } from './channels.ts';
import type { Client } from './context.ts';
import type { AttachedInfo, OpenedInfo } from './contract.ts';
import { Emitter } from './emitter.ts';
import type { RealtimeError } from './errors.ts';
import { Lifecycle } from './lifecycle.ts';
import { narrowing } from './narrow.ts';

export class ChannelTerms extends Lifecycle<ChannelState, ChannelEvent> {
  readonly spec: ChannelSpec;
  readonly definition: ChannelDefinition | undefined;
  readonly echo: boolean;
  readonly name: string;
  readonly errors: Emitter<RealtimeError>;
  /** Without these the channel is of no use. */
  required: Requirements = {};

  readonly #narrowed: ReturnType<typeof narrowing>;
  /** What the backend said when it attached, and on which connection. */
  #info: AttachedInfo | undefined;
  #infoOf: OpenedInfo | undefined;

  constructor(client: Client, { spec, definition }: ResolvedChannel, echo: boolean) {
    const { adapter, onThrow } = client;
    super(client, channelTransitions, 'idle');
    this.spec = spec;
    this.definition = definition;
    this.echo = echo;
    this.name = spec.name;
    this.errors = new Emitter(onThrow);
    this.#narrowed = narrowing(adapter.capabilitiesFor?.(spec) ?? adapter.capabilities);
  }

  /** What was said on an earlier connection counts until there is a new one. */
  get capabilities(): Capabilities {
    const { info } = this.client.connection;
    return this.#narrowed(info?.limits, info === this.#infoOf ? this.#info?.limits : undefined);
  }

  /** The backend may hold what it was told: the connection stands, or a vendor brings it back. */
  get mayBeKnown(): boolean {
    const { adapter, connection } = this.client;
    return adapter.capabilities.reconnect === 'adapter' || connection.session !== undefined;
  }

  protected stated(info: AttachedInfo): void {
    this.#info = info;
    this.#infoOf = this.client.connection.info;
  }

  /** To the channel's own listeners; else to the client's. */
  report(error: RealtimeError): void {
    if (this.errors.size > 0) this.errors.emit(error);
    else this.client.report(error);
  }
}
