/** Anywire over Supabase Realtime. @see docs/adapters/supabase.md @module */
export { supabase, type ClientOptions, type OwnOptions, type SupabaseOptions } from './supabase.ts';
export type {
  ChannelLike,
  PresenceLike,
  RealtimeClass,
  RealtimeLike,
  SupabaseLike,
} from './supabase-like.ts';
