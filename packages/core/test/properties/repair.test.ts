/**
 * Holes, and their repair from history: interruptions that the backend cannot bridge, retention that cuts off, more than
 * may wait, messages that overtake each other.
 *
 * @see docs/semantics.md#continuity
 */
import type { Link } from '@anywire/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { judge, play, type Kind } from './listening.ts';
import { finds, holds, limitMs } from './property.ts';
import { scripts, type Step } from './scripts.ts';

const kinds: fc.Arbitrary<Kind> = fc.record({
  lacks: fc.constantFrom(['resume'], ['resume', 'historyAfter']),
  historySize: fc.constantFrom(4, 8, 1_000),
  repairMessages: fc.constantFrom(3, 1_000),
});

const property = (
  given: fc.Arbitrary<Kind>,
  spoil?: (link: Link) => Partial<Link>,
): fc.IRawProperty<[Step[], Kind]> =>
  fc.asyncProperty(scripts, given, async (script, kind) =>
    judge(await play(script, kind, spoil), kind),
  );

it(
  'what a backend cannot resume is heard once and in order, or a gap that holds it is told',
  () => holds(property(kinds)),
  limitMs,
);

it(
  'no gap is told while history reaches back and goes forwards',
  () => {
    const kind: Kind = { lacks: ['resume'], historySize: 1_000, repairMessages: 1_000 };
    return holds(
      fc.asyncProperty(scripts, async (script) => {
        const played = await play(
          script.filter(({ act }) => act !== 'forget'),
          kind,
        );
        judge(played, kind);
        const reasons = played.readers.flatMap(({ gaps }) => gaps.map(({ reason }) => reason));
        expect(reasons.filter((reason) => !reason.includes('cut off'))).toEqual([]);
      }),
    );
  },
  limitMs,
);

const overtaking: fc.Arbitrary<Kind> = fc.record({
  lacks: fc.constantFrom([], ['resume'], ['resume', 'historyAfter']),
  order: fc.constant('overtaking'),
  historySize: fc.constant(1_000),
  repairMessages: fc.constant(1_000),
});

/** The first 2 messages overtake each other, and something ends the attachment when some of it has come. */
const begins: fc.Arbitrary<Step[]> = fc
  .record({
    pass: fc.nat(4),
    act: fc.constantFrom('cut', 'evict', 'forget', 'wait'),
  })
  .map(({ pass, act }) => [
    { act: 'listen', count: 0, pass: 1_000 },
    { act: 'reorder', count: 2, pass },
    { act, count: 200, pass: 1_000 },
  ]);

/** One that the first of its attachment has overtaken for longer than `earlyMs` is lost in a cut: nobody knows of it. */
const whole = (step: Step): Step => (step.act === 'reorder' ? { ...step, pass: 1_000 } : step);

it(
  'messages that overtake each other are heard once, or a gap that holds them is told',
  () =>
    holds(
      fc.asyncProperty(begins, scripts, overtaking, async (begin, script, kind) =>
        judge(await play([...begin, ...script.map(whole)], kind), kind),
      ),
    ),
  limitMs,
);

// --- seeded bugs ---

it('finds an adapter whose attach begins 1 message later than it says', () =>
  finds(
    property(kinds, ({ attached, received }) => {
      let isFirst = false;
      return {
        attached(channel, info) {
          isFirst = true;
          attached(channel, info);
        },
        received(channel, message) {
          if (!isFirst) received(channel, message);
          isFirst = false;
        },
      };
    }),
  ));
