import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seed } from '../../../tests/seed.ts';
import { scale } from '../../../tests/tier.ts';
import { message } from '../test/client.ts';
import { Delivered } from './delivered.ts';

/** Whether each of `serials` is accepted, in order. */
const accepted = (delivered: Delivered, serials: (number | string)[]): boolean[] =>
  serials.map((serial) => delivered.accept({ ...message(0), id: `i:${serial}`, serial }));

describe('Delivered', () => {
  it('takes serials 1, 2 and 5, and neither of them again', () => {
    expect(accepted(new Delivered('serial'), [1, 2, 2, 1, 5, 5, 3])).toEqual([
      true,
      true,
      false,
      false,
      true,
      false,
      false,
    ]);
  });

  it('compares serials that are text as text', () => {
    expect(accepted(new Delivered('serial'), ['a1', 'a2', 'a1', 'b0'])).toEqual([
      true,
      true,
      false,
      true,
    ]);
  });

  it('takes messages of foreign publishers, without serial and id, always', () => {
    const delivered = new Delivered('serial');
    const foreign = { event: 'e', data: 1, action: 'create' } as const;
    expect([delivered.accept(foreign), delivered.accept(foreign)]).toEqual([true, true]);
  });

  it.each(['sender', 'none'] as const)(
    'with order `%s` drops a repeat without an id by its serial, among the last 1,024, until a loss',
    (order) => {
      const delivered = new Delivered(order);
      const take = (serial: string): boolean =>
        delivered.accept({ event: 'e', data: 0, serial, action: 'create' });
      expect(['x9', 'x1', 'x9', 'x1'].map(take)).toEqual([true, true, false, false]);
      for (let index = 0; index < 1_024; index++) take(`y${index}`);
      expect(take('x9')).toBe(true);
      delivered.restart();
      expect(take('y1023')).toBe(true);
    },
  );

  it('a message without serial (volatile) that is repeated is dropped by its id, with others in between', () => {
    const delivered = new Delivered('serial');
    const volatile = { event: 'e', data: 1, action: 'create', id: 'n:1' } as const;
    const taken = [volatile, message(1), volatile].map((given) => delivered.accept(given));
    expect(taken).toEqual([true, true, false]);
  });

  it('after a loss takes serials from 1 again, but no id that was delivered before', () => {
    const delivered = new Delivered('serial');
    accepted(delivered, [1, 2, 3]);
    delivered.restart();
    const again = [
      { id: 'i:3', serial: 1 }, // the sender did not know that its message had arrived
      { id: 'i:4', serial: 2 },
      { id: 'i:4', serial: 2 },
    ].map((part) => delivered.accept({ ...message(0), ...part }));
    expect(again).toEqual([false, true, false]);
  });

  it('remembers ids over 2 losses', () => {
    const delivered = new Delivered('serial');
    accepted(delivered, [1]);
    delivered.restart();
    delivered.accept({ ...message(0), id: 'i:2', serial: 1 });
    delivered.restart();
    const again = ['i:1', 'i:2', 'i:3'].map((id, index) =>
      delivered.accept({ ...message(0), id, serial: index + 1 }),
    );
    expect(again).toEqual([false, false, true]);
  });

  it('remembers the last 1,024 ids, of 3,000', () => {
    const delivered = new Delivered('serial');
    for (let serial = 1; serial <= 3_000; serial += 1) delivered.accept(message(serial));
    delivered.restart();
    const seen = [1_976, 1_977, 3_000].map((serial, index) =>
      delivered.accept({ ...message(serial), serial: index + 1 }),
    );
    expect(seen).toEqual([true, false, false]);
  });

  it('never delivers a serial twice, whatever is repeated or overtakes', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { maxLength: 200 }), (serials) => {
        const delivered = new Delivered('serial');
        const taken = serials.filter((serial) => delivered.accept(message(serial)));
        expect(taken).toEqual([...new Set(taken)].sort((a, b) => a - b));
      }),
      { seed, numRuns: scale(200, 5_000) },
    );
  });
});

