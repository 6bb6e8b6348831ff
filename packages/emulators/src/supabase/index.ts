/** Supabase Realtime, emulated. @see README.md */
export { startSupabase, type SupabaseServer, type SupabaseServerOptions } from './server.ts';
export type { Change } from './changes.ts';
export type { SupabaseControls } from './controls.ts';
export type { Interceptor } from './faults.ts';
export type { Frame } from './frames.ts';
export type { PolicyRequest, SupabaseLimits, SupabaseOptions, SupabaseTimes } from './options.ts';
export { signToken, type Claims } from './tokens.ts';
