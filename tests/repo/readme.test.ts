/**
 * What README.md shows is true: its code compiles, its commands exist, its links lead somewhere.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defaults } from '@anywire/core';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { budgets } from '../../scripts/size-budgets.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const files = ['README.md', 'CONTRIBUTING.md'];
const maxReadmeLines = 120;

describe.each(files)('%s', (file) => {
  const text = readFileSync(root + file, 'utf8');

  it('names only commands that package.json has', () => {
    const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...text.matchAll(/\bnpm (?:run ([\w:-]+)|(test)\b)/g)];
    expect(named.length).toBeGreaterThan(0);
    const unknown = named.map(([, run, test]) => run ?? test ?? '');
    expect(unknown.filter((name) => !(name in manifest.scripts))).toEqual([]);
  });

  it('links only to files that exist', () => {
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link ?? '');
    expect(links.filter((link) => !existsSync(root + link))).toEqual([]);
  });
});

it.each([
  'README.md',
  'packages/core/README.md',
  'packages/adapter-sse/README.md',
  'packages/adapter-socketio/README.md',
  'packages/emulators/README.md',
  'packages/adapter-ably/README.md',
  'packages/adapter-pusher/README.md',
  'packages/adapter-supabase/README.md',
  'packages/backend/README.md',
  'docs/adapters/ably.md',
  'docs/adapters/pusher.md',
  'docs/adapters/supabase.md',
  'docs/existing-servers.md',
  'docs/migrating/pusher-to-ably.md',
  'docs/migrating/socketio-to-pusher.md',
])('the code of %s type-checks as it stands', (file) => {
  const text = readFileSync(root + file, 'utf8');
  const snippets = [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code ?? '');
  expect(snippets.length).toBeGreaterThan(0);
  expect(snippets.flatMap(diagnose)).toEqual([]);
});

it('packages/core/README.md states each default as it is', () => {
  const text = readFileSync(`${root}packages/core/README.md`, 'utf8');
  const stated = new Map(
    [...text.matchAll(/^\| (`\w+`(?:, `\w+`)*) \| (\S+(?:, \S+)*) \|/gm)].flatMap(
      ([, names = '', values = '']) => {
        const given = values.split(', ');
        return names.split(', ').map((name, at) => [name.replaceAll('`', ''), given[at]] as const);
      },
    ),
  );
  for (const [name, value] of Object.entries(defaults)) {
    const text = typeof value === 'number' ? value.toLocaleString('en-US') : `\`'${value}'\``;
    expect([name, stated.get(name)]).toEqual([name, text]);
  }
});

it('README.md states the size of core that check-size.mjs holds it to, in whole KB', () => {
  const [, stated] = /is under (\d+) KB/.exec(readFileSync(`${root}README.md`, 'utf8')) ?? [];
  const core = budgets.find(({ name }) => name === 'core');
  expect(Number(stated)).toBe(Math.ceil(core!.failBytes / 1_000));
});

it(`README.md has at most ${maxReadmeLines} lines`, () => {
  const lines = readFileSync(`${root}README.md`, 'utf8').split('\n').length;
  expect(lines).toBeLessThanOrEqual(maxReadmeLines);
});

/** Compiles a snippet as if it were a file at the root, with the repository's own strictness. */
function diagnose(code: string): string[] {
  const name = `${root}readme-snippet.ts`;
  const config = ts.getParsedCommandLineOfConfigFile(`${root}tsconfig.json`, undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (problem) => {
      throw new Error(ts.flattenDiagnosticMessageText(problem.messageText, '\n'));
    },
  });
  const options = { ...config?.options, noUnusedLocals: false };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (file) => file === name || fileExists(file);
  host.getSourceFile = (file, language, ...rest) =>
    file === name
      ? ts.createSourceFile(file, code, language)
      : getSourceFile(file, language, ...rest);
  const program = ts.createProgram([name], options, host);
  const source = program.getSourceFile(name);
  return [
    ...program.getSyntacticDiagnostics(source),
    ...program.getSemanticDiagnostics(source),
  ].map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
