import type { Interval } from '../base/waiting.ts';
import { unionMs } from '../base/waiting.ts';
import type { RunContext } from './context.ts';
import type { Experiment } from './experiment.ts';
import { reportSchema, type Report, type ReportPromise } from './schema.ts';
import { userImpact } from './user-impact.ts';

/** The results of a run. */
export interface Run {
  promises: ReportPromise[];
  /** The recorded requests, by the file that a promise names. */
  experiments?: ReadonlyMap<string, Experiment>;
  finishedAt: Date;
  /** The intervals in which a worker waited for the mesh. */
  waiting: Interval[];
  /** The report of the first try, if the run is the second. */
  first?: Report | undefined;
  peakMemoryBytes: number | null;
  /** Reasons why promises can be missing or not judged, such as a crash in global set-up or an interruption. One sentence each. */
  troubles: string[];
}

/** The report, checked against its schema. Throws a ZodError if it does not fit. */
export function assembleReport(context: RunContext, run: Run): Report {
  const { name, ...rest } = context;
  const durationMs = Math.max(0, run.finishedAt.getTime() - Date.parse(context.startedAt));
  const bookedMs = run.promises.reduce((sum, one) => sum + one.waitingMs, 0);
  const earlierMs = run.first?.harness.waitingMs ?? 0;
  return reportSchema.parse({
    schema: 'meshproof.dev/report/v1',
    run: name,
    ...conclude(run.promises, run.troubles),
    ...rest,
    finishedAt: run.finishedAt.toISOString(),
    harness: {
      durationMs,
      // Workers wait at the same time, so their times cannot be added. The union closes small gaps, the sum does not.
      waitingMs: Math.round(Math.min(durationMs, earlierMs + Math.min(bookedMs, unionMs(run.waiting)))),
      peakMemoryBytes: mostOf(run.peakMemoryBytes, run.first?.harness.peakMemoryBytes),
    },
    faults: userImpact(run.promises, run.experiments ?? new Map()),
    promises: run.promises.toSorted((a, b) => a.id.localeCompare(b.id)),
  });
}

const mostOf = (...bytes: (number | null | undefined)[]): number | null => {
  const known = bytes.filter((one) => typeof one === 'number');
  return known.length > 0 ? Math.max(...known) : null;
};

/** The verdict of a run: fail if a promise failed, else error if something could not be judged, else pass. */
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
  // If nothing was judged, a list of all ids does not help.
  const judgedSome = kept.length > 0;
  if (troubles.length > 0)
    return { verdict: 'error', reason: [...troubles, ...(judgedSome ? unclear : [])].join(' ') };
  if (unjudged.length > 0) return { verdict: 'error', reason: unclear.join('') };
  if (!judgedSome)
    return {
      verdict: 'error',
      reason: `Nothing was judged: ${promises.length === 0 ? 'the run has 0 promises' : 'all promises were skipped'}.`,
    };
  const skipped = promises.length - kept.length;
  if (skipped === 0)
    return {
      verdict: 'pass',
      reason: kept.length === 1 ? 'The promise holds.' : `All ${kept.length} promises hold.`,
    };
  const rest = skipped === 1 ? '1 was skipped' : `${skipped} were skipped`;
  return { verdict: 'pass', reason: `${kept.length} of ${counted(promises.length)} hold, ${rest}.` };
}

/** The exit code of the command line: 0 pass, 1 fail, 2 could not judge. */
export function exitCode(verdict: Report['verdict']): 0 | 1 | 2 {
  return ({ pass: 0, fail: 1, error: 2 } as const)[verdict];
}

function sentence(ids: string[], total: number, predicate: string): string[] {
  return ids.length === 0 ? [] : [`${ids.length} of ${counted(total)} ${predicate}: ${ids.join(', ')}.`];
}

function counted(promises: number): string {
  return promises === 1 ? '1 promise' : `${promises} promises`;
}
