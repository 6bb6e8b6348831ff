import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { scripted } from '../test/scripted.ts';
import { toNodeListener } from './node.ts';

let http: Server | undefined;

afterEach(async () => {
  http?.closeAllConnections();
  await new Promise((resolve) => (http ? http.close(resolve) : resolve(0)));
});

async function listen(listener: Parameters<typeof createServer>[1]): Promise<string> {
  http = createServer(listener);
  await new Promise<void>((resolve) => http?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
}

describe('toNodeListener', () => {
  it('answers what lies under its path, and 404 elsewhere', async () => {
    const url = await listen(toNodeListener(scripted().backend));
    const headers = { 'content-type': 'application/json', authorization: 'Bearer ann' };
    const answer = await fetch(`${url}/realtime/auth`, { method: 'POST', body: '{}', headers });
    expect(await answer.json()).toMatchObject({ clientId: 'ann' });
    expect((await fetch(`${url}/other`)).status).toBe(404);
  });

  it('leaves to the next what is none of its own', async () => {
    const listener = toNodeListener(scripted().backend);
    const url = await listen((request, response) =>
      listener(request, response, () => response.end('the app')),
    );
    expect(await (await fetch(`${url}/other`)).text()).toBe('the app');
  });
});
