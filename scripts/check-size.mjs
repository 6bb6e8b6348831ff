/**
 * Holds every entry point to its budget, on the sources: no build is needed.
 *
 *     node scripts/check-size.mjs [--detail]     also what each file adds, minified, before gzip
 *
 * @see scripts/size-budgets.mjs
 */
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { root, table } from './process.mjs';
import { budgets } from './size-budgets.mjs';

const rows = [['entry', 'minified', 'gzip', 'target', 'result']];
const isDetailed = process.argv.includes('--detail');
let isFailed = false;

for (const { name, code, external = [], targetBytes, failBytes } of budgets) {
  const { bundle, parts } = await minify(code, external);
  const bytes = gzipSync(bundle, { level: 9 }).byteLength;
  const result = verdict(bundle.byteLength, bytes, targetBytes, failBytes);
  isFailed ||= result.startsWith('FAILED');
  rows.push([name, String(bundle.byteLength), String(bytes), String(targetBytes), result]);
  if (isDetailed) console.log(`${table([[name, 'minified'], ...parts])}\n`);
}

console.log(table(rows));
process.exit(isFailed ? 1 : 0);

/** @param {number} minified @param {number} bytes @param {number} targetBytes @param {number} failBytes */
function verdict(minified, bytes, targetBytes, failBytes) {
  if (minified === 0) return 'FAILED: not bundled, or empty';
  if (bytes > failBytes) return `FAILED: over ${failBytes}`;
  return bytes > targetBytes ? `over the target, fails at ${failBytes}` : 'ok';
}

/** The bundle, or nothing where esbuild finds errors (which it prints).
 *
 * @param {string} code @param {string[]} external
 */
async function minify(code, external) {
  try {
    const { outputFiles, metafile } = await build({
      stdin: { contents: code, resolveDir: root },
      bundle: true,
      minify: true,
      write: false,
      metafile: true,
      format: 'esm',
      target: 'es2022',
      conditions: ['@anywire/source'],
      external,
      logLevel: 'error',
    });
    const inputs = Object.values(metafile.outputs)[0]?.inputs ?? {};
    const parts = Object.entries(inputs)
      .sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput)
      .map(([file, { bytesInOutput }]) => [file, String(bytesInOutput)]);
    return { bundle: outputFiles[0]?.contents ?? new Uint8Array(), parts };
  } catch {
    return { bundle: new Uint8Array(), parts: [] };
  }
}
