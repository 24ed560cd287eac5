import { test as base, type TestInfo } from '@playwright/test';
import { timeouts } from '../base/timeouts.ts';
import { loadMeshFile } from '../config/load.ts';
import { plainProbe } from '../config/workload-names.ts';
import { attach, type Mesh } from '../mesh/attach.ts';
import { waitUntilReady } from '../mesh/readiness.ts';
import type { Target } from '../traffic/probe.ts';
import { readManifest } from '../workloads/manifest-file.ts';
import { allowVariable, disturbanceProblem } from './disruption-policy.ts';
import { type Apply, ApplySession } from './apply-session.ts';
import { type Callers, callers, ingressTarget } from './callers.ts';
import { diagnose } from './diagnose-failure.ts';
import { type Faults, FaultSession } from './fault-session.ts';
import { type LoadPath } from './load-path.ts';
import { promiseOf } from './promise.ts';
import { healLeftFaults, healOwnFaults, restoreMesh, restoreMeshMs } from './restore-mesh.ts';
import { UnderLoad } from './under-load.ts';

/** Path of the mesh file that the suites run against. */
export const meshVariable = 'MESHPROOF_MESH';

/** How long the readiness gate of a test waits, in milliseconds, if the whole run has already waited. */
export const gateVariable = 'MESHPROOF_GATE_MS';

/**
 * Set by a command that breaks the mesh on purpose and then runs promises, in milliseconds: faults are not healed before a promise, and
 * each promise is judged after this time, ready or not.
 */
export const asItStandsVariable = 'MESHPROOF_AS_IT_STANDS_MS';

/** The readiness gate of a test: see `PromiseDefinition`. */
function gateOf(testInfo: TestInfo): 'held' | 'waited' | 'tried' {
  const promised = promiseOf(testInfo);
  return promised?.gate ?? (promised?.disturbs === 'nothing' ? 'waited' : 'held');
}

interface WorkerFixtures {
  mesh: Mesh;
  probes: Callers;
  plain: Callers;
  callersOf: (service: string) => Callers;
  ingress: ReadonlyMap<string, Target>;
}

interface TestFixtures {
  allowed: void;
  diagnosed: void;
  ready: void;
  session: ApplySession;
  apply: Apply;
  manifest: (values?: Readonly<Record<string, string>>) => string;
  faults: Faults;
  underLoad: (paths: readonly LoadPath[]) => Promise<UnderLoad>;
}

/**
 * Playwright's `test` with a mesh.
 *
 * For the worker: `mesh`; `probes` and `plain`, callers with and without a sidecar; `callersOf`, callers of another workload; `ingress`,
 * targets by cluster.
 *
 * For each test: `apply` applies manifests; `manifest` reads the manifest of the suite; `faults` injects faults; `underLoad` starts loads
 * that end with the test. When the test ends, `faults` undoes the manifests, heals the faults, and waits until the mesh is ready.
 *
 * Always on: `allowed` skips promises that must not disturb this mesh; `ready` heals leftovers of earlier tests and waits for the endpoints
 * of the mesh file in every proxy; `diagnosed` runs the doctor after a failure, before changes are undone.
 */
