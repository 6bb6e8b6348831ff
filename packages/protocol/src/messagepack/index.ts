/**
 * `@anywire/protocol/messagepack`: frames as MessagePack, for apps that send bytes or count them. Opt-in on both sides;
 * a pipe whose other end does not have it speaks JSON.
 *
 * It reads and writes what JSON has, and bytes: no extension types, no NaN, no keys but texts. Written here, because a
 * server reads it from strangers. @see docs/decisions/0008-binary-and-messagepack.md
 *
 * @see docs/protocol.md#codecs · https://github.com/msgpack/msgpack/blob/master/spec.md
 * @module
 */
import type { BinaryCodec } from '../binary-codec.ts';
import type { ServerFrame } from '../frames.ts';
import { readFrame } from './reader.ts';
import { Writer } from './writer.ts';

export type { BinaryCodec, Unpacked } from '../binary-codec.ts';

/** The codec. Give it to `ws({ codec })` and to `createServer({ codecs: [] })`. */
export function messagePack(): BinaryCodec {
  return {
    subprotocol: 'anywire.v1.msgpack',
    encode: (frame) => new Writer().frame(frame).finish(),
    splice: (header, payload) => new Writer().frame(header, payload).finish(),
    decode: readFrame,

    write(header, payload) {
      if (!payload) return this.encode(header);
      const { json, data } = payload;
      // From its text: that is what the data were at the call.
      return this.encode({ ...header, d: json === undefined ? data : JSON.parse(json) });
    },
    join(frames) {
      const joined = new Uint8Array(frames.reduce((sum, { length }) => sum + length, 0));
      let at = 0;
      for (const frame of frames as readonly Uint8Array[]) {
        joined.set(frame, at);
        at += frame.length;
      }
      return joined;
    },
    read(message, receive) {
      for (let at = 0; at < message.length;) {
        const { frame, end } = this.decode(message as Uint8Array, at);
        at = end;
        receive(frame as unknown as ServerFrame);
      }
    },
  };
}
