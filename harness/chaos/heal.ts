import { setTimeout as delay } from 'node:timers/promises';
import type { Mesh } from '../mesh/attach.ts';
import { timeouts } from '../timeouts.ts';
import { whileWaiting } from '../waiting.ts';
import { stages } from './fault.ts';
import { faultNamed } from './faults.ts';
import { healContainers } from './heal-containers.ts';
import { healMarks } from './heal-marks.ts';
import { healCase } from './inject.ts';
import { journalOf, type JournalEntry } from './journal.ts';
import { requireMadeHere } from './made-on.ts';

/** Takes a line of progress: what is tried next, and how long that may take. */
export type Say = (line: string) => void;

/**
 * Takes away whatever is left in a mesh because a process was killed. First the faults of the journal, on this machine:
 * frozen and lost clusters, then the link, then API servers that are cut off, then the rest, the last first. Then marks,
 * which any machine can find: in a lab's containers, and in the clusters (changed numbers of pods, sick pods, Secrets that
 * were kept, nodes without their region, objects of tests). A fault that could not be healed is tried once more after them: what kept it
 * may be one of these, such as a pod more than there was. It can be run again and again.
 *
 * @returns what was healed, a line each; empty for a mesh in order.
 * @throws Error that names all that could not be healed, when the rest was.
 */
export async function heal(mesh: Mesh, say?: Say): Promise<string[]> {
  const report: Report = { healed: [], failed: [] };
  const journal = journalOf(mesh.file);
  const { entries, unreadable } = await journal.read();
  const first = await healEntries(mesh, entries, say);
  report.healed.push(...first.healed);
  for (const name of unreadable)
    await attempt(report, `journal file ${name}`, async () => [
      `journal: ${name} is no entry and was put aside as ${await journal.putAside(name)}; only what is marked can be healed of it`,
    ]);
  if (mesh.isLab) await attempt(report, "the lab's containers", () => healContainers(mesh));
  await Promise.all(
    mesh.clusters.map((cluster) =>
      attempt(report, `cluster ${cluster.name}`, () => healMarks(mesh, cluster)),
    ),
  );
  const again = await healEntries(mesh, first.left, (line) => say?.(`once more: ${line}`));
  report.healed.push(...again.healed);
  report.failed.unshift(...again.failed);
  return healedOf(report);
}

/**
 * Heals faults of the journal and nothing else: where a mesh is in use, what carries a mark may be wanted.
 *
 * @returns what was healed, a line each.
 * @throws Error that names all that could not be healed, when the rest was.
 */
export async function healFaults(mesh: Mesh, entries: readonly JournalEntry[]): Promise<string[]> {
  return healedOf(await healEntries(mesh, entries));
}

/** The most that {@link healFaults} may take, milliseconds: twice for one whose injection was cut off. */
export const healFaultsMs = (entries: readonly JournalEntry[]): number =>
  entries.reduce(
    (sum, { fault }) => sum + 2 * ((faultNamed(fault)?.bounds.healMs ?? 0) + timeouts.lateMs),
    0,
  );

function healedOf({ healed, failed }: Report): string[] {
  if (failed.length === 0) return healed;
  const done = healed.length > 0 ? ` Healed: ${healed.join('; ')}.` : '';
  throw new Error(
    `Not all could be healed: ${failed.map(({ what, error }) => `${what}: ${wordsOf(error)}`).join('; ')}.${done}`,
    { cause: failed[0]?.error },
  );
}

interface Report {
  healed: string[];
  failed: { what: string; error: unknown }[];
}

/** What came of healing entries of the journal; `left` are those that failed. */
interface HealedEntries extends Report {
  left: JournalEntry[];
}

/** Heals faults of the journal and proves that, in the order that they need. What one fails with is in the result. */
async function healEntries(mesh: Mesh, entries: readonly JournalEntry[], say?: Say): Promise<HealedEntries> {
  const report: HealedEntries = { healed: [], failed: [], left: [] };
  for (const entry of inOrder(entries)) {
    const failedBefore = report.failed.length;
    say?.(
      `healing ${entry.fault} of ${entry.startedAt}: at most ${Math.ceil(healFaultsMs([entry]) / 1000)} s`,
    );
    await attempt(report, `fault ${entry.fault} of ${entry.startedAt}`, () => healEntry(mesh, entry));
    if (report.failed.length > failedBefore) report.left.push(entry);
  }
  return report;
}

/** What cannot be healed must not keep the rest from being healed. */
async function attempt(report: Report, what: string, act: () => Promise<string[]>): Promise<void> {
  try {
    report.healed.push(...(await act()));
  } catch (error) {
    report.failed.push({ what, error });
  }
}

function wordsOf(error: unknown): string {
  const parts = [];
  for (let each = error; each instanceof Error; each = each.cause) parts.push(each.message);
  return parts.length > 0 ? parts.join(': ') : String(error);
}

/** By stage, and within one the last first: faults may have been laid upon each other. */
export function inOrder(entries: readonly JournalEntry[]): JournalEntry[] {
  const stageOf = ({ fault }: JournalEntry) => stages.indexOf(faultNamed(fault)?.stage ?? 'rest');
  return entries.toReversed().toSorted((a, b) => stageOf(a) - stageOf(b));
}

async function healEntry(mesh: Mesh, entry: JournalEntry): Promise<string[]> {
  const kind = faultNamed(entry.fault);
  if (!kind)
    throw new Error(
      `this version of meshproof knows no fault ${entry.fault}; heal with the one that wrote it`,
    );
  const journal = journalOf(mesh.file);
  await requireMadeHere(mesh, entry, journal.fileOf(entry));
  const parameters = kind.parameters.parse(entry.parameters);
  const of = { mesh, id: entry.id, parameters, undo: kind.undo.parse(entry.undo) };
  if (entry.phase === 'begun') {
    // Amid its injection a process leaves requests behind that are still on their way: heal, let them come, heal again.
    await kind.heal(of);
    await whileWaiting(() => delay(timeouts.settleMs));
  }
  const { evidence } = await healCase(kind, of);
  await journal.remove(entry);
  return [`${entry.fault} (injected ${entry.startedAt} by process ${entry.pid}): ${evidence}`];
}
