/**
 * The memory hub against the conformance suite, in virtual time: as it is, without all that a hub can do without, and as
 * backends that cannot resume, so that core repairs from history.
 */
import { describeAdapter } from '@anywire/testkit';
import { memoryHarness } from './memory-harness.ts';

describeAdapter('memory', memoryHarness([], 7));
describeAdapter('memory without a grace', memoryHarness([], 6, { presenceGraceMs: 0 }));
describeAdapter(
  'memory without ack, resume, history, presence, echo and binary',
  memoryHarness(['ack', 'resume', 'history', 'presence', 'echo', 'binary'], 38),
);
describeAdapter('memory without resume', memoryHarness(['resume'], 8));
describeAdapter(
  'memory without resume, whose history goes backwards alone',
  memoryHarness(['resume', 'historyAfter'], 10),
);
describeAdapter('memory whose messages overtake', memoryHarness([], 8, { order: 'overtaking' }));
describeAdapter('memory in order of senders alone', memoryHarness([], 11, { order: 'sender' }));
