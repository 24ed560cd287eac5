import { test as base } from '@playwright/test';
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
import { promiseOf } from './promise.ts';
import { healLeftFaults, healOwnFaults, restoreMesh, restoreMeshMs } from './restore-mesh.ts';
import { UnderLoad, type Way } from './under-load.ts';

/** Path of the mesh file that the suites run against. */
export const meshVariable = 'MESHPROOF_MESH';

/** How long the readiness gate of a test waits, in milliseconds, where the whole run has waited before. */
export const gateVariable = 'MESHPROOF_GATE_MS';

/**
 * Set where promises are tried on a mesh that was broken on purpose, by whoever broke it: nothing is healed before, and each promise is
 * judged after this many milliseconds, ready or not.
 */
export const asItStandsVariable = 'MESHPROOF_AS_IT_STANDS_MS';

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
  underLoad: (ways: readonly Way[]) => Promise<UnderLoad>;
}

/**
 * Playwright's `test` with a mesh. For the worker: `mesh`; `probes` and `plain`, pods that call with and without a
 * sidecar; `callersOf`, any other workload as the one that calls; `ingress`, targets by cluster. For each test: `ready` (always on) heals what an earlier one could not, and holds it back until every proxy has
 * what the mesh file says; `diagnosed` (always on) asks the doctor when it failed, before anything is undone; `apply` applies manifests; `manifest` reads the one beside the suite; `faults` holds what a test breaks, and at its end, whatever that
 * was, undoes what was applied, heals the last first and waits until the mesh is as before; `underLoad` starts loads that end with the test. `allowed` (always on) keeps promises that disturb more
 * than our own workloads away from meshes that are not ours.
 */
export const test = base.extend<TestFixtures, WorkerFixtures>({
  mesh: [
    async ({}, use) => {
      const path = process.env[meshVariable];
      if (!path)
        throw new Error(
          `${meshVariable} names no mesh file: run \`meshproof run\`, or set it to a mesh.yaml.`,
        );
      await using mesh = attach(loadMeshFile(path));
      await use(mesh);
      // What kept a test from its own healing, such as Ctrl-C amid it, does not leave the fault to the next run.
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
  // Set up before the readiness gate and ended before anything is undone: the doctor sees the mesh as the test failed in it.
  diagnosed: [
    async ({ mesh, session, faults, allowed: _ }, use, testInfo) => {
      await use();
      if (testInfo.status === 'passed' || testInfo.status === 'skipped') return;
      if (testInfo.status === 'interrupted') return; // nobody waits for a cause; what was broken is healed at once
      if (process.env[asItStandsVariable] !== undefined) return; // the doctor was asked by whoever broke it
      await diagnose(mesh, testInfo, { applied: session.names(), injected: faults.any });
    },
    { auto: true, timeout: timeouts.diagnosisMs, title: 'the doctor says why it failed' },
  ],
  ready: [
    async ({ mesh, diagnosed: _ }, use, testInfo) => {
      const asItStandsMs = process.env[asItStandsVariable];
      if (asItStandsMs === undefined)
        await healLeftFaults(mesh, (healMs) => testInfo.setTimeout(timeouts.readinessMs + healMs));
      if (asItStandsMs !== undefined || promiseOf(testInfo)?.gate === 'tried')
        await waitUntilReady(mesh, { timeoutMs: Number(asItStandsMs ?? timeouts.endpointMs) }).catch(
          () => undefined,
        );
      else
        await waitUntilReady(mesh, { timeoutMs: Number(process.env[gateVariable] ?? timeouts.readinessMs) });
      await use();
    },
    { auto: true, timeout: timeouts.readinessMs, title: 'every proxy has what the mesh file says' },
  ],
  session: async ({ mesh }, use) => use(new ApplySession(mesh)),
  apply: async ({ session }, use) => use((manifests, options = {}) => session.apply(manifests, options)),
  manifest: async ({}, use, { file }) => use((values) => readManifest(file, values)),
  faults: [
    async ({ mesh, session }, use, testInfo) => {
      const faults = new FaultSession(mesh);
      await use(faults);
      // How long a fixture has is said before the test; how long healing may take follows from what it broke.
      testInfo.setTimeout(restoreMeshMs(faults) + timeouts.healMs);
      await restoreMesh(session, faults);
      if (faults.any) await waitUntilReady(mesh, { timeoutMs: timeouts.healMs });
    },
    { timeout: timeouts.healMs, title: 'the mesh is put back as it was' },
  ],
  underLoad: async ({ mesh, probes, ingress, faults }, use, testInfo) => {
    await using stack = new AsyncDisposableStack();
    // A load that ended before its test would have nothing to say of the rest; who debugs has no timeout.
    const forMs = testInfo.timeout || timeouts.experimentMs;
    await use(async (ways) =>
      stack.use(await UnderLoad.start({ mesh, probes, ingress, faults }, ways, forMs)),
    );
  },
});
