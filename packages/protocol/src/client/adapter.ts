/**
 * What the adapters of `anywire.v1` share, whatever their pipe: what they declare, and how a session meets core.
 *
 * Structures only, as in host.ts: core's own types fit.
 *
 * @see docs/protocol.md#limits · docs/capabilities.md · connection.test.ts
 */
import type { ClientSession, Host, HostError, OpenPipe, Pipe, SessionOptions } from './host.ts';
import { createSession } from './session.ts';

/** The ceiling of what any channel can have; a server's own limits narrow it when it answers. */
const inJson = {
  ack: 'stored',
  order: 'serial',
  attach: 'confirmed',
  reconnect: 'core',
  resume: { support: 'native', windowMs: 120_000 },
  idempotencyWindowMs: 120_000,
  resendAfterReload: true,
  publish: { maxBatch: 100, inFlight: 1_000, needsAttach: false },
  history: { support: 'native', limit: 1_000, retentionMs: 86_400_000, after: true },
  rewind: 'native',
  presence: {
    support: 'native',
    watchOnly: true,
    update: 'native',
    perInstance: true,
    graceMs: 15_000,
    occupancy: 'emulated',
    maxMembers: 5_000,
  },
  echo: 'native',
  maxPayloadBytes: 65_536,
  limits: {},
} as const;

const noHistory = { support: 'none', limit: 0, retentionMs: 0, after: false } as const;

/** What an `anywire.v1` server can do; core's `Capabilities`. */
export type V1Capabilities = Omit<typeof inJson, 'ack' | 'history' | 'rewind'> & {
  readonly ack: 'stored' | 'accepted';
  readonly history: typeof inJson.history | typeof noHistory;
  readonly rewind: 'native' | 'none';
  readonly binary: 'native' | 'emulated';
};

/**
 * What an adapter declares.
 *
 * @param hasBytes - A codec that carries bytes as they are is offered.
 */
export function declared(hasBytes: boolean): {
  readonly capabilities: V1Capabilities;
  capabilitiesFor(spec: { readonly history: boolean }): V1Capabilities;
} {
  const capabilities: V1Capabilities = { ...inJson, binary: hasBytes ? 'native' : 'emulated' };
  return {
    capabilities,
    // A channel without history is kept for a resume only: a publish is accepted, and cannot be read again.
    capabilitiesFor: ({ history }) =>
      history
        ? capabilities
        : { ...capabilities, ack: 'accepted', history: noHistory, rewind: 'none' },
  };
}

/** What a session takes of core. */
export interface CoreParts<Failure extends HostError> {
  readonly errorCodes: readonly string[];
  readonly RealtimeError: new (
    code: never,
    message: string,
    options?: { cause?: unknown; vendorCode?: number },
  ) => Failure;
  toBase64(bytes: Uint8Array): string;
  fromBase64(text: string): Uint8Array;
}

/** Opens a session of an adapter. */
export function openSession<Failure extends HostError>(
  core: CoreParts<Failure>,
  host: Host<Failure>,
  openPipe: OpenPipe,
  resume: unknown,
): ClientSession<Failure> & { readonly native: unknown } {
  let pipe: Pipe | undefined;
  const options: SessionOptions<Failure> = {
    // Codes of newer servers are errors of the server's to an older client.
    error: (code, message, more) =>
      new core.RealtimeError(
        (core.errorCodes.includes(code) ? code : 'server_error') as never,
        message,
        more,
      ),
    resume,
    base64: core,
  };
  return {
    ...createSession(host, (events) => (pipe = openPipe(events)), options),
    get native() {
      return pipe?.native;
    },
  };
}
