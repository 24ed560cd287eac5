import { test } from './suite/fixtures.ts';
import { promiseFor } from './suite/promise.ts';

export { test };
/** Declares the promise of a suite, on top of {@link test}. */
export const promise = promiseFor(test);
export { timeouts } from './base/timeouts.ts';
export type { Apply } from './suite/apply-session.ts';
export { recordExperiment } from './suite/experiment.ts';
export { expect } from './suite/expect.ts';
export { givenFailover, givenFailoverCallers, givenRemote, orSkip } from './suite/given.ts';
export { recordJudgement } from './suite/promise.ts';
export { hold, holdAll, holdPhases } from './suite/record-and-expect.ts';

// Not `mesh`: every test has a fixture of that name, which would hide the group.
export * as meshes from './suite/groups/meshes.ts';
export * as traffic from './suite/groups/traffic.ts';
export * as chaos from './suite/groups/chaos.ts';
export * as verdict from './suite/groups/verdict.ts';
