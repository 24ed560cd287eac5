import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import { timeouts } from '../../base/timeouts.ts';
import { whileWaiting } from '../../base/waiting.ts';
import type { Mesh } from '../../mesh/attach.ts';
import { stages, type AnyFault } from '../fault.ts';
import { faultNamed } from '../faults.ts';
import { shown, wordRefused, type Mark, type MarkPolicy, type RefusedMark } from '../marks/mark.ts';
import { healContainers } from './heal-containers.ts';
import { healMarks } from './heal-marks.ts';
import { healCase } from './inject.ts';
import { journalOf, type JournalEntry } from './journal.ts';
import { requireSameClusters } from './cluster-identity.ts';

/** Receives a line of progress: the next fault, and its time limit. */
export type Say = (line: string) => void;

/** Reports a mark that was left alone on standard error. */
export const reportRefused = (mark: RefusedMark): void => console.error(`left alone: ${wordRefused(mark)}`);

/** The options of healing: progress, and the policy for marks that this machine did not sign. */
export interface HealOptions extends MarkPolicy {
  say?: Say | undefined;
}

/**
 * Heals the leftovers of killed processes in a mesh. First the faults in the journal of this machine: frozen and lost
 * clusters, then the link, then API servers that are cut off, then the rest, the last first. Then marks: in the
 * containers of a lab, and in the clusters (numbers of pods, unhealthy pods, kept Secrets, nodes without their
 * region, objects of tests). A mark in a cluster is a hint, never an order: {@link healMarks}. A fault that could not
 * be healed is tried again after the marks, because a mark can be the cause, such as an extra pod. You can run it
 * again at any time.
 *
 * @returns the healed leftovers, a line each; empty for a mesh without leftovers.
 * @throws Error that names all leftovers that could not be healed, after the rest was healed.
 */
export async function heal(mesh: Mesh, options: HealOptions): Promise<string[]> {
  const { say } = options;
  const report: Report = { healed: [], failed: [] };
  const journal = journalOf(mesh.file);
  const { entries, unreadable } = await journal.read();
  const first = await healEntries(mesh, entries, options);
  report.healed.push(...first.healed);
  for (const name of unreadable)
    await attempt(report, `journal file ${name}`, async () => {
      options.refused(
        setAside(await journal.setAside(name), 'it is not an entry of this version of meshproof'),
      );
      return [];
    });
  if (mesh.isLab) await attempt(report, "the lab's containers", () => healContainers(mesh));
  const policy = oneQuestionAtATime(options);
  await Promise.all(
    mesh.clusters.map((cluster) =>
      attempt(report, `cluster ${cluster.name}`, () => healMarks(mesh, cluster, policy)),
    ),
  );
  const again = await healEntries(mesh, first.left, {
    ...options,
    say: (line) => say?.(`again: ${line}`),
  });
  report.healed.push(...again.healed);
  report.failed.unshift(...again.failed);
  return healedOf(report);
}

/** Clusters are healed side by side, and a person answers one question at a time. */
function oneQuestionAtATime({ refused, trust }: MarkPolicy): MarkPolicy {
  if (!trust) return { refused };
  let last: Promise<unknown> = Promise.resolve();
  const ask = (mark: Mark): Promise<boolean> => {
    const answer = last.then(() => trust(mark));
    last = answer.catch(() => undefined);
    return answer;
  };
  return { refused, trust: ask };
}

/**
 * Heals faults of the journal and nothing else: where a mesh is in use, what carries a mark may be wanted.
 *
 * @returns what was healed, a line each.
 * @throws Error that names all that could not be healed, when the rest was.
 */
export async function healFaults(
  mesh: Mesh,
  entries: readonly JournalEntry[],
  options: HealOptions,
): Promise<string[]> {
  return healedOf(await healEntries(mesh, entries, options));
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
    `Some faults could not be healed: ${failed.map(({ what, error }) => `${what}: ${wordsOf(error)}`).join('; ')}.${done}`,
    { cause: failed[0]?.error },
  );
}

