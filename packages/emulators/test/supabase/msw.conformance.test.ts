/** Behind the vendor's own addresses, with the vendor's own client: no host, no port, TLS as always. @see src/msw */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('msw-app.ts', import.meta.url));

it('an app that knows only the addresses of Supabase broadcasts both ways, loses its connection and comes back', async () => {
  const args = ['--conditions=@anywire/source', '--no-warnings', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 12_000 });
  expect(JSON.parse(stdout)).toEqual({
    ...{ sent: 'ok', news: { n: 1 }, posted: { success: true }, dropped: 1 },
    statuses: ['SUBSCRIBED', 'CHANNEL_ERROR', 'SUBSCRIBED'],
  });
});
