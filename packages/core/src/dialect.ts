/**
 * `@anywire/core/dialect`: how a server that knows nothing of us is spoken to, for the adapters of a WebSocket, an event
 * stream and others.
 *
 * The dialect brings the session with it, so that adapters pay nothing for dialects that nobody uses.
 *
 * @see docs/existing-servers.md · docs/decisions/0017-dialects.md
 * @module
 */
import type { Adapter, Capabilities } from './contract.ts';
import { capabilitiesFor, capabilitiesOf } from './dialect-capabilities.ts';
import { checkDialect } from './dialect-check.ts';
import { type OpenDialectPipe, readingPipe, wireOfPipe } from './dialect-pipe.ts';
import { openDialect } from './dialect-session.ts';
import type { DialectSpec, DialectTransport } from './dialect-spec.ts';
import { type StreamParts, wireOfStream } from './dialect-stream.ts';
import type { OpenWire } from './dialect-wire.ts';
import { RealtimeError } from './errors.ts';

export type * from './dialect-received.ts';
export type * from './dialect-spec.ts';
export type * from './dialect-wire.ts';
export type { StreamParts } from './dialect-stream.ts';
export type { DialectPipe, DialectPipeEvents, OpenDialectPipe } from './dialect-pipe.ts';

/** What an adapter of each transport lends. */
export interface DialectOpeners {
  readonly ws: OpenDialectPipe;
  readonly sse: StreamParts;
  readonly socketio: OpenWire<'socketio'>;
}

/** A dialect that was checked: give it to the adapter of its transport. */
export interface Dialect<On extends DialectTransport = DialectTransport> {
  readonly name: string;
  readonly on: On;
  /** What the server can do, by what the dialect has. */
  readonly capabilities: Capabilities;
  /**
   * For adapters: the dialect over their wire.
   *
   * @throws {RealtimeError} `invalid` when it is another transport's
   */
  adapter(transport: DialectTransport, open: DialectOpeners[On]): Adapter;
}

/**
 * Checks how a server is spoken to, and makes it something that an adapter takes: `ws({ url, dialect })`.
 *
 * @throws {RealtimeError} `invalid`, with what to write instead
 */
export function defineDialect<const On extends DialectTransport>(
  spec: DialectSpec<On>,
): Dialect<On> {
  checkDialect(spec);
  const { name, on } = spec;
  const capabilities = capabilitiesOf(spec);
  return {
    name,
    on,
    capabilities,
    adapter(transport, open) {
      if (transport !== on)
        throw new RealtimeError(
          'invalid',
          `dialect '${name}' is for ${on}: write ${on}({ url, dialect }), or on: '${transport}' in the dialect`,
        );
      const [spoken, wire] = over(spec, open);
      return {
        name,
        specVersion: 1,
        capabilities,
        capabilitiesFor: (channel) => capabilitiesFor(spec, capabilities, channel.name),
        open: (link, resume) => openDialect(spoken, wire, link, resume),
      };
    },
  };
}

/** The session knows frames, and not of which transport they are. */
function over<On extends DialectTransport>(
  spec: DialectSpec<On>,
  open: DialectOpeners[On],
): readonly [DialectSpec, OpenWire<DialectTransport>] {
  const any: unknown = spec;
  const lent: unknown = open;
  const wires: Readonly<Record<DialectTransport, () => readonly [unknown, unknown]>> = {
    ws: () => {
      const read = readingPipe(any as DialectSpec<'ws'>);
      return [read, wireOfPipe(lent as OpenDialectPipe, read)];
    },
    sse: () => [any, wireOfStream(lent as StreamParts, any as DialectSpec<'sse'>)],
    socketio: () => [any, lent],
  };
  return wires[spec.on]() as readonly [DialectSpec, OpenWire<DialectTransport>];
}
