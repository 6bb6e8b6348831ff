/** `@anywire/adapter-pusher`: Anywire over Pusher Channels. @see README.md @module */
export { pusher, type ClientOptions, type KeyOptions, type PusherOptions } from './pusher.ts';
export type { PusherChannelLike, PusherClass, PusherLike } from './pusher-like.ts';
export { remoteName as pusherName } from './names.ts';
