/** Pusher Channels, emulated. @see README.md */
export { startPusher, type PusherServer, type PusherServerOptions } from './server.ts';
export type { PusherControls, Which } from './controls.ts';
export type {
  PusherApp,
  PusherLimits,
  PusherOptions,
  PusherTimes,
  PusherVariant,
  PusherWebhook,
  WebhookEventName,
} from './options.ts';
