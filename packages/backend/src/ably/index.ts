/** `@anywire/backend/ably`: Ably for the backend kit. @module */
export { ably, type AblyProviderOptions } from './ably.ts';
