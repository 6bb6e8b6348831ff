/**
 * `@anywire/testkit`: the conformance suite for adapters, on vitest.
 *
 * The virtual clock, the fake adapter and the fault proxy are entry points of their own
 * (`/clock`, `/fake`, `/proxy`), which do not need vitest.
 *
 * @module
 */
export { describeAdapter, runCase, whyNot } from './suite.ts';
export { summary, type CaseName, type ConformanceReport, type LeftOut } from './report.ts';
export { conformanceCases } from './cases/index.ts';
export { virtualClock, type VirtualClock } from './clock.ts';
export { seededRandom } from './random.ts';
export type { CaseContext, ClientOptions, ConformanceCase, TestClient } from './case.ts';
export type {
  ConformanceBackend,
  ConformanceClient,
  ConformanceHarness,
  FaultName,
  FaultTarget,
} from './harness.ts';
