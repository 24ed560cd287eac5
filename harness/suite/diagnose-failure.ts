import type { TestInfo } from '@playwright/test';
import type { Diagnosis } from '../doctor/finding.ts';
import { judge } from '../doctor/judge.ts';
import type { Mesh } from '../mesh/attach.ts';
import { annotation } from '../report/annotations.ts';
import type { Cause } from '../report/schema.ts';
import { takeSnapshot } from '../snapshot/take-snapshot.ts';

/** Changes that a test itself made to the mesh before it failed. */
export interface OwnChanges {
  /** Objects that the test applied, `Kind namespace/name`. */
  applied: readonly string[];
  /** Whether the test injected a fault, even if the fault is healed. */
  injected: boolean;
}

/**
 * Runs the doctor after the running test failed, before its changes are undone. Attaches the snapshot and the diagnosis to the test; the
 * report shows the first cause next to the reason. If the doctor does not find a cause, the report says so.
 */
export async function diagnose(mesh: Mesh, testInfo: TestInfo, own: OwnChanges): Promise<void> {
  const snapshot = await takeSnapshot(mesh);
  const diagnosis = judge(snapshot);
  for (const [name, content] of Object.entries({ snapshot, diagnosis }))
    await testInfo.attach(`${name}.json`, { body: JSON.stringify(content), contentType: 'application/json' });
  const cause = likelyCause(diagnosis, own);
  if (cause) recordCause(testInfo, cause);
  // After a healed fault, the mesh may be whole again.
  else if (isSilent(diagnosis) && !own.injected)
    testInfo.annotations.push(annotation('meshproof.doctor-silent', {}));
}

/** Whether a diagnosis has no finding above `info`. */
const isSilent = ({ causes }: Diagnosis): boolean =>
  causes.every(({ finding }) => finding.severity === 'info');

/**
 * The first cause above `info` whose object the test did not apply; undefined without such a cause. If the test injected a fault, the
 * sentence says that the fault may be the cause.
 */
export function likelyCause({ causes }: Diagnosis, own: OwnChanges): Cause | undefined {
  const found = causes.find(
    ({ finding: { severity, object } }) =>
      severity !== 'info' && (object === undefined || !own.applied.includes(object)),
  )?.finding;
  if (!found) return undefined;
  const { code, cluster, cause, remedy, anchor } = found;
  const sentence = own.injected
    ? `${cause} (The promise injects faults; one of them may be the cause.)`
    : cause;
  return { code, ...(cluster === undefined ? {} : { cluster }), sentence, remedy, anchor };
}

/**
 * Records the likely cause of the failure of the running promise. The report shows the first recorded cause next to the reason, unless
 * the promise holds. Throws if a required field is empty.
 */
export function recordCause(testInfo: TestInfo, cause: Cause): void {
  testInfo.annotations.push(annotation('meshproof.cause', cause));
}
