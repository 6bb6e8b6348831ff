/**
 * Every test project of the repository, in one place.
 *
 * Tests run on the sources: the export condition `@anywire/source` needs no build.
 * A new project also belongs in `.ci/expected.json`, or CI does not know that it may not vanish.
 */
import { playwright } from '@vitest/browser-playwright';
import { defineConfig, type TestProjectConfiguration } from 'vitest/config';
import { testFiles } from './scripts/layout-rules.mjs';
import { tier } from './tests/tier.ts';
import { chromiumArgs, findChromium } from './tests/chromium.ts';

const conditions = ['@anywire/source'];
const chromium = findChromium();
const isCI = process.env['CI'] === 'true';

/** Handed to browser pages too, where there is no `process`. */
const env = {
  ANYWIRE_TIER: process.env['ANYWIRE_TIER'] ?? 'quick',
  ...(process.env['SEED'] ? { SEED: process.env['SEED'] } : {}),
};

const resolution = {
  resolve: { conditions: [...conditions, 'module', 'browser', 'development|production'] },
  // As Node does: what a package offers to bundlers as `module` may be nothing that Node can load.
  ssr: { resolve: { conditions: [...conditions, 'node', 'development|production'] } },
};

/** A project that runs in Node, with the hook that fails a file which leaves something behind. */
function node(
  name: string,
  include: string[],
  limits: {
    testTimeout?: number;
    hookTimeout?: number;
    fileParallelism?: boolean;
    maxWorkers?: number;
    sequence?: { groupOrder: number };
  } = {},
): TestProjectConfiguration {
  return {
    ...resolution,
    test: {
      name,
      include,
      env,
      environment: 'node',
      setupFiles: ['./tests/setup/leaks.ts'],
      ...limits,
    },
  };
}

const projects: TestProjectConfiguration[] = [
  // The counts of the full tier take longer than the default.
  node('unit', testFiles.unit, {
    testTimeout: tier === 'full' ? 60_000 : 5_000,
    maxWorkers: 2,
    sequence: { groupOrder: 3 },
  }),
  // Real time: they wait more than they work.
  node('conformance', testFiles.conformance, {
    testTimeout: 15_000,
    maxWorkers: 4,
    sequence: { groupOrder: 1 },
  }),
  node('faults', testFiles.faults, {
    testTimeout: 120_000,
    hookTimeout: 30_000,
    // Real time, too; but the full tier measures, and wants to be alone.
    maxWorkers: tier === 'full' ? 1 : 3,
    sequence: { groupOrder: 2 },
  }),
  {
    ...resolution,
    test: {
      name: 'types',
      include: [],
      typecheck: {
        enabled: true,
        only: true,
        include: testFiles.types,
        tsconfig: './tsconfig.json',
      },
    },
  },
  node('repo', testFiles.repo, { testTimeout: 120_000, hookTimeout: 30_000 }),
];

if (chromium !== undefined) {
  projects.push(
    {
      ...resolution,
      test: {
        name: 'browser',
        include: testFiles.browser,
        globalSetup: ['./tests/support/browser-setup.ts'],
        env,
        testTimeout: 15_000,
        browser: {
          enabled: true,
          headless: true,
          screenshotFailures: false,
          provider: playwright({
            launchOptions: { executablePath: chromium, args: chromiumArgs },
          }),
          instances: [{ browser: 'chromium', name: 'browser' }],
        },
      },
    },
    // One file at a time: each drives a browser of its own, and two starve each other on two cores.
    node('e2e', testFiles.e2e, {
      testTimeout: 120_000,
      hookTimeout: 60_000,
      fileParallelism: false,
    }),
  );
} else if (isCI) {
  throw new Error('Chromium is missing, and CI may not skip the projects "browser" and "e2e".');
} else {
  console.warn('Skipped: projects "browser" and "e2e" (no Chromium; set CHROMIUM to its path).');
}

export default defineConfig({
  test: {
    projects,
    // A focused test left behind would silence all others.
    allowOnly: !isCI,
    passWithNoTests: true,
  },
});
