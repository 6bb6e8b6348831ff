/**
 * How frames travel on a pipe: as JSON, unless both ends have agreed on a codec.
 *
 * @see docs/protocol.md#codecs · binary-codec.ts · format.test.ts
 */
import { spliceText } from '../encode.ts';
import type { ServerFrame } from '../frames.ts';
import type { Data, HostError, Outbound, SessionOptions } from './host.ts';

/** The data of a publish. */
export type Payload = Pick<Outbound, 'data' | 'json'>;

/** Writes and reads transport messages: all of one pipe are text, or all are bytes. */
export interface Format {
  /** One frame. */
  write(header: object, payload?: Payload): Data;
  /** Several frames as one message. */
  join(frames: readonly Data[]): Data;
  /** Hands out the frames of a message, in order. @throws {Error} where it cannot be read */
  read(message: Data, receive: (frame: ServerFrame) => void): void;
}

export const jsonFormat = ({ toBase64 }: SessionOptions<HostError>['base64']): Format => ({
  write(header, payload) {
    if (!payload) return JSON.stringify(header);
    const { json, data } = payload;
    return json === undefined
      ? spliceText({ ...header, b: 1 }, `"${toBase64(data as Uint8Array)}"`)
      : spliceText(header, json);
  },
  join: (frames) => frames.join('\n'),
  read(text, receive) {
    for (const line of (text as string).split('\n')) receive(JSON.parse(line) as ServerFrame);
  },
});
