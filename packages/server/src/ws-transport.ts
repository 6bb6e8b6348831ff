/**
 * WebSocket: `ws` does the handshake, reads, pings back and closes; what we send goes straight to the socket, as
 * frames that are finished already, all frames of a tick in one write.
 *
 * The two writers cannot mix: without compression `ws` writes each of its own frames (pong, close) whole and at
 * once, as we do, so frames follow each other on the socket; and after its close frame we write nothing.
 *
 * @see ws-transport.test.ts for the proof · frame.ts for the framing
 */
import { subprotocol, type BinaryCodec } from '@anywire/protocol';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Frame } from './frame.ts';
import type { ConnectRequest, Transport, TransportEvents } from './transport.ts';

/** A reason has at most 123 bytes in a close frame. @see RFC 6455 section 5.5 */
const maxReasonBytes = 123;
const encoder = new TextEncoder();
/** How long a client may take to answer a close frame. */
const closeTimeout = 5_000;
/** Frames with fewer bytes in one message are an attack on the reader, not a message. */
const maxFragments = 1_024;

export interface WsAcceptor {
  /** Takes over the socket of an upgrade. `open` is called when the handshake is done. */
  upgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    remoteAddress: string | undefined,
    open: (transport: Transport, request: ConnectRequest) => TransportEvents,
  ): void;
}

/**
 * @param frameBytes - The longest message that a client may send.
 * @param codecs - What it may choose besides JSON.
 */
export function wsAcceptor(frameBytes: number, codecs: readonly BinaryCodec[] = []): WsAcceptor {
  const bySubprotocol = new Map<string, BinaryCodec | undefined>([
    [subprotocol, undefined],
    ...codecs.map((codec) => [codec.subprotocol, codec] as const),
  ]);
  // Not written in place: the types of `ws` do not know `closeTimeout`.
  const options = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: frameBytes,
    maxFragments,
    closeTimeout,
    // Its own answers would pile up, however many, for a client that does not read them.
    autoPong: false,
    handleProtocols: (offered: Set<string>) =>
      [...offered].find((name) => bySubprotocol.has(name)) ?? false,
  };
  const server = new WebSocketServer(options);
  return {
    upgrade(request, socket, head, remoteAddress, open) {
      server.handleUpgrade(request, socket, head, (webSocket) => {
        const codec = bySubprotocol.get(webSocket.protocol);
        const transport = new WsTransport(webSocket, socket, codec);
        const { url = '', headers } = request;
        transport.events = open(transport, { url, headers, remoteAddress });
      });
    },
  };
}

const transportOf = Symbol('transport');
type Ours = WebSocket & { [transportOf]?: WsTransport };

class WsTransport implements Transport {
  /** Set before the first event can come. */
  events!: TransportEvents;
  readonly codec: BinaryCodec | undefined;
  readonly label = 'ws';
  private readonly webSocket: WebSocket;
  private readonly socket: Duplex;

  constructor(webSocket: WebSocket, socket: Duplex, codec: BinaryCodec | undefined) {
    this.codec = codec;
    this.webSocket = webSocket;
    this.socket = socket;
    (webSocket as Ours)[transportOf] = this;
    webSocket.on('message', onMessage);
    webSocket.on('ping', onPing);
    webSocket.on('pong', onPong);
    webSocket.on('close', onClose);
    webSocket.on('error', onError);
  }

  write(frames: Frame | readonly Frame[]): void {
    if (this.webSocket.readyState !== this.webSocket.OPEN) return;
    const { codec } = this;
    if (codec === undefined) this.socket.write('wire' in frames ? frames.wire : joined(frames));
    else if ('wire' in frames) this.socket.write(frames.as(codec).wire);
    else this.socket.write(joined(frames.map((frame) => frame.as(codec))));
  }

  get bufferedBytes(): number {
    return this.socket.writableLength;
  }

  onceDrained(fn: () => void): void {
    if (this.socket.writableNeedDrain) this.socket.once('drain', fn);
    else setImmediate(fn);
  }

  close(code: number, reason: string): void {
    // Only whole characters are written.
    const { read } = encoder.encodeInto(reason, new Uint8Array(maxReasonBytes));
    this.webSocket.close(code, reason.slice(0, read));
  }

  destroy(): void {
    this.webSocket.terminate();
  }

  pause(): void {
    this.webSocket.pause();
  }

  resume(): void {
    this.webSocket.resume();
  }
}

// --- events, shared by all sockets: a closure each would be memory for every idle client ---

function onMessage(this: Ours, data: Buffer, isBinary: boolean): void {
  // A client that was ended may go on to send until the close is done.
  if (this.readyState !== this.OPEN) return;
  const { events, codec } = this[transportOf] ?? {};
  if (isBinary !== (codec !== undefined))
    events?.violated(codec ? 'this codec is binary' : 'this protocol is text');
  else events?.received(isBinary ? data : data.toString());
}

function onPing(this: Ours, data: Buffer): void {
  if (this[transportOf]?.events.controlled()) this.pong(data);
}

/** It answers nothing of ours, and counts all the same. */
function onPong(this: Ours): void {
  this[transportOf]?.events.controlled();
}

function onClose(this: Ours, code: number, reason: Buffer): void {
  this[transportOf]?.events.closed(code, reason.toString());
}

/** A `close` follows, with the code that `ws` chose (1009 for a message over the limit). */
function onError(): void {}

// --- one write ---

/** In one codec. */
type Finished = Pick<Frame, 'wireBytes' | 'writeWire'>;

let lastFrames: readonly Finished[] = [];
let lastBuffer: Buffer | undefined;

/** All frames as one buffer; the same one for the next client that gets the same frames. */
function joined(frames: readonly Finished[]): Buffer {
  const isSame =
    lastFrames.length === frames.length && frames.every((frame, at) => frame === lastFrames[at]);
  if (lastBuffer && isSame) return lastBuffer;
  const buffer = Buffer.allocUnsafe(frames.reduce((sum, frame) => sum + frame.wireBytes, 0));
  let at = 0;
  for (const frame of frames) at = frame.writeWire(buffer, at);
  lastFrames = frames;
  lastBuffer = buffer;
  return buffer;
}
