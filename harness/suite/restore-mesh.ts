import { isAlive } from '../base/process-start.ts';
import { throwTogether } from '../base/settle-all.ts';
import { timeouts } from '../base/timeouts.ts';
import { waitUntil } from '../base/wait-until.ts';
import { healFaults, healFaultsMs, reportRefused } from '../chaos/heal/heal.ts';
import { journalOf, type JournalEntry } from '../chaos/heal/journal.ts';
import type { Mesh } from '../mesh/attach.ts';
import type { ApplySession } from './apply-session.ts';
import type { FaultSession } from './fault-session.ts';

/** The most time that {@link restoreMesh} may take, milliseconds. */
export const restoreMeshMs = (faults: Pick<FaultSession, 'healWithinMs'>): number =>
  timeouts.healMs + faults.healWithinMs + timeouts.healMs;

/**
 * Restores the mesh after a test: deletes the manifests that the test applied, then heals its faults. An outlier detection rule of the
 * test could otherwise keep the mesh from being as before. If a fault prevents a deletion, such as an API server that does not answer,
 * the deletion is tried again after the healing.
 *
 * @throws Error that lists everything that is not restored; the rest is.
 */
export async function restoreMesh(
  session: Pick<ApplySession, 'undo'>,
  faults: AsyncDisposable,
): Promise<void> {
  const limit = Promise.withResolvers<void>();
  const timer = setTimeout(limit.resolve, timeouts.healMs);
  await Promise.race([session.undo().catch(() => undefined), limit.promise]);
  clearTimeout(timer);
  const failures: unknown[] = [];
  const attempt = (step: Promise<void>) => step.catch((error: unknown) => void failures.push(error));
  await attempt(Promise.resolve(faults[Symbol.asyncDispose]()));
  await attempt(session.undo());
  throwTogether(failures, 'The mesh is not restored to its state before the test');
}

/**
 * Heals faults that an earlier promise of this run left in the journal, because its worker was killed or its healing failed. If the
 * process of a fault still runs, waits until that process has healed it.
 *
 * @param allowMs is called with the most time that healing may take, milliseconds, before healing begins.
 * @throws Error if a fault is still in the mesh.
 */
export async function healLeftFaults(mesh: Mesh, allowMs: (healMs: number) => void): Promise<void> {
  const journal = journalOf(mesh.file);
  const { entries } = await journal.read();
  if (entries.length === 0) return;
  allowMs(timeouts.healMs + healFaultsMs(entries));
  let left: JournalEntry[] = entries;
  const haveOthersHealed = async () => {
    left = (await journal.read()).entries;
    return !left.some(({ pid }) => pid !== process.pid && isAlive(pid));
  };
  await waitUntil(haveOthersHealed, 'another process to heal its faults', timeouts.healMs).catch(
    (error: unknown) => {
      const list = left.map(({ fault, pid }) => `${fault} of process ${pid}`).join(', ');
      throw new Error(
        `The promise cannot be judged: another process has a fault in the mesh (${list}). ` +
          "Give the promise of that fault the lock '-exclusive-'.",
        { cause: error },
      );
    },
  );
  await healAndReport(mesh, left);
}

/** Heals the faults that this process left in the journal. Entries of other processes stay. */
export async function healOwnFaults(mesh: Mesh): Promise<void> {
  const { entries } = await journalOf(mesh.file).read();
  await healAndReport(
    mesh,
    entries.filter(({ pid }) => pid === process.pid),
  );
}

async function healAndReport(mesh: Mesh, entries: readonly JournalEntry[]): Promise<void> {
  for (const line of await healFaults(mesh, entries, { refused: reportRefused }))
    console.error(`healed a fault of an earlier promise: ${line}`);
}
