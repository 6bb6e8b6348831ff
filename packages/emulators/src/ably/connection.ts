/** One connection, over all its sockets, and how something is said to it. */
import type { World } from './app.ts';
import type { Grant } from './auth.ts';
import type { Attachment } from './channel.ts';
import { encodeFrame, type Format } from './codec.ts';
import { errorInfo, type AblyError } from './errors.ts';
import { intercepted } from './faults.ts';
import { actions, type Frame } from './protocol.ts';

/** The way to a client, whatever carries it. */
export interface Pipe {
  send(data: string | Uint8Array): void;
  /** 1006: as if the network had done it. */
  close(code: number): void;
  /** Where the carrier has pings of its own. */
  ping(): void;
}

/** A socket, and how it wants to be talked to. */
export interface Transport {
  readonly pipe: Pipe;
  readonly format: Format;
  /** Heartbeats are frames; else pings of the carrier. */
  readonly heartbeats: boolean;
  /** Half-open: nothing goes out, what comes in is lost. */
  isMuted: boolean;
  stopTimers: () => void;
}

export interface Connection {
  readonly world: World;
  readonly id: string;
  /** What a resume shows. */
  readonly key: string;
  grant: Grant;
  /** Own messages come back. */
  echo: boolean;
  /** Undefined: it may be resumed. */
  transport: Transport | undefined;
  readonly attachments: Map<string, Attachment>;
  /** What was answered to each msgSerial: a resend hears it again. */
  readonly answers: Map<number, Frame>;
  /** When the messages of the last second were sent. */
  sentMs: number[];
  /** It cannot be resumed: the service has lost what it knew of it. */
  isForgotten: boolean;
  /** Ends its state, once nobody has come back. */
  stopExpiry: () => void;
}

export function send(connection: Connection, frame: Frame): void {
  const { world, id, transport } = connection;
  if (!transport) return;
  for (const one of intercepted(world.faults, frame, 'out', id)) sendRaw(transport, one);
}

/** To a socket that has no connection yet, too. */
export function sendRaw({ pipe, format, isMuted }: Transport, frame: Frame): void {
  if (!isMuted) pipe.send(encodeFrame(frame, format));
}

/** The connection fails, for good; or one channel does. */
export function sendError(connection: Connection, error: AblyError, channel?: string): void {
  const named = channel === undefined ? {} : { channel };
  send(connection, { action: actions.error, ...named, error: errorInfo(error) });
}
