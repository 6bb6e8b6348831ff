/**
 * The memory hub against the conformance suite, in virtual time: as it is, without all that a hub can do without, and as
 * backends that cannot resume, so that core repairs from history.
 */
import { describeAdapter } from '@anywire/testkit';
import { memoryHarness } from './memory-harness.ts';

describeAdapter('memory', memoryHarness([], 11));
describeAdapter(
  'memory behind a service that counts',
  memoryHarness([], 8, {
    rates: {
      publish: [{ max: 10, perMs: 1_000, scope: 'connection' }],
      presence: [{ max: 5, perMs: 2_000, scope: 'channel' }],
      attach: [
        { max: 3, perMs: 1_000, scope: 'connection' },
        { max: 5, perMs: 2_000, scope: 'connection' },
      ],
    },
  }),
);
describeAdapter('memory without a grace', memoryHarness([], 10, { presenceGraceMs: 0 }));
describeAdapter(
  'memory without ack, resume, history, presence, echo and binary',
  memoryHarness(['ack', 'resume', 'history', 'presence', 'echo', 'binary'], 44),
);
describeAdapter('memory without resume', memoryHarness(['resume'], 12));
describeAdapter(
  'memory without resume, whose history goes backwards alone',
  memoryHarness(['resume', 'historyAfter'], 14),
);
describeAdapter('memory whose messages overtake', memoryHarness([], 12, { order: 'overtaking' }));
describeAdapter('memory in order of senders alone', memoryHarness([], 15, { order: 'sender' }));
