/**
 * The page's files, built in memory at start: there is no output folder, and a request can only ever name one of
 * these few paths, never a file. The code of each backend is a file of its own, loaded when it is chosen.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RequestListener } from 'node:http';
import { buildSync } from 'esbuild';

const chatFolder = fileURLToPath(new URL('../page/', import.meta.url));
/** Of every page of ours. */
const iconFile = `${chatFolder}icon.svg`;

/** The page loads nothing from elsewhere, runs no inline script, and cannot be framed. */
const securityHeaders = (origins: readonly string[]): Readonly<Record<string, string>> => ({
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    ["connect-src 'self'", ...origins].join(' '),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
});

interface File {
  readonly type: string;
  readonly body: Uint8Array;
}

/**
 * Answers `GET` and `HEAD` for the page's files, and everything else with an error.
 *
 * @param config - what the page gets as /config.json
 * @param origins - where the page may connect to, beside here
 * @param folder - where its index.html, main.ts and page.css are. @default the chat's
 */
export function createPage(
  config: unknown,
  origins: readonly string[],
  folder: string = chatFolder,
): RequestListener {
  const headers = securityHeaders(origins);
  const files = new Map<string, File>([
    ['/', { type: 'text/html; charset=utf-8', body: readFileSync(`${folder}index.html`) }],
    ['/icon.svg', { type: 'image/svg+xml', body: readFileSync(iconFile) }],
    ['/config.json', { type: 'application/json', body: Buffer.from(JSON.stringify(config)) }],
    ...bundle(folder),
  ]);
  return (request, response) => {
    const [path = '/'] = (request.url ?? '/').split('?');
    const file = files.get(path);
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (!file || !isRead) {
      response.writeHead(file ? 405 : 404, { ...headers, 'content-type': 'text/plain' });
      response.end(file ? 'Only GET is understood here.\n' : 'There is nothing here.\n');
      return;
    }
    response.writeHead(200, {
      ...headers,
      'content-type': file.type,
      'content-length': file.body.byteLength,
      'cache-control': 'no-cache',
    });
    response.end(request.method === 'HEAD' ? undefined : file.body);
  };
}

/** `/page.js`, `/page.css`, and a file for each part that is loaded later. */
function bundle(folder: string): readonly [path: string, file: File][] {
  const { outputFiles } = buildSync({
    entryPoints: [
      { in: `${folder}main.ts`, out: 'page' },
      { in: `${folder}page.css`, out: 'page' },
    ],
    outdir: '/',
    bundle: true,
    splitting: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    conditions: ['@anywire/source'],
    sourcemap: 'inline',
    logLevel: 'silent',
  });
  return outputFiles.map(({ path, contents: body }) => {
    const type = path.endsWith('.css') ? 'text/css' : 'text/javascript';
    return [`/${basename(path)}`, { type: `${type}; charset=utf-8`, body }];
  });
}
