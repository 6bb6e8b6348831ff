/**
 * What each entry point may cost a page: minified and gzipped (level 9), in bytes; 1 KB is 1,000.
 *
 * For scale: a client with presence and history but no repair is about 24 KB, one with neither 4.
 * An entry over `warnBytes` is named, over `failBytes` fails the check.
 */

/** @typedef {{ name: string, code: string, external?: string[], warnBytes: number, failBytes: number }} Budget */

const core = ['@anywire/core', '@anywire/core/*'];

/** @type {readonly Budget[]} */
export const budgets = [
  {
    name: 'core',
    code: `export * from '@anywire/core';`,
    warnBytes: 9_000,
    failBytes: 10_000,
  },
  {
    name: 'adapter-ws (core apart)',
    code: `export * from '@anywire/adapter-ws';`,
    external: core,
    warnBytes: 2_000,
    failBytes: 2_000,
  },
  {
    name: 'core + adapter-ws',
    code: `export * from '@anywire/core'; export * from '@anywire/adapter-ws';`,
    warnBytes: 11_000,
    failBytes: 11_000,
  },
];
