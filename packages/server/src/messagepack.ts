/**
 * `@anywire/server/messagepack`: MessagePack, as the codec that clients and server choose at the handshake.
 *
 * @see docs/protocol.md#codecs
 * @module
 */
export { messagePack, type BinaryCodec } from '@anywire/protocol/messagepack';
