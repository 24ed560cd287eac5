import type { TestInfo } from '@playwright/test';
import type { Diagnosis } from '../doctor/finding.ts';
import { judge } from '../doctor/judge.ts';
import type { Mesh } from '../mesh/attach.ts';
import { annotation } from '../report/annotations.ts';
import type { Cause } from '../report/schema.ts';
import { takeSnapshot } from '../snapshot/take-snapshot.ts';

/** What a test itself has done to the mesh, by the time that it failed. */
export interface OwnDoing {
  /** Objects that it applied, `Kind namespace/name`. */
  applied: readonly string[];
  /** Whether it injected a fault; it may have healed it since. */
  injected: boolean;
}

/**
 * Asks the doctor why the running test failed, before anything is undone. The snapshot and all that was found in it are attached to the
 * test, and the first cause stands beside the reason in the report.
 */
export async function diagnose(mesh: Mesh, testInfo: TestInfo, own: OwnDoing): Promise<void> {
  const snapshot = await takeSnapshot(mesh);
  const diagnosis = judge(snapshot);
  for (const [name, content] of Object.entries({ snapshot, diagnosis }))
    await testInfo.attach(`${name}.json`, { body: JSON.stringify(content), contentType: 'application/json' });
  const cause = likelyCause(diagnosis, own);
  if (cause) recordCause(testInfo, cause);
}

/**
 * The first cause above info that is no object of the test's own; undefined where there is none. Where the test injected a fault, the
 * sentence says so: the doctor cannot know whose doing it was.
 */
export function likelyCause({ causes }: Diagnosis, own: OwnDoing): Cause | undefined {
  const found = causes.find(
    ({ finding: { severity, object } }) =>
      severity !== 'info' && (object === undefined || !own.applied.includes(object)),
  )?.finding;
  if (!found) return undefined;
  const { code, cluster, cause, remedy, anchor } = found;
  const sentence = own.injected
    ? `${cause} (The promise injects faults of its own; this may come of one.)`
    : cause;
  return { code, ...(cluster === undefined ? {} : { cluster }), sentence, remedy, anchor };
}

/**
 * Records what the doctor found first after the running promise failed; the report shows the first one that was recorded
 * beside the reason, unless the promise is kept after all. Throws when a field is empty that must not be.
 */
export function recordCause(testInfo: TestInfo, cause: Cause): void {
  testInfo.annotations.push(annotation('meshproof.cause', cause));
}
