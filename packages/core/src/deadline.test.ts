import { virtualClock } from '@anywire/testkit/clock';
import { describe, expect, it } from 'vitest';
import { failure, fate } from '../test/client.ts';
import { withDeadline } from './deadline.ts';

const never = (): Promise<never> => new Promise(() => {});

describe('withDeadline', () => {
  it('times out at 10 s and not before, tells the operation, and leaves no timer', async () => {
    const clock = virtualClock();
    let inner: AbortSignal | undefined;
    const seen = fate(
      withDeadline({ clock, timeoutMs: 10_000, what: 'x', signals: [] }, (signal) => {
        inner = signal;
        return never();
      }),
    );
    await clock.advance(9_999);
    expect(seen.outcome).toBe('pending');
    await clock.advance(1);
    expect(seen.outcome).toBe('timeout');
    expect(inner?.aborted).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('says as the cause of a time-out what kept the answer away by then', async () => {
    const clock = virtualClock();
    let cause = failure('connection_failed');
    const why = (): unknown => cause;
    const seen = fate(withDeadline({ clock, timeoutMs: 10, what: 'x', signals: [], why }, never));
    cause = failure('auth_failed');
    await clock.advance(10);
    expect(seen.error).toMatchObject({ code: 'timeout', cause });
  });

  it('passes a result on and leaves neither timer nor listener', async () => {
    const clock = virtualClock();
    const abort = new AbortController();
    let inner: AbortSignal | undefined;
    const deadline = { clock, timeoutMs: 10, what: 'x', signals: [abort.signal] };
    expect(
      await withDeadline(deadline, async (signal) => {
        inner = signal;
        return 7;
      }),
    ).toBe(7);
    await clock.settle();
    expect(clock.pending).toBe(0);
    abort.abort();
    expect(inner?.aborted).toBe(false);
  });

  it.each<[string, unknown, string]>([
    ['a RealtimeError: with it', failure('closed'), 'closed'],
    ['any other reason: as aborted', new Error('mine'), 'aborted'],
    ['no reason: as aborted', undefined, 'aborted'],
  ])('ends when the second of 2 signals fires with %s', async (_, reason, code) => {
    const clock = virtualClock();
    const [first, second] = [new AbortController(), new AbortController()];
    const signals = [first.signal, undefined, second.signal];
    const seen = fate(withDeadline({ clock, timeoutMs: 10, what: 'x', signals }, never));
    second.abort(reason);
    await clock.settle();
    expect(seen.outcome).toBe(code);
    expect(clock.pending).toBe(0);
  });

  it('does not begin when a signal has fired already', async () => {
    const clock = virtualClock();
    const deadline = { clock, timeoutMs: 10, what: 'x', signals: [AbortSignal.abort()] };
    const seen = fate(withDeadline(deadline, () => expect.unreachable()));
    await clock.settle();
    expect(seen.outcome).toBe('aborted');
    expect(clock.pending).toBe(0);
  });

  it('turns what is thrown, at once or later, into a RealtimeError', async () => {
    const clock = virtualClock();
    const deadline = { clock, timeoutMs: 10, what: 'x', signals: [] };
    const outcomes = [
      fate(
        withDeadline(deadline, () => {
          throw new Error('at once');
        }),
      ),
      fate(withDeadline(deadline, () => Promise.reject(new Error('later')))),
      fate(withDeadline(deadline, () => Promise.reject(failure('forbidden')))),
    ];
    await clock.settle();
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([
      'server_error',
      'server_error',
      'forbidden',
    ]);
  });

  it('ignores an answer that comes after the deadline', async () => {
    const clock = virtualClock();
    let answer: (value: number) => void = () => {};
    const seen = fate(
      withDeadline<number>(
        { clock, timeoutMs: 10, what: 'x', signals: [] },
        () => new Promise((resolve) => (answer = resolve)),
      ),
    );
    await clock.advance(10);
    answer(1);
    await clock.settle();
    expect(seen.outcome).toBe('timeout');
  });
});
