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
export * from './codec.ts';
export * from './encode.ts';
