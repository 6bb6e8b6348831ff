/**
 * The memory hub against the conformance suite, in virtual time: as it is, and as poorer backends are.
 */
import { describeAdapter } from '@anywire/testkit';
import { memoryHarnesses } from './memory-harness.ts';

for (const [name, harness] of Object.entries(memoryHarnesses)) describeAdapter(name, harness);
