/**
 * How every package is built: ESM + CJS, with declarations for both. Each package's
 * `tsup.config.ts` only lists its entry points, so a change of bundler is one edit here.
 *
 * @see docs/decisions/0001-toolchain.md
 */
import { defineConfig } from 'tsup';

/**
 * The tsup configuration of one package.
 *
 * @param entry - Entry points: the name of the output to the source (`{ index: 'src/index.ts' }`).
 * @param libs - What the declarations need of TypeScript's `lib` beyond es2022 and dom; without the
 *   reference that this writes, an app with an older `lib` would have to check with `skipLibCheck`.
 */
export function library(
  entry: Record<string, string>,
  libs: readonly string[] = [],
): ReturnType<typeof defineConfig> {
  const references = libs.map((lib) => `/// <reference lib="${lib}" />`).join('\n');
  return defineConfig({
    entry,
    format: ['esm', 'cjs'],
    dts: libs.length === 0 ? true : { banner: references },
    target: 'es2022',
    platform: 'neutral',
    external: [/^node:/],
    removeNodeProtocol: false, // `node:sqlite` has no other name
    treeshake: true,
    splitting: true,
    sourcemap: true,
    clean: true,
  });
}
