/**
 * The shape of the repository, as a test: who may import whom, what each package has, how long a
 * file may grow, and what never belongs into a tracked file.
 *
 * @see layout-rules.mjs, docs/architecture.md
 */
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, resolve } from 'node:path';
import ts from 'typescript';
import {
  allowedImports,
  forbiddenText,
  foreignServers,
  lines,
  namesTransports,
  nodePackages,
  testFiles,
  vendorNames,
} from './layout-rules.mjs';
import { packages } from './packages.mjs';
import { root } from './process.mjs';

/** @type {string[]} */
const problems = [];
/** @type {string[]} */
const warnings = [];

const allTests = globSync(['packages/*/{src,test}/**/*.test.ts', 'tests/**/*.test.ts'], {
  cwd: root,
});
for (const package_ of packages) checkPackage(package_);
checkForeignServers();
checkTests();
checkTrackedText();

for (const warning of warnings) console.log(`warning: ${warning}`);
for (const problem of problems) console.log(problem);
const count = `${packages.length} packages`;
console.log(problems.length === 0 ? `layout: ${count} ok` : `layout: ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);

/** @param {import('./packages.mjs').Package} package_ */
function checkPackage(package_) {
  const { folder, path } = package_;
  const isAdapter = folder.startsWith('adapter-');
  if (!existsSync(`${path}/README.md`)) problems.push(`packages/${folder}: no README.md`);
  if (isAdapter && globSync(`${path}/test/**/*.conformance.test.ts`).length === 0) {
    problems.push(`packages/${folder}: an adapter without test/*.conformance.test.ts`);
  }
  for (const file of globSync(`${path}/src/**/*.{ts,tsx}`).sort()) {
    if (/\.(test|test-d)\.tsx?$/.test(file)) continue;
    const source = readFileSync(file, 'utf8');
    checkLength(file, source);
    checkImports(package_, file, source);
    if (folder === 'core' && !namesTransports.test(file)) checkVendorNames(file, source);
    checkNamedTests(file, source);
  }
}

/** A header that names a test which does not exist promises what nothing holds. @param {string} file @param {string} source */
function checkNamedTests(file, source) {
  for (const [name] of source.matchAll(/[\w./-]+\.test\.ts\b/g)) {
    if (!allTests.some((test) => `/${test}`.endsWith(`/${name.replace(/^(\.{1,2}\/)+/, '')}`)))
      problems.push(`${short(file)}: names ${name}, which does not exist`);
  }
}

/** @param {string} file @param {string} source */
function checkLength(file, source) {
  const count = source.split('\n').length - 1;
  if (count > lines.fail) problems.push(`${short(file)}: ${count} lines, at most ${lines.fail}`);
  else if (count > lines.warn)
    warnings.push(`${short(file)}: ${count} lines, aim at ${lines.warn}`);
}

/**
 * @param {import('./packages.mjs').Package} package_
 * @param {string} file
 * @param {string} source
 */
function checkImports({ folder, path, manifest }, file, source) {
  const rule = allowedImports.find(({ name }) => name.test(folder));
  if (rule === undefined) {
    problems.push(`packages/${folder}: no row in scripts/layout-rules.mjs says what it may import`);
    return;
  }
  const declared = { ...manifest.dependencies, ...manifest.peerDependencies };
  for (const { fileName: name } of ts.preProcessFile(source).importedFiles) {
    const refuse = (/** @type {string} */ why) =>
      problems.push(`${short(file)}: imports '${name}': ${why}`);
    if (name.startsWith('.')) {
      if (!resolve(dirname(file), name).startsWith(`${path}/src/`)) refuse('leaves the package');
      else if (!name.endsWith('.ts') && !name.endsWith('.tsx')) refuse('must end in .ts');
    } else if (isBuiltin(name)) {
      if (!nodePackages.test(folder)) refuse('this package must also run in a browser');
      else if (!name.startsWith('node:')) refuse(`write 'node:${name}'`);
    } else {
      const owner = name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/');
      const isOurs = owner.startsWith('@anywire/');
      if (isOurs && !rule.imports.some((allowed) => allowed.test(name))) {
        refuse('against the dependency direction');
      } else if (!(owner in declared)) refuse('not in dependencies or peerDependencies');
    }
  }
}

/** Core treats all backends alike: a name in its code (not its comments) is a special case. */
function checkVendorNames(/** @type {string} */ file, /** @type {string} */ source) {
  const scanner = ts.createScanner(
    ts.ScriptTarget.ES2022,
    true,
    ts.LanguageVariant.Standard,
    source,
  );
  while (scanner.scan() !== ts.SyntaxKind.EndOfFileToken) {
    const found = vendorNames.exec(scanner.getTokenText());
    if (found !== null) problems.push(`${short(file)}: names the vendor '${found[0]}'`);
  }
}

/** A server that imports something of ours proves nothing about servers that know nothing of us. */
function checkForeignServers() {
  const files = globSync(foreignServers, { cwd: root });
  if (files.length === 0) problems.push(`${foreignServers}: there are none`);
  for (const file of files) {
    for (const { fileName } of ts.preProcessFile(readFileSync(root + file, 'utf8')).importedFiles)
      if (/^[.]|anywire/.test(fileName)) problems.push(`${file}: imports '${fileName}' of ours`);
  }
}

/** A test file that no project takes would never run, and nobody would see it. */
function checkTests() {
  const taken = new Set(globSync(Object.values(testFiles).flat(), { cwd: root }));
  for (const file of globSync(
    [
      'packages/*/{src,test}/**/*.{test,test-d}.ts',
      'tests/**/*.{test,test-d}.ts',
      'examples/*/!(node_modules)/*.{test,test-d}.ts',
    ],
    { cwd: root },
  ))
    if (!taken.has(file)) problems.push(`${file}: no project of vitest takes this test`);
}

/** Machine paths, addresses of registries: things that are true on one machine only. */
function checkTrackedText() {
  const list = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root });
  for (const name of list.toString().split('\0').filter(Boolean)) {
    if (!existsSync(root + name)) continue;
    const content = readFileSync(root + name);
    if (content.includes(0)) continue;
    for (const { pattern, what, only } of forbiddenText) {
      if (only !== undefined && only !== name) continue;
      const line = content
        .toString()
        .split('\n')
        .findIndex((text) => pattern.test(text));
      if (line >= 0) problems.push(`${name}:${line + 1}: ${what}`);
    }
  }
}

/** @param {string} file */
function short(file) {
  return file.slice(root.length);
}
