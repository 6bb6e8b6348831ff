import { createServer as createHttpServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openClient } from '../test/support/sockets.ts';
import { createServer } from './server.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function listen(http: Server): Promise<string> {
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => http.close(resolve)));
  return `127.0.0.1:${(http.address() as AddressInfo).port}`;
}
function attached(http: Server, path?: string): () => void {
  const server = createServer();
  const stop = server.attach(http, path === undefined ? {} : { path });
  closers.unshift(() => server.close());
  return stop;
}

describe("beside the app's own handler", () => {
  it('takes what is under its path, and leaves the rest', async () => {
    const http = createHttpServer((request, response) => response.end(`app: ${request.url}`));
    attached(http);
    const host = await listen(http);
    const get = async (path: string): Promise<string> =>
      (await fetch(`http://${host}${path}`)).text();
    expect(await get('/')).toBe('app: /');
    expect(await get('/anywired?x')).toBe('app: /anywired?x');
    expect(await get('/anywire/publish')).toContain('"code"');
    const client = await openClient(`ws://${host}/anywire?token=x`);
    await client.connect();
    client.end();
    await client.closed;
  });

  it('gives everything back when it is stopped', async () => {
    const http = createHttpServer((_, response) => response.end('app'));
    const stop = attached(http);
    const host = await listen(http);
    stop();
    stop();
    expect(http.listenerCount('upgrade')).toBe(0);
    expect(http.listenerCount('request')).toBe(1);
    expect(await (await fetch(`http://${host}/anywire/publish`)).text()).toBe('app');
  });

  it('answers 404 where there is no other handler', async () => {
    const http = createHttpServer();
    attached(http);
    const host = await listen(http);
    expect((await fetch(`http://${host}/elsewhere`)).status).toBe(404);
    await expect(openClient(`ws://${host}/elsewhere`)).rejects.toThrow('404');
  });

  it('leaves upgrades at other paths to other listeners', async () => {
    const http = createHttpServer();
    attached(http);
    http.on('upgrade', (request, socket) => {
      if (request.url === '/other') socket.end('HTTP/1.1 418 Other\r\n\r\n');
    });
    const host = await listen(http);
    await expect(openClient(`ws://${host}/other`)).rejects.toThrow('418');
  });

  it('has two servers at two paths', async () => {
    const http = createHttpServer();
    attached(http, '/one');
    attached(http, '/two/');
    const host = await listen(http);
    for (const path of ['/one', '/two', '/two/']) {
      const client = await openClient(`ws://${host}${path}`);
      await client.connect();
      client.end();
      await client.closed;
    }
  });

  it('survives a client that is gone before it is refused', async () => {
    const http = createHttpServer();
    attached(http);
    const host = await listen(http);
    const socket = connect(Number(host.split(':')[1]), '127.0.0.1');
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    const lines = [
      'GET /x HTTP/1.1',
      'Host: x',
      'Upgrade: websocket',
      'Connection: Upgrade',
      '',
      '',
    ];
    socket.write(lines.join('\r\n'));
    socket.resetAndDestroy();
    expect((await fetch(`http://${host}/elsewhere`)).status).toBe(404);
  });
});
