/** An emulated Ably for pages, and beside it what a page cannot do itself. `POST /do`: `[control, ...arguments]`. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startAbly } from '@anywire/emulators/ably';

/** Two ports: of the service, and of what serves the tests. */
export async function startRemoteAbly(): Promise<{ readonly ably: number; ablyRemote: number }> {
  const service = await startAbly({ keys: ['app.key:secret'] });
  const remote = createServer((request, response) => {
    response.setHeader('access-control-allow-origin', '*');
    const chunks: string[] = [];
    request.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
    request.on('end', () => {
      const [name, ...given] = JSON.parse(chunks.join('')) as ['drop', ...unknown[]];
      const control = service[name] as (...given: unknown[]) => unknown;
      response.end(JSON.stringify(control(...given) ?? null));
    });
  });
  await new Promise<void>((resolve) => remote.listen(0, '127.0.0.1', resolve));
  return { ably: service.port, ablyRemote: (remote.address() as AddressInfo).port };
}
