/** Behind the vendor's own addresses, with the vendor's own libraries: no host, no port, TLS as always. @see src/msw */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('msw-app.ts', import.meta.url));

it('an app that knows only the addresses of Pusher signs, triggers, hears, loses its connection and comes back', async () => {
  const args = ['--conditions=@anywire/source', '--no-warnings', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 12_000 });
  expect(JSON.parse(stdout)).toEqual({ status: 200, news: { n: 1 }, dropped: 1, failed: 503 });
});
