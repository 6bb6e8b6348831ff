/** Behind the vendor's own addresses, with the vendor's own client: no host, no port, TLS as always. @see src/msw */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('msw-app.ts', import.meta.url));

it('an app that knows only the addresses of Ably publishes, enters, loses its connection and comes back', async () => {
  const args = ['--conditions=@anywire/source', '--no-warnings', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 12_000 });
  // The first line is the vendor's warning that this build is for pages.
  expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toEqual({
    news: { n: 1 },
    members: ['ann'],
    dropped: 1,
    items: [{ n: 2 }, { n: 1 }],
  });
});
