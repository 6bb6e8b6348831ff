/** All conformance cases by area, in the order in which a reader learns the SDK. */
import type { ConformanceCase } from '../case.ts';
import { ackCases } from './acks.ts';
import { authCases } from './auth.ts';
import { binaryCases } from './binary.ts';
import { connectionCases } from './connection.ts';
import { continuityCases } from './continuity.ts';
import { duplicateCases } from './duplicates.ts';
import { echoCases } from './echo.ts';
import { errorCases } from './errors.ts';
import { historyCases } from './history.ts';
import { limitCases } from './limits.ts';
import { listenerCases } from './listeners.ts';
import { nameCases } from './names.ts';
import { orderCases } from './order.ts';
import { outboxCases } from './outbox.ts';
import { pipelineCases } from './pipeline.ts';
import { presenceChangeCases } from './presence-changes.ts';
import { presenceEdgeCases } from './presence-edges.ts';
import { presenceCases } from './presence.ts';
import { publishCases } from './publish.ts';
import { reconnectCases } from './reconnect.ts';
import { rewindCases } from './rewind.ts';
import { sizeCases } from './sizes.ts';
import { teardownCases } from './teardown.ts';

export const conformanceCases: ReadonlyMap<string, readonly ConformanceCase[]> = new Map([
  ['connection', connectionCases],
  ['reconnect', reconnectCases],
  ['publish', publishCases],
  ['acks', ackCases],
  ['outbox', outboxCases],
  ['pipeline', pipelineCases],
  ['listeners', listenerCases],
  ['order', orderCases],
  ['duplicates', duplicateCases],
  ['continuity', continuityCases],
  ['presence', [...presenceCases, ...presenceChangeCases, ...presenceEdgeCases]],
  ['history', historyCases],
  ['rewind', rewindCases],
  ['auth', authCases],
  ['echo', echoCases],
  ['errors', errorCases],
  ['sizes', sizeCases],
  ['names', nameCases],
  ['binary', binaryCases],
  ['limits', limitCases],
  ['teardown', teardownCases],
]);
