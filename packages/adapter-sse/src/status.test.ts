/** Every answer that is not the one that was hoped for: what core hears, and what a person reads. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connected, listen, outbound, never } from '../test/link.ts';
import { ndjson, startScriptServer, type Asked, type ScriptServer } from '../test/script-server.ts';
import { sse, type SseOptions } from './index.ts';

let server: ScriptServer;
beforeEach(async () => (server = await startScriptServer()));
afterEach(() => server.close());

const transports = ['stream', 'poll', 'eventsource'] as const;

class NoEventSource {
  onmessage = null;
  onerror = null;
  close(): void {}
}

async function refuse(
  transport: SseOptions['transport'],
  ...[status, headers, body]: Parameters<Asked['answer']>
) {
  const { link, dropped, drops } = listen();
  const session = sse({
    url: server.url,
    ...(transport && { transport }),
    EventSource: NoEventSource,
  }).open(link);
  (await server.next()).answer(status, headers, body);
  const { error, retry, retryAfterMs } = await dropped;
  await session.close();
  expect(drops).toHaveLength(1);
  expect(error.message).not.toContain('token-of-ann');
  return {
    code: error.code,
    vendorCode: error.vendorCode,
    says: error.message,
    retry,
    retryAfterMs,
  };
}

const html = { 'content-type': 'text/html' };

describe.each(transports)('over %s, an answer to connect', (transport) => {
  it.each([
    [204, {}, 4300, 'protocol_error', 'never', 'clients shall stay away'],
    [400, html, 1006, 'connection_failed', 'backoff', 'no answer of an Anywire server'],
    [401, html, 4201, 'auth_failed', 'fresh-token', 'the token was refused'],
    [403, html, 4403, 'forbidden', 'never', 'does the server list the origin of this page?'],
    [404, html, 1006, 'connection_failed', 'backoff', 'is the path of the URL right?'],
    [405, {}, 1006, 'connection_failed', 'backoff', 'is the path of the URL right?'],
    [413, html, 1009, 'connection_failed', 'backoff', 'too much at once'],
    [429, {}, 1006, 'connection_failed', 'backoff', 'too many connections or requests'],
    [500, html, 1006, 'connection_failed', 'backoff', 'no answer of an Anywire server'],
    [502, html, 1006, 'connection_failed', 'backoff', 'no answer of an Anywire server'],
    [503, {}, 1006, 'connection_failed', 'backoff', 'not now'],
    [200, html, 1006, 'connection_failed', 'backoff', 'with text/html; is a login page in between'],
    [200, {}, 1006, 'connection_failed', 'backoff', 'with no type; is a login page in between'],
  ])('with %i %o closes with %i: %s, retry %s', async (status, headers, ...expected) => {
    const [vendorCode, code, retry, hint] = expected;
    const heard = await refuse(transport, status, headers, status === 204 ? '' : '<html>');
    expect(heard).toMatchObject({ vendorCode, code, retry });
    expect(heard.says).toContain(`${new URL(server.url).host} answered ${status}: `);
    expect(heard.says).toContain(hint);
  });

  it.each([
    [429, '7', 7_000],
    [503, '0', undefined],
    [503, 'soon', undefined],
    [503, undefined, undefined],
    [500, '3', 3_000],
  ])('with %i and Retry-After %s comes back after %s ms', async (status, after, expected) => {
    const heard = await refuse(
      transport,
      status,
      after === undefined ? {} : { 'retry-after': after },
    );
    expect(heard).toMatchObject({ retry: 'backoff', retryAfterMs: expected });
  });

  it('with a date as Retry-After comes back no sooner', async () => {
    const at = new Date(Date.now() + 60_000).toUTCString();
    const { retryAfterMs = 0 } = await refuse(transport, 503, { 'retry-after': at });
    expect(retryAfterMs).toBeGreaterThan(55_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  it.each([
    [401, 4200, 'token_expired', 'fresh-token'],
    [403, 4401, 'auth_denied', 'never'],
    [503, 4000, 'connection_failed', 'backoff'],
    [400, 4400, 'protocol_error', 'never'],
  ])('with %i and a bye of %i does as bye says: %s, %s', async (status, code, error, retry) => {
    const bye = { t: 'bye', code, message: 'because', retryAfterMs: 1_234 };
    const heard = await refuse(
      transport,
      status,
      { 'content-type': 'application/x-ndjson', 'retry-after': '9' },
      ndjson({ t: 'error', r: 0, code: 'auth_failed', message: 'because' }, bye),
    );
    expect(heard).toMatchObject({ vendorCode: code, code: error, retry, retryAfterMs: 1_234 });
    expect(heard.says).toContain('because');
  });

  it.each([
    [
      '{"error":{"code":"forbidden","message":"pages of this origin may not connect"}}',
      'pages of this',
    ],
    ['{"error":"no"}', 'does the server list the origin'],
    ['{', 'does the server list the origin'],
    ['null', 'does the server list the origin'],
  ])('with 403 and %s says what it can', async (body, hint) => {
    const json = { 'content-type': 'application/json' };
    const { vendorCode, says } = await refuse(transport, 403, json, body);
    expect(vendorCode).toBe(4403);
    expect(says).toContain(hint);
  });

  it('that does not come is a failed try, and names the server', async () => {
    const { link, dropped } = listen();
    const session = sse({
      url: 'http://127.0.0.1:1/anywire',
      transport,
      EventSource: NoEventSource,
    }).open(link);
    const { error, retry } = await dropped;
    expect([error.code, retry]).toEqual(['connection_failed', 'backoff']);
    expect(error.message).toMatch(/no answer from 127\.0\.0\.1:1 \(/);
    await session.close();
  });
});

describe('an answer to what a client on a stream says', () => {
  it.each([
    [401, 4201, 'fresh-token', 'the token was refused'],
    [403, 1006, 'backoff', 'the token is not that of this session'],
    [404, 1006, 'backoff', 'the session is over'],
    [413, 1009, 'backoff', 'too much at once'],
    [502, 1006, 'backoff', 'no answer of an Anywire server'],
    [200, 1006, 'backoff', 'is a login page in between'],
  ])('with %i ends the session with %i, retry %s', async (status, vendorCode, retry, hint) => {
    const { link, opened, dropped } = listen();
    const session = sse({ url: server.url, transport: 'stream' }).open(link);
    const stream = (await server.next()).stream();
    stream.send(connected);
    await opened;
    const lost = session.publish('room', [outbound(0)], never);
    (await server.next()).answer(status, html, '<html>');
    const { error, retry: told } = await dropped;
    expect([error.vendorCode, told]).toEqual([vendorCode, retry]);
    expect(error.message).toContain(hint);
    await expect(lost).rejects.toMatchObject({ code: 'connection_failed' });
    await stream.closed;
  });
});

describe('what cannot be', () => {
  const failure = async (options: Partial<SseOptions>, token?: string) => {
    const { link, dropped, drops } = listen(token === undefined ? {} : { token });
    const session = sse({ url: server.url, ...options }).open(link);
    expect(drops).toEqual([]);
    const { error, retry } = await dropped;
    await session.close();
    return { code: error.code, retry, says: error.message };
  };

  it.each([
    ['a URL that cannot be read', { url: 'not a url' }, 'invalid', 'is it https://…?'],
    ['the URL of a WebSocket', { url: 'wss://a.example' }, 'invalid', 'not to wss://…'],
    ['no fetch', { fetch: null as never }, 'unsupported', 'sse({ url, fetch })'],
    [
      'a transport that does not exist',
      { transport: 'nonsense' as never },
      'invalid',
      'transport is auto, stream, poll or eventsource',
    ],
    ['no EventSource', { transport: 'eventsource' as const }, 'unsupported', 'sse({ EventSource'],
  ])('%s is reported for good, and not during open', async (_, options, code, hint) => {
    const given = 'fetch' in options ? { ...options } : options;
    const heard = await failure(given);
    expect(heard).toMatchObject({ code, retry: 'never' });
    expect(heard.says).toContain(hint);
  });

  it('a token that no header can carry is told without the token', async () => {
    for (const token of ['tökén', 'line\nbreak', 'two words']) {
      const { code, says } = await failure({}, token);
      expect([code, says.includes(token)]).toEqual(['invalid', false]);
    }
  });
});
