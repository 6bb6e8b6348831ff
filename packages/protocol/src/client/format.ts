/**
 * How frames travel on a pipe: as JSON, or as the codec that both ends have agreed on.
 *
 * @see docs/protocol.md#codecs · session.test.ts
 */
import type { BinaryCodec } from '../binary-codec.ts';
import { spliceText } from '../encode.ts';
import type { ServerFrame } from '../frames.ts';
import type { Data, HostError, Outbound, SessionOptions } from './host.ts';

/** The data of a publish. */
export type Payload = Pick<Outbound, 'data' | 'json'>;

export interface Format {
  encode(header: object, payload?: Payload): Data;
  decode(message: Data, receive: (frame: ServerFrame) => void): void;
  /** What a payload of bytes takes; JSON was measured before. */
  sizeOf(bytes: Uint8Array): number;
}

export function jsonFormat({ toBase64 }: SessionOptions<HostError>['base64']): Format {
  return {
    encode(header, payload) {
      if (!payload) return JSON.stringify(header);
      const { json, data } = payload;
      if (json !== undefined) return spliceText(header, json);
      return spliceText({ ...header, b: 1 }, `"${toBase64(data as Uint8Array)}"`);
    },
    decode(text, receive) {
      for (const line of (text as string).split('\n')) receive(JSON.parse(line) as ServerFrame);
    },
    sizeOf: ({ length }) => Math.ceil(length / 3) * 4,
  };
}

export function binaryFormat(codec: BinaryCodec): Format {
  return {
    encode: (header, payload) =>
      codec.encode(
        payload
          ? { ...header, d: payload.json === undefined ? payload.data : JSON.parse(payload.json) }
          : header,
      ),
    decode(bytes, receive) {
      for (let at = 0; at < bytes.length;) {
        const { frame, end } = codec.decode(bytes as Uint8Array, at);
        at = end;
        receive(frame as unknown as ServerFrame);
      }
    },
    sizeOf: ({ length }) => length,
  };
}
