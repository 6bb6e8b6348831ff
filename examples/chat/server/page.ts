/**
 * The page's files, built in memory at start: there is no output folder, and a request can only ever name one of
 * these few paths, never a file.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RequestListener } from 'node:http';
import { buildSync } from 'esbuild';

const folder = fileURLToPath(new URL('../page/', import.meta.url));

/** The page loads nothing from elsewhere, runs no inline script, and cannot be framed. */
const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

interface File {
  readonly type: string;
  readonly body: Uint8Array;
}

/** Answers `GET` and `HEAD` for the page's files, and everything else with an error. */
export function createPage(): RequestListener {
  const files = new Map<string, File>([
    ['/', { type: 'text/html; charset=utf-8', body: readFileSync(`${folder}index.html`) }],
    ['/icon.svg', { type: 'image/svg+xml', body: readFileSync(`${folder}icon.svg`) }],
    ['/page.js', { type: 'text/javascript; charset=utf-8', body: bundle('main.ts') }],
    ['/page.css', { type: 'text/css; charset=utf-8', body: bundle('page.css') }],
  ]);
  return (request, response) => {
    const [path = '/'] = (request.url ?? '/').split('?');
    const file = files.get(path);
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (!file || !isRead) {
      response.writeHead(file ? 405 : 404, { ...securityHeaders, 'content-type': 'text/plain' });
      response.end(file ? 'Only GET is understood here.\n' : 'There is nothing here.\n');
      return;
    }
    response.writeHead(200, {
      ...securityHeaders,
      'content-type': file.type,
      'content-length': file.body.byteLength,
      'cache-control': 'no-cache',
    });
    response.end(request.method === 'HEAD' ? undefined : file.body);
  };
}

function bundle(entry: string): Uint8Array {
  const { outputFiles } = buildSync({
    entryPoints: [`${folder}${entry}`],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    conditions: ['@anywire/source'],
    sourcemap: 'inline',
    logLevel: 'silent',
  });
  const [file] = outputFiles;
  if (!file) throw new Error(`esbuild made nothing of ${entry}`);
  return file.contents;
}
