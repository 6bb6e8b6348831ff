/**
 * `@anywire/protocol/client`: one `anywire.v1` session over any pipe. For authors of adapters.
 *
 * @module
 */
export { subprotocol } from '../frames.ts';
export { createSession } from './session.ts';
export { declared, openSession, type CoreParts, type V1Capabilities } from './adapter.ts';
export type * from './host.ts';
export type { BinaryCodec } from '../binary-codec.ts';
