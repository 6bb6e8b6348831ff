/**
 * Bytes to frames, held to the same rules as text. One transport message holds one or more frames, one after the other.
 *
 * @see codec.ts for text, and for what is answered to what · decode-packed.test.ts
 */
import type { BinaryCodec } from './binary-codec.ts';
import {
  defaultMaxDepth,
  refusal,
  refused,
  requestOf,
  type Decoded,
  type DecodeOptions,
} from './codec.ts';
import type { ClientFrame } from './frames.ts';
import { clientShapes } from './rules.ts';

/** Reads what a client sent. Stops after the first frame that ends the connection. */
export function unpackClientFrames(
  codec: BinaryCodec,
  bytes: Uint8Array,
  { maxDepth = defaultMaxDepth }: DecodeOptions = {},
): Decoded<ClientFrame>[] {
  const decoded: Decoded<unknown>[] = [];
  let at = 0;
  do {
    let frame: Decoded<unknown>;
    try {
      const unpacked = codec.decode(bytes, at, maxDepth);
      at = unpacked.end;
      const { problem, payload: packed, ...rest } = unpacked;
      frame =
        refusal(rest.frame, clientShapes) ??
        (problem === undefined
          ? { ok: true, frame: rest.frame, payload: jsonOf(rest.frame['d']), packed }
          : refused('invalid', problem, requestOf(rest.frame)));
    } catch {
      frame = refused('bad_frame', `a frame must be a map of ${codec.subprotocol}`);
    }
    decoded.push(frame);
    if (!frame.ok && frame.reason !== 'invalid') break;
  } while (at < bytes.length);
  return decoded as Decoded<ClientFrame>[];
}

/** Bytes have no JSON. */
function jsonOf(data: unknown): string | undefined {
  return data instanceof Uint8Array ? undefined : JSON.stringify(data);
}
