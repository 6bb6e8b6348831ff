/**
 * What is optional costs nothing when it is not imported: it is in no bundle of core, and core in none of it.
 */
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

/** The files of ours that a page loads for `code`. */
async function filesOf(code: string): Promise<string[]> {
  const { metafile } = await build({
    stdin: { contents: code, resolveDir: process.cwd() },
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    conditions: ['@anywire/source'],
    external: ['@opentelemetry/api'],
  });
  return Object.entries(Object.values(metafile.outputs)[0]?.inputs ?? {})
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .flatMap(([file]) => /^packages\/core\/src\/(.+)\.ts$/.exec(file)?.[1] ?? []);
}

const core = await filesOf(`export * from '@anywire/core';`);

it.each([
  ['errors', ['errors']],
  ['intercept', ['deadline', 'emitter', 'errors', 'inlet', 'intercept', 'narrow', 'outlet', 'receipt', 'through']], // prettier-ignore
  ['encryption', ['encryption', 'errors', 'extras', 'payload']],
  ['chunking', ['chunking', 'errors', 'extras', 'payload']],
  ['logger', ['errors', 'logger']],
  ['otel', ['errors', 'otel']],
])('%s is made of %j', async (entry, files) => {
  expect((await filesOf(`export * from '@anywire/core/${entry}';`)).sort()).toEqual(files);
});

it('core holds none of its optional entry points', () => {
  const { exports } = JSON.parse(readFileSync('packages/core/package.json', 'utf8')) as {
    exports: Readonly<Record<string, { '@anywire/source': string }>>;
  };
  const optional = Object.keys(exports)
    .map((name) => name.replace('./', ''))
    .filter((name) => !['.', 'errors'].includes(name));
  expect(optional).toEqual(expect.arrayContaining(['persist', 'explain', 'intercept', 'memory']));
  expect(core).toContain('realtime');
  expect(core.filter((file) => optional.includes(file))).toEqual([]);
});
