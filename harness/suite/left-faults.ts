import { isAlive } from '../base/process-start.ts';
import { timeouts } from '../base/timeouts.ts';
import { waitUntil } from '../base/wait-until.ts';
import { healFaults, healFaultsMs, reportRefused } from '../chaos/heal/heal.ts';
import { journalOf, type JournalEntry } from '../chaos/heal/journal.ts';
import type { Mesh } from '../mesh/attach.ts';

/**
 * Heals faults that an earlier promise of this run left in the journal, as its worker was killed or its healing failed: no promise is
 * judged on a mesh that another one broke. A fault of a process that runs is left to that one, for as long as healing may take.
 *
 * @param allowMs is told how long healing may take, before it begins.
 * @throws Error when one is there still.
 */
export async function healLeftFaults(mesh: Mesh, allowMs: (healMs: number) => void): Promise<void> {
  const journal = journalOf(mesh.file);
  const { entries } = await journal.read();
  if (entries.length === 0) return;
  allowMs(timeouts.healMs + healFaultsMs(entries));
  let left: JournalEntry[] = entries;
  const areOurs = async () => {
    left = (await journal.read()).entries;
    return !left.some(({ pid }) => pid !== process.pid && isAlive(pid));
  };
  await waitUntil(areOurs, 'another process to heal its faults', timeouts.healMs).catch((error: unknown) => {
    const whose = left.map(({ fault, pid }) => `${fault} of process ${pid}`).join(', ');
    throw new Error(
      `Nothing can be judged beside a fault in the mesh: ${whose}. A promise that injects one runs alone (lock: '-exclusive-').`,
      { cause: error },
    );
  });
  await healAndTell(mesh, left);
}

/** Heals what this process itself has left in the journal, before it ends; others may be at work on theirs. */
export async function healOwnFaults(mesh: Mesh): Promise<void> {
  const { entries } = await journalOf(mesh.file).read();
  await healAndTell(
    mesh,
    entries.filter(({ pid }) => pid === process.pid),
  );
}

async function healAndTell(mesh: Mesh, entries: readonly JournalEntry[]): Promise<void> {
  for (const line of await healFaults(mesh, entries, { refused: reportRefused }))
    console.error(`left by an earlier promise, healed: ${line}`);
}