interface Report {
  healed: string[];
  failed: { what: string; error: unknown }[];
}

/** The result of healing entries of the journal; `left` are those that failed. */
interface HealedEntries extends Report {
  left: JournalEntry[];
}

/** Heals faults of the journal and proves that, in the order of {@link inOrder}. The result holds the failures. */
async function healEntries(
  mesh: Mesh,
  entries: readonly JournalEntry[],
  { say, refused }: HealOptions,
): Promise<HealedEntries> {
  const report: HealedEntries = { healed: [], failed: [], left: [] };
  for (const entry of inOrder(entries)) {
    const failedBefore = report.failed.length;
    await attempt(report, `fault ${entry.fault} of ${entry.startedAt}`, async () => {
      const known = understand(entry);
      if ('problem' in known) {
        const journal = journalOf(mesh.file);
        refused(setAside(await journal.setAside(basename(journal.fileOf(entry))), known.problem));
        return [];
      }
      say?.(
        `healing ${entry.fault} of ${entry.startedAt}: at most ${Math.ceil(healFaultsMs([entry]) / 1000)} s`,
      );
      return healEntry(mesh, entry, known);
    });
    if (report.failed.length > failedBefore) report.left.push(entry);
  }
  return report;
}

/** A file of the journal that was set aside, in the form of a refused mark. */
const setAside = (file: string, reason: string): RefusedMark => ({
  ...{ where: 'journal', object: file, asks: 'heal a fault', reason },
  advice:
    'It was set aside under this name and is not tried again. If another version of meshproof wrote it, remove ".unreadable" from the ' +
    'name and run that version. Otherwise check the mesh, and delete the file.',
});

/** A failure must not keep the rest from being healed. */
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

/** By stage; within a stage the last fault first, because faults can overlap. */
export function inOrder(entries: readonly JournalEntry[]): JournalEntry[] {
  const stageOf = ({ fault }: JournalEntry) => stages.indexOf(faultNamed(fault)?.stage ?? 'rest');
  return entries.toReversed().toSorted((a, b) => stageOf(a) - stageOf(b));
}

/** An entry, read by its kind of fault. */
interface Understood {
  kind: AnyFault;
  parameters: Record<string, unknown>;
  undo: unknown;
}

/** Reads an entry by its kind of fault. The problem is one line. */
function understand({ fault, parameters, undo }: JournalEntry): Understood | { problem: string } {
  const kind = faultNamed(fault);
  if (!kind) return { problem: `this version of meshproof does not know the fault ${shown(fault)}` };
  const [given, known] = [kind.parameters.safeParse(parameters), kind.undo.safeParse(undo)];
  if (!given.success)
    return { problem: `${fault} does not accept its ${issueText('parameters', given.error)}` };
  if (!known.success)
    return { problem: `${fault} cannot be undone by its ${issueText('undo', known.error)}` };
  return { kind, parameters: given.data, undo: known.data };
}

function issueText(part: string, { issues: [issue] }: z.ZodError): string {
  const path = [part, ...(issue?.path ?? [])].join('.');
  return `${shown(path)}: ${issue?.message.split('\n')[0] ?? 'it has another shape'}`;
}

async function healEntry(
  mesh: Mesh,
  entry: JournalEntry,
  { kind, parameters, undo }: Understood,
): Promise<string[]> {
  const journal = journalOf(mesh.file);
  await requireSameClusters(mesh, entry, kind.clusters(parameters, mesh), journal.fileOf(entry));
  const of = { mesh, id: entry.id, parameters, undo };
  if (entry.phase === 'begun') {
    // A process that was killed during an injection leaves requests that are still on their way. Heal, let them
    // arrive, and heal again.
    await kind.heal(of);
    await whileWaiting(() => delay(timeouts.settleMs));
  }
  const { evidence } = await healCase(kind, of);
  await journal.remove(entry);
  return [`${entry.fault} (injected ${entry.startedAt} by process ${entry.pid}): ${evidence}`];
}
