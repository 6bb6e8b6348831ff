/**
 * The memory hub against the conformance suite, in virtual time: once as it is, once without all that a hub
 * can do without.
 */
import { describeAdapter } from '@anywire/testkit';
import { memoryHarness } from './memory-harness.ts';

describeAdapter('memory', memoryHarness([], 6));
describeAdapter(
  'memory without ack, resume, history, presence and echo',
  memoryHarness(['ack', 'resume', 'history', 'presence', 'echo'], 32),
);
