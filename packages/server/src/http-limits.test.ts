import { describe, expect, it } from 'vitest';
import { testServer } from '../test/support/pipes.ts';

const connect = '{"t":"connect","r":0,"nonce":"nonce-of-eve","instance":"x","token":"eve"}';
/** From an address that a proxy on a Unix socket names: `fetch` has no socket. */
const request = (path: string, address: string, body?: string): Request =>
  new Request(`http://localhost/anywire${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'content-type': 'application/x-ndjson', 'x-forwarded-for': address },
    ...(body === undefined ? {} : { body }),
  });

describe('over HTTP', () => {
  it.each([
    ['/sse', connect, 4],
    ['/sse?channel=a', undefined, 4],
    ['/poll', connect, 40],
  ])(
    '%s with %s is refused with 429 after %i attempts of one address',
    async (path, body, count) => {
      const { server, clock } = testServer({
        trustedProxies: ['unix'],
        limits: { addressRate: 1, addressBurst: 4, userConnections: 1_000 },
      });
      const ask = async (address: string): Promise<Response> => {
        const answer = await server.fetch(request(path, address, body));
        await answer.body?.cancel();
        return answer;
      };
      for (let n = 0; n < count; n++) expect((await ask('1.1.1.1')).status).toBe(200);
      const refused = await server.fetch(request(path, '1.1.1.1', body));
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
      expect(await refused.json()).toMatchObject({ error: { code: 'rate_limited' } });
      expect((await ask('2.2.2.2')).status).toBe(200);
      expect(server.meter().limited.get('addressRate')).toBe(1);
      await server.close();
      expect(clock.pending).toBe(0);
    },
  );

  it('too many frames in one exchange are answered with 429', async () => {
    const { server } = testServer({ limits: { frameRate: 5, frameBurst: 10 } });
    const body = [connect, ...Array<string>(20).fill('{"t":"ping"}')].join('\n');
    const answer = await server.fetch(request('/poll', '1.1.1.1', body));
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '3']);
    expect(await answer.text()).toContain('"code":4004');
    await server.close();
  });

  it('connections are counted by what they are', async () => {
    const { server } = testServer();
    const answers = await Promise.all([
      server.fetch(request('/sse', '1.1.1.1', connect)),
      server.fetch(request('/sse?channel=a', '1.1.1.1')),
      server.fetch(request('/poll', '1.1.1.1', connect)),
    ]);
    expect(Object.fromEntries(server.meter().opened)).toEqual({ sse: 1, reader: 1, poll: 1 });
    expect(Object.fromEntries(server.meter().open)).toEqual({ sse: 1, reader: 1, poll: 0 });
    for (const { body } of answers) await body?.cancel();
    await server.close();
    expect(Object.fromEntries(server.meter().open)).toEqual({ sse: 0, reader: 0, poll: 0 });
  });
});
