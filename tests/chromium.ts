/**
 * Where Chromium is, and how tests start it. Used by the `browser` project (vitest's browser mode)
 * and by `e2e` tests, which drive it with playwright.
 *
 * Nothing is downloaded: a developer's machine without Chromium skips both projects and says so;
 * in CI its absence is a failure, for a project that hides itself is worse than a red one.
 */
import { existsSync } from 'node:fs';

const candidates = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** The path of a Chromium executable: `CHROMIUM`, else the first usual place that exists. */
export function findChromium(): string | undefined {
  const given = process.env['CHROMIUM'];
  if (given !== undefined && given !== '') return existsSync(given) ? given : undefined;
  return candidates.find((path) => existsSync(path));
}

/** What playwright's `launch` needs: no sandbox (containers), no GPU, no background traffic. */
export const chromiumArgs: string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
