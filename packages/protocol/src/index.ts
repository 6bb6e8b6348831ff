/**
 * `@anywire/protocol`: `anywire.v1`, the wire format between our clients and our server.
 *
 * @module
 */
export * from './frames.ts';
export * from './close-codes.ts';
export * from './error-codes.ts';
export * from './names.ts';
export * from './cursor.ts';
export {
  decodeClientFrames,
  decodeServerFrames,
  defaultMaxDepth,
  isDeeper,
  splitPayload,
  type Decoded,
  type DecodeOptions,
  type Refused,
} from './codec.ts';
export * from './encode.ts';
export * from './binary-codec.ts';
export * from './decode-packed.ts';
export { isBase64, maxExtrasLength } from './rules.ts';
