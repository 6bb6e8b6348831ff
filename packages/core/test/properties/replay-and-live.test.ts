/**
 * Where replay and live meet: rewinds of early and late listeners, backlogs of a resume and live messages, interleaved at
 * random with cuts, evictions, restarts and remounts.
 *
 * @see docs/semantics.md#rewind · docs/semantics.md#continuity
 */
import type { Link } from '@anywire/core';
import fc from 'fast-check';
import { it } from 'vitest';
import { judge, play, type Kind } from './listening.ts';
import { finds, holds, limitMs } from './property.ts';
import { scripts, type Step } from './scripts.ts';

const kind: Kind = { lacks: [], historySize: 6, repairMessages: 1_000 };

const property = (spoil?: (link: Link) => Partial<Link>): fc.IRawProperty<[Step[]]> =>
  fc.asyncProperty(scripts, async (script) => judge(await play(script, kind, spoil), kind));

it(
  'each listener hears each message once and in order from the right one on, or a gap that holds it is told',
  () => holds(property()),
  limitMs,
);

// --- seeded bugs ---

it('finds an adapter that says `kept` of what was lost', () =>
  finds(
    property(({ attached }) => ({
      attached: (channel, info) =>
        attached(channel, {
          ...info,
          continuity: info.continuity === 'lost' ? 'kept' : info.continuity,
        }),
    })),
  ));

it('finds an adapter that forgets the first message of each backlog', () =>
  finds(
    property(({ attached, received }) => {
      let isFirst = false;
      return {
        attached(channel, info) {
          isFirst = info.backlog === true;
          attached(channel, info);
        },
        received(channel, message) {
          if (!isFirst) received(channel, message);
          isFirst = false;
        },
      };
    }),
  ));
