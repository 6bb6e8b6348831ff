/**
 * Uses the packed packages as an app would: type-checks every entry point, and the type tests, with
 * each supported TypeScript, from ESM and from CommonJS, and loads it in Node both ways.
 *
 * Nothing is installed from a registry: tarballs are unpacked into a `node_modules`, and what they
 * depend on is linked from this repository's.
 *
 * @see check-packages.mjs (writes the tarballs)
 */
import {
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { nodePackages } from './layout-rules.mjs';
import { packages } from './packages.mjs';
import { mapLimit, root, run, table } from './process.mjs';

const compilers = ['typescript-5.9', 'typescript', 'typescript-7.0'];
const app = `${root}.cache/consumer`;
const modules = `${app}/node_modules`;
/** Of a compiler's errors: one missing declaration brings dozens. */
const maxLines = 12;

/** Third-party packages that the types of ours refer to, beside their own dependencies. */
const linked = [
  ...['vitest', '@types/node', '@types/ws'],
  ...['zod', 'valibot', 'arktype', '@standard-schema/spec'], // of the type tests
];

rmSync(app, { recursive: true, force: true });
await unpack();
const entries = entriesOf(packages);
writeLoaders(entries);
writeImports('page', entriesOf(packages.filter(({ folder }) => !nodePackages.test(folder))));
writeImports('node', entries);
const typeTests = writeTypeTests();

const checks = [
  ...compilers.flatMap((compiler) =>
    ['bundler', 'nodenext'].flatMap((resolution) =>
      /** @type {const} */ (['page', 'node', 'types']).map((kind) => ({
        name: `${version(compiler)}, ${resolution}, ${kind}`,
        command: tsc(compiler, resolution, kind),
      })),
    ),
  ),
  { name: 'Node, import', command: ['node', 'load.mjs'] },
  { name: 'Node, require', command: ['node', 'load.cjs'] },
];
const rows = await mapLimit(checks, 2, async ({ name, command }) => {
  const { code, output, durationMs } = await run(command, { cwd: app });
  const errors = relevant(code, output);
  const row = [name, errors === '' ? 'ok' : 'FAILED', `${(durationMs / 1_000).toFixed(1)} s`];
  return { row, errors };
});

console.log(`${entries.length} entry points: ${entries.join(', ')}`);
console.log(`${typeTests.length} type tests: ${typeTests.join(', ')}`);
console.log(table([['consumer', 'result', 'time'], ...rows.map(({ row }) => row)]));
const details = rows.map(({ errors }) => errors).join('');
if (details !== '') console.log(`\n${details}`);
process.exit(details === '' ? 0 : 1);

async function unpack() {
  for (const { folder, manifest } of packages) {
    const into = `${modules}/${manifest.name}`;
    mkdirSync(into, { recursive: true });
    const packs = `${root}.cache/packs/${folder}`;
    const tarball = `${packs}/${readdirSync(packs)[0]}`;
    const done = await run(['tar', '-xzf', tarball, '-C', into, '--strip-components=1']);
    if (done.code !== 0) throw new Error(`could not unpack ${tarball}: ${done.output}`);
  }
  for (const name of linked) link(name, `${root}node_modules`);
  for (const { path, manifest } of packages) {
    const needed = { ...manifest.dependencies, ...manifest.peerDependencies };
    for (const name of Object.keys(needed))
      if (!existsSync(`${modules}/${name}`)) link(name, `${path}/node_modules`);
  }
}

/** @param {string} name @param {string} from a `node_modules` */
function link(name, from) {
  mkdirSync(dirname(`${modules}/${name}`), { recursive: true });
  symlinkSync(realpathSync(`${from}/${name}`), `${modules}/${name}`);
}

/** @param {readonly import('./packages.mjs').Package[]} from */
function entriesOf(from) {
  return from.flatMap(({ manifest }) =>
    Object.keys(manifest.exports)
      .filter((entry) => !/\*|\.json$/.test(entry))
      .map((entry) => `${manifest.name}${entry.slice(1)}`),
  );
}

/** @param {'page' | 'node'} kind @param {string[]} specifiers */
function writeImports(kind, specifiers) {
  const uses = `export const all = [${specifiers.map((_, index) => `e${index}`).join(', ')}];`;
  const esm = specifiers.map((name, index) => `import * as e${index} from '${name}';`);
  const cjs = specifiers.map((name, index) => `import e${index} = require('${name}');`);
  writeFileSync(`${app}/${kind}.mts`, `${esm.join('\n')}\n${uses}\n`);
  writeFileSync(`${app}/${kind}.cts`, `${cjs.join('\n')}\n${uses}\n`);
}

/**
 * The type tests, good uses and bad ones, as an app would write them: what they import from beside them comes from the
 * package.
 */
function writeTypeTests() {
  return packages.flatMap(({ path, manifest }) =>
    globSync(`${path}/src/**/*.test-d.ts`).map((file) => {
      const name = basename(file).replace(/ts$/, 'mts');
      const source = readFileSync(file, 'utf8');
      writeFileSync(`${app}/${name}`, source.replace(/from '\.[^']*'/g, `from '${manifest.name}'`));
      return name;
    }),
  );
}

/** @param {string[]} specifiers */
function writeLoaders(specifiers) {
  // vitest can only be loaded by vitest: its users are checked for types, not loaded.
  const loadable = specifiers.filter((name) => name !== '@anywire/testkit');
  const loads = (/** @type {string} */ how) =>
    loadable.map((name) => `if (typeof ${how}('${name}') !== 'object') throw '${name}';`);
  writeFileSync(`${app}/package.json`, '{ "name": "consumer", "private": true, "type": "module" }');
  writeFileSync(`${app}/load.mjs`, loads('await import').join('\n'));
  writeFileSync(`${app}/load.cjs`, loads('require').join('\n'));
}

/**
 * A compilation of its own: an app in a page has neither Node's types nor the newest `lib`, and
 * must not need them.
 *
 * @param {string} compiler @param {string} resolution @param {'page' | 'node' | 'types'} kind
 */
function tsc(compiler, resolution, kind) {
  const isBundler = resolution === 'bundler';
  const compilerOptions = {
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    target: 'es2022',
    lib: ['es2022', 'dom', 'dom.iterable'],
    types: kind === 'node' ? ['node'] : [],
    module: isBundler ? 'esnext' : 'nodenext',
    moduleResolution: resolution,
    // Not `skipLibCheck`: it would skip our own declarations too. See `relevant`.
  };
  const imports = isBundler ? [`${kind}.mts`] : [`${kind}.mts`, `${kind}.cts`];
  const files = kind === 'types' ? typeTests : imports;
  const config = `tsconfig.${compiler}.${resolution}.${kind}.json`;
  writeFileSync(`${app}/${config}`, JSON.stringify({ compilerOptions, files }));
  return ['node', `${root}node_modules/${compiler}/bin/tsc`, '-p', config];
}

/** The errors that concern us: not those inside other people's declarations.
 *
 * @param {number} code @param {string} output
 */
function relevant(code, output) {
  if (code === 0) return '';
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const isForeign = (/** @type {string} */ line) =>
    /node_modules\//.test(line) && !/node_modules\/@anywire\//.test(line);
  const errors = lines.filter((line) => /error TS\d+/.test(line));
  if (errors.length > 0 && errors.every(isForeign)) return '';
  const ours = lines.filter((line) => !isForeign(line));
  return `${ours.slice(0, maxLines).join('\n')}\n`;
}

/** @param {string} compiler */
function version(compiler) {
  const manifest = JSON.parse(readFileSync(`${root}node_modules/${compiler}/package.json`, 'utf8'));
  return `TypeScript ${manifest.version}`;
}
