// Starts workerd with worker.mjs, bundled as a deployment would bundle it.
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';

const { outputFiles } = await build({
  entryPoints: ['worker.mjs'],
  bundle: true,
  write: false,
  format: 'esm',
  conditions: ['workerd', 'worker'],
  external: ['node:*'],
});
const miniflare = new Miniflare({
  modules: true,
  script: outputFiles[0].text,
  compatibilityDate: '2026-07-01',
  compatibilityFlags: ['nodejs_compat'],
  durableObjects: { HUB: 'Hub' },
});
const { origin } = await miniflare.ready;
console.log(`${origin}/anywire`);
process.once('SIGTERM', async () => {
  await miniflare.dispose();
  process.exit(0);
});
