/**
 * The packages of this repository, as their manifests describe them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { root } from './process.mjs';

/**
 * @typedef {object} Manifest
 * @property {string} name
 * @property {Record<string, unknown>} exports
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [peerDependencies]
 * @property {Record<string, string>} [devDependencies]
 */

/** @typedef {{ folder: string, path: string, manifest: Manifest }} Package */

/** Every folder of `packages/` that has a manifest. @type {readonly Package[]} */
export const packages = readdirSync(`${root}packages`)
  .sort()
  .flatMap((folder) => {
    const path = `${root}packages/${folder}`;
    const manifest = readManifest(`${path}/package.json`);
    return manifest === undefined ? [] : [{ folder, path, manifest }];
  });

/** @param {string} file @returns {Manifest | undefined} */
function readManifest(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
