/**
 * `@anywire/adapter-sse`: Anywire over plain HTTP: an event stream down and POST up, or long polling.
 *
 * @module
 */
export { sse, type SseOptions } from './sse.ts';
export type { Fetch } from './endpoint.ts';
export type { EventSourceClass, EventSourceLike } from './eventsource-pipe.ts';