export const test = base.extend<TestFixtures, WorkerFixtures>({
  mesh: [
    async ({}, use) => {
      const path = process.env[meshVariable];
      if (!path)
        throw new Error(
          `The test cannot start: ${meshVariable} is not set. Use \`meshproof run\`, or set it to the path of a mesh file.`,
        );
      await using mesh = attach(loadMeshFile(path));
      await use(mesh);
      // Heals faults that a test did not heal, for example because of Ctrl-C.
      if (process.env[asItStandsVariable] === undefined) await healOwnFaults(mesh);
    },
    { scope: 'worker' },
  ],
  probes: [
    async ({ mesh }, use) => {
      await using stack = new AsyncDisposableStack();
      await use(callers(mesh, 'probe', stack));
    },
    { scope: 'worker' },
  ],
  plain: [
    async ({ mesh }, use) => {
      await using stack = new AsyncDisposableStack();
      await use(callers(mesh, 'probe', stack, plainProbe));
    },
    { scope: 'worker' },
  ],
  callersOf: [
    async ({ mesh }, use) => {
      await using stack = new AsyncDisposableStack();
      await use((service) => callers(mesh, service, stack));
    },
    { scope: 'worker' },
  ],
  ingress: [
    async ({ mesh }, use) => {
      await using stack = new AsyncDisposableStack();
      const targets = mesh.file.clusters.flatMap(({ name, ingress }) =>
        ingress === undefined ? [] : [[name, stack.use(ingressTarget(name, ingress))] as const],
      );
      await use(new Map(targets));
    },
    { scope: 'worker' },
  ],
  allowed: [
    async ({ mesh }, use, testInfo) => {
      const promised = promiseOf(testInfo);
      const problem = promised && disturbanceProblem(promised, mesh.isLab, process.env[allowVariable]);
      testInfo.skip(problem !== undefined, problem);
      await use();
    },
    { auto: true, box: true },
  ],
  // Before `ready`, so it ends before changes are undone: the doctor reads the mesh in the state of the failure.
  diagnosed: [
    async ({ mesh, session, faults, allowed: _ }, use, testInfo) => {
      await use();
      if (testInfo.status === 'passed' || testInfo.status === 'skipped') return;
      if (testInfo.status === 'interrupted') return; // heal at once
      if (process.env[asItStandsVariable] !== undefined) return; // the command runs the doctor itself
      await diagnose(mesh, testInfo, { applied: session.names(), injected: faults.any });
    },
    { auto: true, timeout: timeouts.diagnosisMs, title: 'the doctor finds the cause' },
  ],
  ready: [
    async ({ mesh, diagnosed: _ }, use, testInfo) => {
      const asItStandsMs = process.env[asItStandsVariable];
      if (asItStandsMs === undefined)
        await healLeftFaults(mesh, (healMs) => testInfo.setTimeout(timeouts.readinessMs + healMs));
      const gate = gateOf(testInfo);
      const longestMs = gate === 'tried' ? timeouts.endpointMs : timeouts.readinessMs;
      const ready = waitUntilReady(mesh, {
        timeoutMs: Number(asItStandsMs ?? process.env[gateVariable] ?? longestMs),
      });
      await (asItStandsMs === undefined && gate === 'held' ? ready : ready.catch(() => undefined));
      await use();
    },
    { auto: true, timeout: timeouts.readinessMs, title: 'every proxy has the endpoints of the mesh file' },
  ],
  session: async ({ mesh }, use) => use(new ApplySession(mesh)),
  apply: async ({ session }, use) => use((manifests, options = {}) => session.apply(manifests, options)),
  manifest: async ({}, use, { file }) => use((values) => readManifest(file, values)),
  faults: [
    async ({ mesh, session }, use, testInfo) => {
      const faults = new FaultSession(mesh);
      await use(faults);
      // The timeout of a fixture is fixed before the test; the time to heal follows from the faults of the test.
      testInfo.setTimeout(restoreMeshMs(faults) + timeouts.healMs);
      await restoreMesh(session, faults);
      if (faults.any) await waitUntilReady(mesh, { timeoutMs: timeouts.healMs });
    },
    { timeout: timeouts.healMs, title: 'the mesh is restored' },
  ],
  underLoad: async ({ mesh, probes, ingress, faults }, use, testInfo) => {
    await using stack = new AsyncDisposableStack();
    // A load must not end before its test. The timeout is 0 in a debugger.
    const forMs = testInfo.timeout || timeouts.experimentMs;
    await use(async (paths) =>
      stack.use(await UnderLoad.start({ mesh, probes, ingress, faults }, paths, forMs)),
    );
  },
});
