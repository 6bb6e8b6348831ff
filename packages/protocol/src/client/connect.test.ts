import { describe, expect, it } from 'vitest';
import {
  connected,
  createHarness,
  never,
  outbound,
  plain,
  settle,
  TestError,
} from '../../test/session-harness.ts';

describe('connecting', () => {
  it('sends connect once the pipe is open and the credentials are there, in either order', async () => {
    for (const first of ['pipe', 'credentials']) {
      const harness = createHarness({ resume: 'resume-0' });
      const steps = [
        () => harness.events.opened(),
        () => harness.credentials.resolve({ token: 'secret' }),
      ];
      if (first === 'credentials') steps.reverse();
      steps[0]?.();
      await settle();
      expect(harness.sent()).toEqual([]);
      steps[1]?.();
      await settle();
      expect(harness.sent()).toEqual([
        {
          t: 'connect',
          r: 0,
          token: 'secret',
          nonce: 'nonce-ann',
          instance: 'tab-1',
          resume: 'resume-0',
        },
      ]);
      await harness.session.close();
    }
  });

  it('shows a secret of its own until the server has given it one', async () => {
    const harness = createHarness();
    harness.events.opened();
    harness.credentials.resolve({});
    await settle();
    expect(harness.sent()).toMatchObject([{ t: 'connect', resume: 'secret-of-ann-1' }]);
    await harness.session.close();
  });

  it('reports opened with limits, heartbeat, resume, and expiry by its own clock', async () => {
    const harness = createHarness();
    const limits = { payloadBytes: 65_536, presenceGraceMs: 0, members: 9, historyItems: 8 };
    harness.events.received(JSON.stringify({ ...connected, limits, expiresInMs: 60_000 }));
    expect(harness.heard).toEqual([
      [
        'opened',
        {
          connectionId: 'conn-ann',
          clientId: 'ann',
          limits: {
            maxPayloadBytes: 65_536,
            presence: { graceMs: 1, maxMembers: 9 },
            history: { limit: 8 },
          },
          heartbeatMs: 25_000,
          expiresAt: 1_060_000,
          resume: 'resume-ann',
        },
      ],
    ]);
  });

  it.each([
    ['auth_denied', 'never'],
    ['auth_failed', 'backoff'],
  ])('drops with the error of authorize: %s is retried %s', async (code, retry) => {
    const harness = createHarness();
    const error = new TestError(code, 'no token');
    harness.credentials.reject(error);
    await settle();
    expect(harness.heard).toEqual([['dropped', { error, retry }]]);
    expect(harness.closed).toHaveLength(1);
  });

  it('reports a pipe that cannot be opened after createSession has returned, and for good', async () => {
    const error = new TestError('unsupported', 'no WebSocket here');
    const harness = createHarness({
      openPipe() {
        throw error;
      },
    });
    expect(harness.heard).toEqual([]);
    await settle();
    expect(harness.heard).toEqual([['dropped', { error, retry: 'never' }]]);
    await harness.session.close();
  });

  it('sends nothing when the pipe closed before the credentials came', async () => {
    const harness = createHarness();
    harness.events.opened();
    harness.events.closed({ code: 1006, reason: '' });
    harness.credentials.resolve({});
    await settle();
    expect(harness.sent()).toEqual([]);
    expect(harness.heard.map(([name]) => name)).toEqual(['dropped']);
  });

  it('refuses requests before connected came', async () => {
    const harness = createHarness();
    await expect(harness.session.attach('room', plain)).rejects.toMatchObject({
      code: 'connection_failed',
    });
    await expect(harness.session.publish('room', [outbound(0, true)], never)).resolves.toEqual([
      { level: 'none' },
    ]);
    expect(harness.sent()).toEqual([]);
  });
});
