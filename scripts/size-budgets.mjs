/**
 * What each entry point may cost a page: minified and gzipped (level 9), in bytes; 1 KB is 1,000.
 *
 * `targetBytes` is what we want; `failBytes` is what we have and a little more, so that nothing grows unseen.
 * Lower it with each success. @see docs/decisions/0004-size.md
 */

/** @typedef {{ name: string, code: string, external?: string[], targetBytes: number, failBytes: number }} Budget */

const core = ['@anywire/core', '@anywire/core/*'];

/** @type {readonly Budget[]} */
export const budgets = [
  {
    name: 'core',
    code: `export * from '@anywire/core';`,
    targetBytes: 9_000,
    failBytes: 17_050,
  },
  {
    name: 'core/intercept (core apart)',
    code: `export * from '@anywire/core/intercept';`,
    targetBytes: 1_700,
    failBytes: 1_700,
  },
  {
    name: 'core/encryption (core apart)',
    code: `export * from '@anywire/core/encryption';`,
    targetBytes: 1_500,
    failBytes: 1_500,
  },
  {
    name: 'core/chunking (core apart)',
    code: `export * from '@anywire/core/chunking';`,
    targetBytes: 1_900,
    failBytes: 1_900,
  },
  {
    name: 'core/logger (core apart)',
    code: `export * from '@anywire/core/logger';`,
    targetBytes: 1_200,
    failBytes: 1_200,
  },
  {
    name: 'core/otel (core apart)',
    code: `export * from '@anywire/core/otel';`,
    external: ['@opentelemetry/api'],
    targetBytes: 1_300,
    failBytes: 1_300,
  },
  {
    name: 'core/dialect (core apart)',
    code: `export * from '@anywire/core/dialect';`,
    targetBytes: 2_500,
    failBytes: 8_500,
  },
  {
    name: 'core/explain',
    code: `export * from '@anywire/core/explain';`,
    targetBytes: 2_200,
    failBytes: 2_400,
  },
  {
    name: 'core + persist',
    code: `export * from '@anywire/core'; export { indexedDb, persist } from '@anywire/core/persist';`,
    targetBytes: 16_000,
    failBytes: 20_650,
  },
  {
    name: 'adapter-ws (core apart)',
    code: `export * from '@anywire/adapter-ws';`,
    external: core,
    targetBytes: 2_000,
    failBytes: 3_700,
  },
  {
    name: 'MessagePack for adapter-ws',
    code: `export * from '@anywire/adapter-ws/messagepack';`,
    targetBytes: 2_500,
    failBytes: 2_500,
  },
  {
    name: 'adapter-sse (core apart)',
    code: `export * from '@anywire/adapter-sse';`,
    external: core,
    targetBytes: 2_000,
    failBytes: 8_850,
  },
  {
    name: 'adapter-socketio (core and socket.io-client apart)',
    code: `export * from '@anywire/adapter-socketio';`,
    external: [...core, 'socket.io-client'],
    targetBytes: 2_500,
    failBytes: 5_500,
  },
  {
    name: 'core/backend (core apart)',
    code: `export * from '@anywire/core/backend';`,
    targetBytes: 1_500,
    failBytes: 2_500,
  },
  {
    name: 'adapter-pusher (core and pusher-js apart)',
    code: `export * from '@anywire/adapter-pusher';`,
    external: [...core, 'pusher-js'],
    targetBytes: 2_000,
    failBytes: 6_400,
  },
  {
    name: 'adapter-ably (core and ably apart)',
    code: `export * from '@anywire/adapter-ably';`,
    external: [...core, 'ably'],
    targetBytes: 2_000,
    failBytes: 3_750,
  },
  {
    name: 'adapter-supabase (core and realtime-js apart)',
    code: `export * from '@anywire/adapter-supabase';`,
    external: [...core, '@supabase/realtime-js'],
    targetBytes: 2_000,
    failBytes: 4_100,
  },
  {
    name: 'core + adapter-ws',
    code: `export * from '@anywire/core'; export * from '@anywire/adapter-ws';`,
    targetBytes: 11_000,
    failBytes: 20_400,
  },
];
