/**
 * `@anywire/adapter-sse`: Anywire over plain HTTP: an event stream down and POST up, or long polling.
 *
 * @module
 */
export {};
