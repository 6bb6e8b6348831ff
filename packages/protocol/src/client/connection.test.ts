import { describe, expect, it } from 'vitest';
import {
  attached,
  message,
  never,
  outbound,
  plain,
  ready,
  settle,
} from '../../test/session-harness.ts';

describe('transport messages', () => {
  it('sends the frames of one tick together', async () => {
    const { session, written } = await ready();
    void session.publish('room', [outbound(0), outbound(1)], never).catch(() => {});
    void session.detach('other').catch(() => {});
    await settle();
    expect(written().map((text) => text.split('\n').length)).toEqual([3]);
  });

  it('joins at most 16,384 characters, and sends a longer frame alone', async () => {
    const { session, written } = await ready();
    const sized = (length: number) => ({
      ...outbound(0),
      json: JSON.stringify('x'.repeat(length)),
    });
    const batch = [sized(8_000), sized(8_000), sized(8_000), sized(40_000), sized(1)];
    void session.publish('room', batch, never).catch(() => {});
    await settle();
    expect(written().map((text) => text.split('\n').length)).toEqual([2, 1, 1, 1]);
  });

  it('answers a ping with a pong', async () => {
    const { receive, sent } = await ready();
    receive({ t: 'ping' });
    await settle();
    expect(sent()).toEqual([{ t: 'pong' }]);
  });
});

describe('the connection', () => {
  it('renews its token, and says until when by its own clock', async () => {
    const { session, receive, sent } = await ready();
    const done = session.refresh({ token: 'fresh' });
    await settle();
    expect(sent()).toEqual([{ t: 'token', r: 1, token: 'fresh' }]);
    receive({ t: 'ok', r: 1, expiresInMs: 5_000 });
    expect(await done).toBe(1_005_000);
  });

  it('resolves every ping at the next pong', async () => {
    const { session, receive } = await ready();
    const pings = [session.ping(never), session.ping(never)];
    receive({ t: 'pong' });
    await Promise.all(pings);
  });

  it.each([
    [1006, 'connection_failed', 'backoff'],
    [4001, 'connection_failed', 'backoff'],
    [4100, 'connection_failed', 'now'],
    [4200, 'token_expired', 'fresh-token'],
    [4299, 'auth_failed', 'fresh-token'],
    [4401, 'auth_denied', 'never'],
    [4403, 'forbidden', 'never'],
    [4499, 'protocol_error', 'never'],
  ])('after close code %i drops once with %s, retry %s', async (code, error, retry) => {
    const { events, receive, heard } = await ready();
    events.closed({ code, reason: 'because' });
    events.closed({ code, reason: 'because' });
    receive(message(1));
    expect(heard).toMatchObject([
      ['dropped', { error: { code: error, vendorCode: code, message: 'because' }, retry }],
    ]);
  });

  it('takes code, message and delay from bye, and closes the pipe', async () => {
    const { receive, heard, closed } = await ready();
    receive({ t: 'bye', code: 4003, message: 'too busy', retryAfterMs: 9_000 }, { t: 'ping' });
    expect(heard).toMatchObject([
      [
        'dropped',
        {
          error: { code: 'connection_failed', message: 'too busy' },
          retry: 'backoff',
          retryAfterMs: 9_000,
        },
      ],
    ]);
    expect(closed).toEqual([{ code: 1000, reason: '' }]);
  });

  it('takes a delay from a pipe that knows one, and says nothing of one else', async () => {
    for (const retryAfterMs of [7_000, undefined]) {
      const { events, heard } = await ready();
      events.closed({ code: 1006, reason: 'busy', retryAfterMs });
      expect(heard).toMatchObject([['dropped', { retry: 'backoff', retryAfterMs }]]);
    }
  });

  it('hands on signs of life that are no messages', async () => {
    const { events, alive } = await ready();
    const before = alive();
    events.alive();
    expect(alive()).toBe(before + 1);
  });

  it('reports an error that no request caused', async () => {
    const { receive, heard } = await ready();
    receive({ t: 'error', c: 'room', code: 'rate_limited', message: 'slowly' });
    expect(heard).toMatchObject([['report', { code: 'rate_limited', message: 'slowly' }, 'room']]);
  });

  it('says bye and closes the pipe on close, and is deaf from then on', async () => {
    const { session, receive, written, heard, closed } = await ready();
    await session.close();
    expect(written()).toEqual(['{"t":"bye"}']);
    expect(closed).toEqual([{ code: 1000, reason: '' }]);
    receive(message(1), { t: 'ping' });
    await session.close();
    await settle();
    expect(heard).toEqual([]);
    expect(written()).toEqual([]);
  });

  it('settles every pending request at close and at a drop', async () => {
    for (const end of ['close', 'drop']) {
      const { session, events } = await ready();
      const requests = [
        session.attach('room', plain),
        session.detach('room'),
        session.publish('room', [outbound(0)], never),
        session.presence.enter('room', 1, never),
        session.presence.update('room', 1, never),
        session.presence.leave('room', never),
        session.history.page('room', { limit: 1, direction: 'backwards' }, never),
        session.refresh({ token: 't' }),
        session.ping(never),
      ];
      if (end === 'close') void session.close();
      else events.closed({ code: 1006, reason: '' });
      const code = end === 'close' ? 'closed' : 'connection_failed';
      for (const result of await Promise.allSettled(requests))
        expect(result).toMatchObject({ status: 'rejected', reason: { code } });
    }
  });

  it.each([
    ['not JSON', '{"t":'],
    ['an empty message', ''],
    ['null', 'null'],
    ['a number', '1'],
    ['a list', '[]'],
    ['an unknown type', '{"t":"surprise"}'],
    ['a prototype as type', '{"t":"__proto__"}'],
    ['connected without limits', '{"t":"connected","r":0}'],
    ['sync without members', '{"t":"sync","c":"room","first":true}'],
    ['an attached without cursor', '{"t":"attached","r":2,"c":"room"}'],
    ['a page without items', '{"t":"page","r":2}'],
    ['a blob', new Uint8Array(3)],
  ])('drops with protocol_error on %s, and throws nothing', async (_, text) => {
    const harness = await attached();
    const pending = text.toString().includes('page')
      ? harness.session.history.page('room', { limit: 1, direction: 'backwards' }, never)
      : harness.session.attach('room', plain);
    const rejected = expect(pending).rejects.toMatchObject({ code: 'connection_failed' });
    harness.events.received(text);
    await rejected;
    expect(harness.heard.at(-1)).toMatchObject([
      'dropped',
      { error: { code: 'protocol_error' }, retry: 'backoff' },
    ]);
    expect(harness.closed).toEqual([{ code: 4400, reason: '' }]);
  });

  it('ignores members and request numbers that it does not know', async () => {
    const { events, heard } = await attached();
    events.received('{"t":"ack","r":99,"s":1,"ts":1}');
    events.received(
      '{"t":"message","r":7,"new":{"deep":[]},"c":"room","s":5,"e":"said","ts":1,"d":1}',
    );
    expect(heard.map(([name]) => name)).toEqual(['received']);
  });
});
