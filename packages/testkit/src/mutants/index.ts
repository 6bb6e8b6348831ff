/** All mutants by area. @see mutant.ts */
import { accessMutants } from './access.ts';
import { binaryMutants } from './binary.ts';
import { connectionMutants } from './connection.ts';
import { continuityMutants } from './continuity.ts';
import { historyMutants } from './history.ts';
import { limitMutants } from './limits.ts';
import type { Mutants } from './mutant.ts';
import { orderMutants } from './order.ts';
import { pipelineMutants } from './pipeline.ts';
import { presenceMutants } from './presence.ts';
import { publishMutants } from './publish.ts';
import { teardownMutants } from './teardown.ts';

export { mutated, type Mutant, type Mutants } from './mutant.ts';

export const mutants: ReadonlyMap<string, Mutants> = new Map([
  ['connection', connectionMutants],
  ['publish', publishMutants],
  ['order', orderMutants],
  ['continuity', continuityMutants],
  ['presence', presenceMutants],
  ['history', historyMutants],
  ['access', accessMutants],
  ['pipeline', pipelineMutants],
  ['binary', binaryMutants],
  ['limits', limitMutants],
  ['teardown', teardownMutants],
]);
