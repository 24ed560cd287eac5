import type { Interval } from '../base/waiting.ts';
import { unionMs } from '../base/waiting.ts';
import type { RunContext } from './context.ts';
import { reportSchema, type Report, type ReportPromise } from './schema.ts';

/** What a run came to, beside its context. */
export interface Run {
  promises: ReportPromise[];
  finishedAt: Date;
  /** Stretches of waiting for the mesh, of all workers. */
  waiting: Interval[];
  peakMemoryBytes: number | null;
  /** Why promises may be missing or unjudged: a crash in global set-up, an interruption. One sentence each. */
  troubles: string[];
}

/** The report, checked against its schema. Throws a ZodError when it does not fit. */
export function assembleReport(context: RunContext, run: Run): Report {
  const { name, ...rest } = context;
  const durationMs = Math.max(0, run.finishedAt.getTime() - Date.parse(context.startedAt));
  const bookedMs = run.promises.reduce((sum, one) => sum + one.waitingMs, 0);
  return reportSchema.parse({
    schema: 'meshproof.dev/report/v1',
    run: name,
    ...conclude(run.promises, run.troubles),
    ...rest,
    finishedAt: run.finishedAt.toISOString(),
    harness: {
      durationMs,
      // Workers wait side by side: their time must not be added up. The union closes small pauses, the sum does not.
      waitingMs: Math.round(Math.min(durationMs, bookedMs, unionMs(run.waiting))),
      peakMemoryBytes: run.peakMemoryBytes,
    },
    promises: run.promises.toSorted((a, b) => a.id.localeCompare(b.id)),
  });
}

/** The verdict of a run: fail if any promise failed, else error if anything kept it from judging, else pass. */
export function conclude(
  promises: readonly ReportPromise[],
  troubles: readonly string[],
): Pick<Report, 'verdict' | 'reason'> {
  const ids = (verdict: ReportPromise['verdict']) =>
    promises.filter((one) => one.verdict === verdict).map((one) => one.id);
  const [failed, unjudged, kept] = [ids('fail'), ids('error'), ids('pass')];
  const unclear = sentence(unjudged, promises.length, 'could not be judged');

  if (failed.length > 0) {
    const broken = sentence(failed, promises.length, failed.length === 1 ? 'is broken' : 'are broken');
    return { verdict: 'fail', reason: [broken, ...unclear, ...troubles].flat().join(' ') };
  }
  // Where nothing at all was judged, the list of all ids says nothing.
  const judgedSome = kept.length > 0;
  if (troubles.length > 0)
    return { verdict: 'error', reason: [...troubles, ...(judgedSome ? unclear : [])].join(' ') };
  if (unjudged.length > 0) return { verdict: 'error', reason: unclear.join('') };
  if (!judgedSome)
    return { verdict: 'error', reason: `No promise was judged: ${noneBecause(promises.length)}.` };
  const skipped = promises.length - kept.length;
  if (skipped === 0)
    return {
      verdict: 'pass',
      reason: kept.length === 1 ? 'The promise holds.' : `All ${kept.length} promises hold.`,
    };
  const rest = skipped === 1 ? '1 was skipped' : `${skipped} were skipped`;
  return { verdict: 'pass', reason: `${kept.length} of ${counted(promises.length)} hold, ${rest}.` };
}

/** What the process of a command line should end with: 0 pass, 1 fail, 2 could not judge. */
export function exitCode(verdict: Report['verdict']): 0 | 1 | 2 {
  return ({ pass: 0, fail: 1, error: 2 } as const)[verdict];
}

function sentence(ids: string[], total: number, predicate: string): string[] {
  return ids.length === 0 ? [] : [`${ids.length} of ${counted(total)} ${predicate}: ${ids.join(', ')}.`];
}

function counted(promises: number): string {
  return promises === 1 ? '1 promise' : `${promises} promises`;
}

function noneBecause(promises: number): string {
  return promises === 0 ? 'none was chosen' : 'all were skipped';
}
