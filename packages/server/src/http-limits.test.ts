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

it.each([
  ['/sse', connect],
  ['/sse?channel=a', undefined],
  ['/poll', connect],
])('%s after the end of the server has status 503, and leaves no timer', async (path, body) => {
  const { server, clock } = testServer({ trustedProxies: ['unix'] });
  await server.close();
  expect((await server.fetch(request(path, '1.1.1.1', body))).status).toBe(503);
  expect(clock.pending).toBe(0);
  expect(server.meter().addresses).toBe(0);
});

describe('a reader that is one too many', () => {
  const reader = (channels: number): Request => {
    const query = Array.from({ length: channels }, (_, n) => `channel=c${n}`).join('&');
    return new Request(`http://localhost/anywire/sse?${query}`);
  };

  it('of one user has status 503 and Retry-After, and may come when another one has gone', async () => {
    const { server } = testServer({
      authenticate: () => ({ clientId: 'ann' }),
      limits: { userConnections: 1 },
    });
    const first = await server.fetch(reader(1));
    const second = await server.fetch(reader(1));
    expect([second.status, second.headers.get('retry-after')]).toEqual([503, '10']);
    await first.body?.cancel();
    const third = await server.fetch(reader(1));
    expect(third.status).toBe(200);
    await third.body?.cancel();
    await server.close();
  });

  it('attaches more than requestBurst has status 429, and when it may come', async () => {
    const { server } = testServer({ limits: { requestRate: 1, requestBurst: 3 } });
    const refused = await server.fetch(reader(4));
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    await server.close();
  });
});

describe('rates of a client that polls', () => {
  const limits = { publishRate: 1, publishBurst: 2, requestRate: 1, requestBurst: 2 };
  /** Serials of the messages that were stored, and the codes of those that were refused. */
  const exchange = async (
    server: { fetch(request: Request): Promise<Response> },
    resume: string,
    ...frames: object[]
  ): Promise<unknown[]> => {
    const first = { t: 'connect', r: 0, nonce: 'nonce-of-ann', instance: 'x', resume };
    const body = [first, ...frames].map((frame) => JSON.stringify(frame)).join('\n');
    const answer = await server.fetch(request('/poll', '1.1.1.1', body));
    const lines = (await answer.text()).split('\n').map((line) => JSON.parse(line) as object);
    return lines.slice(1).map((line) => ('s' in line ? line.s : 'code' in line && line.code));
  };
  const publish = (n: number): object => ({
    t: 'publish',
    r: n,
    c: 'room',
    i: `nonce-of-ann:${n}`,
    e: 'e',
    d: n,
  });
  const ann = 'resume-secret-of-ann';

  it('hold over its exchanges, so that nothing overtakes what was refused', async () => {
    const { server, clock } = testServer({ limits });
    expect(await exchange(server, ann, publish(1), publish(2), publish(3))).toEqual([
      1,
      2,
      'rate_limited',
    ]);
    // On its way before the refusal was read.
    expect(await exchange(server, ann, publish(4))).toEqual(['rate_limited']);
    expect(await exchange(server, 'resume-secret-of-bob', publish(1))).not.toEqual([1]);
    await clock.advance(2_000);
    expect(await exchange(server, ann, publish(3), publish(4))).toEqual([3, 4]);
    expect(server.meter().limited.get('publishRate')).toBe(2);
    await server.close();
    expect(clock.pending).toBe(0);
  });

  it('of attaches do not: it has to attach again in each exchange', async () => {
    const { server } = testServer({ limits });
    for (let n = 0; n < 5; n++)
      expect(await exchange(server, ann, { t: 'attach', r: 1, c: 'room' })).toEqual([false]);
    await server.close();
  });
});
