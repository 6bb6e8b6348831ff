/**
 * What every engine must do: the tests of engine.ts. An engine is added by a harness of a few lines.
 *
 * @see ../../src/memory.test.ts for the first harness
 */
import { engineBench, type EngineHarness } from './engine-bench.ts';
import { describeClients } from './engine-clients.ts';
import { describeMessages } from './engine-messages.ts';

export type { EngineHarness } from './engine-bench.ts';

export function describeEngine(name: string, harness: () => EngineHarness): void {
  const open = engineBench(harness);
  describeMessages(name, open);
  describeClients(name, open);
}
