/** `@anywire/backend/pusher`: Pusher Channels for the backend kit. @module */
export { pusher, type PusherProviderOptions } from './pusher.ts';
