/**
 * Builds every package into its `dist`, two at a time: ESM, CJS and declarations for both.
 *
 * @see tsup.shared.ts
 */
import { packages } from './packages.mjs';
import { mapLimit, run } from './process.mjs';

const results = await mapLimit(packages, 2, async ({ folder, path }) => {
  const { code, output, durationMs } = await run(['pnpm', 'exec', 'tsup'], { cwd: path });
  const note = code === 0 ? `${(durationMs / 1_000).toFixed(1)} s` : `FAILED\n${output}`;
  console.log(`${folder}: ${note}`);
  return code;
});

process.exit(results.some((code) => code !== 0) ? 1 : 0);
