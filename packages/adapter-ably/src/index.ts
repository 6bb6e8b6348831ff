/** `@anywire/adapter-ably`: Ably, by the vendor's own client. @module */
export { ably, type AblyOptions, type ClientOptions, type OwnOptions } from './ably.ts';
export type * from './ably-like.ts';
