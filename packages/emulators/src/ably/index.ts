/** Ably, emulated. @see README.md */
export { startAbly, type AblyServer, type AblyServerOptions } from './server.ts';
export type { AblyControls, Which } from './controls.ts';
export type { Interceptor } from './faults.ts';
export type { AblyKey, AblyLimits, AblyNamespace, AblyOptions, AblyTimes } from './options.ts';
