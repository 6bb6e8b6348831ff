/** `@anywire/adapter-ably`: Ably, by the vendor's own client. @module */
export {};
