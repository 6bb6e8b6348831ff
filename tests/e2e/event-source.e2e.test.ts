/** Chromium's own EventSource on our stream, cut again and again by a proxy. */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from '@anywire/server';
import { startFaultProxy } from '@anywire/testkit/proxy';
import { chromium } from 'playwright';
import { expect, it } from 'vitest';
import { chromiumArgs, findChromium } from '../chromium.ts';
import { scale } from '../tier.ts';

declare global {
  interface Window {
    heard: number[];
    attached: string[];
  }
}

it('loses nothing and repeats nothing, by Last-Event-ID', async () => {
  const http = createHttpServer((_, response) => {
    response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>reader</title>');
  });
  const server = createServer();
  server.attach(http);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  const proxy = await startFaultProxy({ target: { port } });
  const executablePath = findChromium();
  const browser = await chromium.launch({
    args: chromiumArgs,
    ...(executablePath ? { executablePath } : {}),
  });
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${proxy.port}/`);
  await page.evaluate(() => {
    window.heard = [];
    window.attached = [];
    const source = new EventSource('/anywire/sse?channel=room');
    source.onmessage = ({ data }) =>
      window.heard.push((JSON.parse(data as string) as { d: number }).d);
    source.addEventListener('attached', ({ data }) =>
      window.attached.push((JSON.parse(data as string) as { continuity: string }).continuity),
    );
  });

  let sent = 0;
  const cuts = scale(3, 10);
  for (let cut = 0; cut <= cuts; cut++) {
    await page.waitForFunction((count) => window.attached.length === count, cut + 1);
    for (let n = 0; n < 3; n++) await server.publish('room', 'e', ++sent);
    if (cut === cuts) break;
    await page.waitForFunction((last) => window.heard.at(-1) === last, sent);
    proxy.cut();
    for (let n = 0; n < 3; n++) await server.publish('room', 'e', ++sent);
  }
  await page.waitForFunction((last) => window.heard.at(-1) === last, sent);
  expect(await page.evaluate(() => window.heard)).toEqual(
    Array.from({ length: sent }, (_, n) => n + 1),
  );
  expect(await page.evaluate(() => window.attached)).toEqual([
    'initial',
    ...Array<string>(cuts).fill('kept'),
  ]);
  await browser.close();
  await proxy.close();
  await server.close();
  await new Promise((resolve) => http.close(resolve));
});
