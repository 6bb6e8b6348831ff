/**
 * `@anywire/emulators/msw`: the emulated services behind the vendors' real addresses, by `msw`: an app's tests need no other
 * configuration.
 *
 * What is intercepted is the global `WebSocket`, and HTTP. `drop()` closes with 3000, for nobody may close with 1006 here; the
 * vendors' clients make the same of both.
 *
 * @see README.md#in-the-place-of-the-vendor
 * @module
 */
export { ablyHandlers, type AblyHandlerOptions, type AblyHandlers } from './ably.ts';
export { pusherHandlers, type PusherHandlerOptions, type PusherHandlers } from './pusher.ts';
export {
  supabaseHandlers,
  type SupabaseHandlerOptions,
  type SupabaseHandlers,
} from './supabase.ts';
