import { describe, expect, it } from 'vitest';
import { testServer } from '../test/support/pipes.ts';
import { ndjson } from '../test/support/streams.ts';
import type { ServerOptions } from './options.ts';

const good = 'https://good.example';
const body = JSON.stringify({ t: 'connect', r: 0, nonce: 'nonce-of-tests', instance: 'tab' });

async function ask(
  options: ServerOptions,
  method: string,
  path: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  const { server } = testServer(options);
  const hasBody = method === 'POST' && path.startsWith('/');
  const response = await server.fetch(
    new Request(`http://example.com/anywire${path}`, {
      method,
      headers: { ...(hasBody && { 'Content-Type': ndjson }), ...headers },
      ...(hasBody && { body }),
    }),
  );
  await response.body?.cancel();
  await server.close();
  return response;
}

describe('a route', () => {
  it.each([
    ['GET', '/sse/abc', 204, null],
    ['PUT', '/sse', 405, 'POST, GET'],
    ['DELETE', '/sse/abc', 405, 'POST, GET'],
    ['HEAD', '/sse/abc', 405, 'POST, GET'],
    ['__proto__', '/sse', 405, 'POST, GET'],
    ['POST', '/sse/abc', 404, null],
    ['POST', '/sse/', 404, null],
    ['POST', '/sse/a/b', 404, null],
    ['POST', `/sse/${'a'.repeat(65)}`, 404, null],
    ['POST', '/elsewhere', 404, null],
    ['HEAD', '', 200, null],
    ['POST', '', 405, 'GET, HEAD'],
  ])('%s %s is answered with %i', async (method, path, status, allow) => {
    const response = await ask({}, method, path);
    expect([response.status, response.headers.get('Allow')]).toEqual([status, allow]);
  });

  it('at the bare path tells a person what this is, and the 10 paths below it', async () => {
    const { server } = testServer();
    for (const path of ['/anywire', '/anywire/', '/anywire?a=b']) {
      const answer = await server.fetch(new Request(`http://example.com${path}`));
      expect([answer.status, answer.headers.get('Content-Type')]).toEqual([
        200,
        'text/plain; charset=utf-8',
      ]);
      const text = await answer.text();
      expect(text).toContain('This is an Anywire server');
      const paths = [...text.matchAll(/ (\/\S+)/g)].map(([, at]) => at);
      expect(paths).toEqual([
        ...['/sse', '/poll', '/healthz', '/readyz', '/publish', '/channels'],
        ...['history', 'presence', 'occupancy'].map((verb) => `/channels/{channel}/${verb}`),
        '/disconnect',
      ]);
    }
    await server.close();
  });

  it('is below the path of the server, and nowhere else', async () => {
    const { server } = testServer({ path: '/api/rt/' });
    const at = async (path: string): Promise<number> =>
      (await server.fetch(new Request(`http://example.com${path}`))).status;
    expect(await at('/api/rt/sse/abc')).toBe(204);
    expect(await at('/anywire/sse/abc')).toBe(404);
    expect(await at('/api/rtx/sse/abc')).toBe(404);
    await server.close();
  });
});

describe('an origin', () => {
  const origins = [good];
  it.each<[ServerOptions['origins'], string, number]>([
    [origins, good, 200],
    [origins, 'https://good.example.evil.example', 403],
    [origins, 'http://example.com', 403],
    [origins, 'null', 403],
    ['*', 'https://anybody.example', 200],
    [undefined, 'http://example.com', 200],
    [undefined, good, 403],
  ])('%s: a page of %s is answered with %i', async (list, origin, status) => {
    const options = list === undefined ? {} : { origins: list };
    expect((await ask(options, 'POST', '/sse', { Origin: origin })).status).toBe(status);
    const get = await ask(options, 'GET', '/sse/abc', { Origin: origin });
    expect(get.status).toBe(status === 403 ? 403 : 204);
  });

  it('that is listed may read answers, also those that refuse, and send cookies', async () => {
    for (const path of ['/sse', '/sse/abc']) {
      const { headers } = await ask({ origins }, 'POST', path, { Origin: good });
      expect(headers.get('Access-Control-Allow-Origin')).toBe(good);
      expect(headers.get('Access-Control-Allow-Credentials')).toBe('true');
      expect(headers.get('Access-Control-Expose-Headers')).toBe('Retry-After');
      expect(headers.get('Vary')).toBe('Origin');
    }
  });

  it.each([
    ['POST', '/sse', 200],
    ['GET', '/sse/abc', 204],
    ['OPTIONS', '/sse', 204],
    ['PUT', '/poll', 405],
    ['GET', '', 200],
  ])('changes the answer to %s %s (%i): Vary says so, also where none came', async (...given) => {
    const [method, path, status] = given;
    for (const headers of [{}, { Origin: good }]) {
      const answer = await ask({ origins }, method, path, headers);
      expect([answer.status, answer.headers.get('Vary')]).toEqual([status, 'Origin']);
    }
    expect((await ask({ origins: '*' }, method, path)).headers.get('Vary')).toBeNull();
  });

  it('of any page may read, without cookies, where all may connect', async () => {
    const { headers } = await ask({ origins: '*' }, 'POST', '/sse', { Origin: good });
    expect(headers.get('Access-Control-Allow-Origin')).toBe('*');
    expect(headers.get('Access-Control-Allow-Credentials')).toBeNull();
  });

  it('is told by a preflight what it may send, for two hours', async () => {
    const { status, headers } = await ask({ origins }, 'OPTIONS', '/sse/abc', {
      Origin: good,
      'Access-Control-Request-Method': 'POST',
    });
    expect(status).toBe(204);
    expect(headers.get('Access-Control-Allow-Methods')).toBe('POST, GET');
    expect(headers.get('Access-Control-Allow-Headers')).toBe(
      'authorization, content-type, last-event-id',
    );
    expect(headers.get('Access-Control-Max-Age')).toBe('7200');
    expect((await ask({ origins }, 'OPTIONS', '/sse', { Origin: 'null' })).status).toBe(403);
  });

  it('opens nothing of the API of backends', async () => {
    const { status, headers } = await ask({ origins }, 'OPTIONS', '/publish', { Origin: good });
    expect(status).toBe(405);
    expect(headers.get('Access-Control-Allow-Origin')).toBeNull();
  });
});