describe.each(['overtaking', 'sender', 'none'] as const)('with order `%s`', (order) => {
  it('a lower serial that comes late is delivered, and each id once', () => {
    const delivered = new Delivered(order);
    const serials = [5, 7, 6, 7, 6, 5, 8];
    const isNew = serials.map((serial) =>
      delivered.accept({ event: 'e', data: null, action: 'create', serial, id: `n:${serial}` }),
    );
    expect(isNew).toEqual([true, true, true, false, false, false, true]);
  });

  it('a resend after a loss is not delivered again', () => {
    const delivered = new Delivered(order);
    const message = { event: 'e', data: null, action: 'create', id: 'n:1' } as const;
    delivered.accept(message);
    delivered.restart();
    expect(delivered.accept(message)).toBe(false);
  });

  it('the last 1,024 of a sender are known; what is older is delivered', () => {
    const delivered = new Delivered(order);
    for (let n = 0; n <= 1_024; n++) delivered.accept(sent(n));
    expect(delivered.accept(sent(1))).toBe(false);
    expect(delivered.accept(sent(0))).toBe(true);
  });

  it('a sender that is busy does not push another one out: 5,000 messages', () => {
    const delivered = new Delivered(order);
    delivered.accept({ ...sent(1), id: 'quiet:1' });
    for (let n = 0; n < 5_000; n++) delivered.accept(sent(n));
    expect(delivered.accept({ ...sent(1), id: 'quiet:1' })).toBe(false);
  });

  it('1,024 senders are known, and the oldest makes room', () => {
    const delivered = new Delivered(order);
    for (let n = 0; n <= 1_024; n++) delivered.accept({ ...sent(1), id: `n${n}:1` });
    const again = [1_024, 1, 0].map((n) => delivered.accept({ ...sent(1), id: `n${n}:1` }));
    expect(again).toEqual([false, false, true]);
  });

  it('who claims the nonce of another keeps nothing of theirs away', () => {
    const delivered = new Delivered(order);
    const by = (clientId: string, verified: boolean, n: number): boolean =>
      delivered.accept({ ...sent(n), sender: { clientId, verified } });
    by('ann', true, 1);
    expect([by('eve', true, 2), by('ann', false, 2), by('ann', true, 2)]).toEqual([
      true,
      true,
      true,
    ]);
    expect(by('eve', true, 2 ** 40)).toBe(true);
    expect([by('ann', true, 3), by('ann', true, 3)]).toEqual([true, false]);
  });

  it('an id that is none of ours is delivered, and compared with nothing', () => {
    const delivered = new Delivered(order);
    const odd = ['', 'abc', 'n:x', 'n:1.5', 'n:'].flatMap((id) => [
      delivered.accept({ event: 'e', data: null, action: 'create', id }),
    ]);
    expect(odd.slice(0, 4)).toEqual([true, true, true, true]);
  });
});

describe('what is early', () => {
  it('with order `overtaking`: not what comes after a resend, which has a serial of its own', () => {
    const delivered = new Delivered('overtaking');
    const given = [message(1), { ...message(1), serial: 2 }, message(3)];
    expect(given.map((item) => [delivered.isEarly(item), delivered.accept(item)])).toEqual([
      [false, true],
      [false, false],
      [false, true],
    ]);
  });

  it('with order `overtaking`: a serial that skips one, until the one in between came', () => {
    const delivered = new Delivered('overtaking');
    const early = (serial: number): boolean => delivered.isEarly(message(serial));
    expect(early(5)).toBe(false); // the first that is seen says nothing of earlier ones
    delivered.accept(message(5));
    expect([early(4), early(6), early(7)]).toEqual([false, false, true]);
    delivered.accept(message(6));
    expect(early(7)).toBe(false);
    delivered.restart();
    expect(early(70)).toBe(false);
  });

  it('with order `sender`: a wire sequence that skips one of the same sender', () => {
    const delivered = new Delivered('sender');
    const part = (nonce: string, sequence?: number) =>
      ({
        event: 'e',
        data: null,
        action: 'create',
        id: `${nonce}:${sequence ?? 99}`,
        ...(sequence && { sequence }),
      }) as const;
    delivered.accept(part('a', 1));
    delivered.accept(part('a')); // volatile: has no sequence, and skips none
    const early = [part('a', 2), part('a', 3), part('b', 9)].map((m) => delivered.isEarly(m));
    expect(early).toEqual([false, true, false]);
    delivered.restart();
    expect(delivered.isEarly(part('a', 3))).toBe(false);
  });

  it('with order `serial`: nothing', () => {
    const delivered = new Delivered('serial');
    delivered.accept(message(1));
    expect(delivered.isEarly(message(9, { sequence: 9 }))).toBe(false);
  });
});

/** The n-th message of one sender. */
function sent(n: number) {
  return { event: 'e', data: null, action: 'create', id: `n:${n}` } as const;
}
