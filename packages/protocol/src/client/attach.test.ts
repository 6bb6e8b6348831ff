import { describe, expect, it } from 'vitest';
import { attached, message, never, plain, ready, settle } from '../../test/session-harness.ts';

describe('attaching', () => {
  it('asks with what is set, and resolves after attached was reported', async () => {
    const harness = await ready();
    const request = {
      presence: 'enter',
      presenceData: { name: 'Ann' },
      cursor: 'e1:4:',
      rewind: 5,
      echo: false,
      signal: never,
    } as const;
    const done = harness.session
      .attach('room', request)
      .then(() => harness.heard.push(['resolved']));
    await settle();
    expect(harness.sent()).toEqual([
      {
        t: 'attach',
        r: 1,
        c: 'room',
        cursor: 'e1:4:',
        rewind: 5,
        presence: 'enter',
        echo: false,
        d: { name: 'Ann' },
      },
    ]);
    harness.receive({
      t: 'attached',
      r: 1,
      c: 'room',
      continuity: 'kept',
      cursor: 'e1:9:x',
      backlog: false,
    });
    await done;
    expect(harness.heard).toMatchObject([
      ['attached', 'room', { continuity: 'kept', cursor: 'e1:9:x', backlog: false }],
      ['resolved'],
    ]);
  });

  it('marks the messages between attached and replayed, and gives each its cursor', async () => {
    const { receive, heard } = await attached('e1:6:nonce-bob:6', true);
    receive(message(5), message(6), { t: 'replayed', c: 'room' }, message(7));
    expect(heard.map(([name]) => name)).toEqual(['received', 'received', 'replayed', 'received']);
    expect(
      heard.filter(([name]) => name === 'received').map(([, , inbound]) => inbound),
    ).toMatchObject([
      { serial: 5, replayed: true, cursor: 'e1:5:nonce-bob:5' },
      { serial: 6, replayed: true, cursor: 'e1:6:nonce-bob:6' },
      { serial: 7, replayed: false, cursor: 'e1:7:nonce-bob:7' },
    ]);
  });

  it('reports a message with all its members', async () => {
    const { receive, heard } = await attached();
    receive(message(5));
    expect(heard).toEqual([
      [
        'received',
        'room',
        {
          event: 'said',
          data: { n: 5 },
          id: 'nonce-bob:5',
          serial: 5,
          cursor: 'e1:5:nonce-bob:5',
          timestamp: 1_700_000_000_005,
          sender: { clientId: 'bob', connectionId: 'conn-bob', verified: true },
          action: 'create',
          replayed: false,
        },
      ],
    ]);
  });

  it('gives a volatile message no cursor, and a message without id one that ends in a colon', async () => {
    const { receive, heard } = await attached();
    receive(
      { t: 'message', c: 'room', e: 'moved', ts: 1, d: null },
      { t: 'message', c: 'room', s: 5, e: 'said', ts: 1, d: null },
    );
    expect(heard.map(([, , inbound]) => (inbound as { cursor?: string }).cursor)).toEqual([
      undefined,
      'e1:5:',
    ]);
  });

  it('ignores messages of channels that are not attached, also after a detach', async () => {
    const { session, receive, heard } = await attached();
    receive({ ...message(5), c: 'elsewhere' });
    const done = session.detach('room');
    receive(message(5), { t: 'replayed', c: 'room' }, { t: 'ok', r: 2 });
    await done;
    expect(heard).toEqual([]);
  });

  it('does not report an attach that nobody waits for any more', async () => {
    const harness = await ready();
    const stop = new AbortController();
    const first = harness.session.attach('room', { ...plain, signal: stop.signal });
    stop.abort();
    await expect(first).rejects.toMatchObject({ code: 'aborted' });
    harness.receive(
      { t: 'attached', r: 1, c: 'room', continuity: 'initial', cursor: 'e1:0:', backlog: false },
      message(1),
    );
    expect(harness.heard).toEqual([]);
  });

  it('rejects with the code of the error', async () => {
    const { session, receive } = await ready();
    const done = session.attach('room', plain);
    receive({ t: 'error', r: 1, c: 'room', code: 'forbidden', message: 'not yours' });
    await expect(done).rejects.toMatchObject({ code: 'forbidden', message: 'not yours' });
  });

  it.each([
    ['forbidden', 'never'],
    ['server_error', 'backoff'],
  ])('reports detached: %s is retried %s', async (code, retry) => {
    const { receive, heard } = await attached();
    receive({ t: 'detached', c: 'room', code, message: 'over', retryAfterMs: 500 }, message(5));
    expect(heard).toMatchObject([
      ['detached', 'room', { error: { code }, retry, retryAfterMs: 500 }],
    ]);
  });
});
