/**
 * A WebSocket as a wire: frames are JSON, or what the dialect's own `encode` and `decode` make of them.
 *
 * @see dialect-wire.ts
 */
import { guarded } from './dialect-calls.ts';
import type { DialectSpec } from './dialect-spec.ts';
import type { OpenWire, WireHandshake } from './dialect-wire.ts';

/** What a pipe reports: as those of `anywire.v1` do. */
export interface DialectPipeEvents {
  opened(): void;
  received(message: string | Uint8Array): void;
  alive(): void;
  closed(info: { readonly code: number; readonly reason: string }): void;
}

/** Carries messages both ways. */
export interface DialectPipe {
  send(message: string | Uint8Array): void;
  close(code: number, reason: string): void;
  readonly native?: unknown;
}

/** @param addressOf - What becomes of the URL. */
export type OpenDialectPipe = (
  events: DialectPipeEvents,
  protocols: readonly string[],
  addressOf: WireHandshake['address'],
) => DialectPipe;

/** What most servers speak. */
const toText = (frame: unknown): string => JSON.stringify(frame);

/** A server's `pong` is no JSON, and no reason to end. */
function fromText(message: string | Uint8Array): unknown {
  if (typeof message !== 'string') return message;
  try {
    return JSON.parse(message) as unknown;
  } catch {
    return message;
  }
}

/** Messages are read where a dialect's own functions may throw: in `receive`. */
export const readingPipe = (spec: DialectSpec<'ws'>): DialectSpec<'ws'> => ({
  ...spec,
  receive: (message, context) =>
    spec.receive((spec.decode ?? fromText)(message as string | Uint8Array), context),
});

export function wireOfPipe(open: OpenDialectPipe, spec: DialectSpec<'ws'>): OpenWire<'ws'> {
  const encode = spec.encode ?? toText;
  return (events, { protocols = [], address }) => {
    const pipe = open({ ...events, opened: () => events.opened() }, protocols, address);
    return {
      send(frame) {
        pipe.send(guarded(spec.name, 'encode', () => encode(frame)));
        return undefined;
      },
      close: () => pipe.close(1000, ''),
      get native() {
        return pipe.native;
      },
    };
  };
}
