import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type BuildResult } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';

const at = (path: string): URL => new URL(`../${path}`, import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'anywire-in-browser-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The package as it is installed: its manifest, with a build of which only what a page gets is real. */
async function install(): Promise<void> {
  const installed = join(folder, 'node_modules/@anywire/backend');
  mkdirSync(join(installed, 'dist'), { recursive: true });
  writeFileSync(join(installed, 'package.json'), readFileSync(at('package.json')));
  for (const name of ['index', 'ably', 'pusher', 'node'])
    writeFileSync(join(installed, `dist/${name}.js`), 'export const createBackend = 1;');
  const outfile = join(installed, 'dist/in-browser.js');
  await build({ entryPoints: [at('src/in-browser.ts').pathname], outfile, format: 'esm' });
}

async function bundle(code: string, platform: 'browser' | 'node'): Promise<BuildResult> {
  await install();
  const options = { bundle: true, write: false, format: 'iife', logLevel: 'silent' } as const;
  return build({ ...options, stdin: { contents: code, resolveDir: folder }, platform });
}

describe('a page', () => {
  it.each(['', '/ably', '/pusher', '/node'])(
    'cannot be built with @anywire/backend%s, for it finds nothing of it there',
    async (entry) => {
      const code = `import { createBackend } from '@anywire/backend${entry}'; createBackend();`;
      await expect(bundle(code, 'browser')).rejects.toThrow(
        /No matching export in .*in-browser.js/,
      );
      expect((await bundle(code, 'node')).errors).toEqual([]);
    },
  );

  it('that is built all the same, by a name that is looked up late, throws what to use instead', async () => {
    const code = `import('@anywire/backend').then(console.log, (error) => (globalThis.told = error.message));`;
    const { outputFiles = [] } = await bundle(code, 'browser');
    const run = new Function('globalThis', `${outputFiles[0]?.text}`) as (page: object) => void;
    const told = await new Promise<unknown>((resolve) => {
      run({
        set told(message: string) {
          resolve(message);
        },
      });
    });
    expect(told).toContain('@anywire/backend belongs on a server');
  });
});
