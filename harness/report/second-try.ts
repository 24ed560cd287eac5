import { readFileSync } from 'node:fs';
import path from 'node:path';
import { inside } from '../base/folders.ts';
import { parseExperiment, type Experiment } from './experiment.ts';
import { reportSchema, type Report, type ReportPromise } from './schema.ts';

/** Set for the second try of a run: its report continues the report of the first try in the run folder. */
export const secondTryVariable = 'MESHPROOF_SECOND_TRY';

/** The promises that a run could not judge only because this machine was too busy. A second try may judge them; a `fail` stays. */
export const worthAnotherTry = ({ promises }: Report): string[] =>
  promises.filter(({ verdict, machineBusy }) => verdict === 'error' && machineBusy).map(({ id }) => id);

/** The report of the first try. Throws if the run folder does not have a valid one. */
export function readFirstTry(runDir: string): Report {
  return reportSchema.parse(JSON.parse(readFileSync(path.join(runDir, 'report.json'), 'utf8')));
}

/** The promises of both tries: each has the result of its second try, if that ended, and the reason of its first try. */
export function joinTries(
  first: readonly ReportPromise[],
  second: readonly ReportPromise[],
): ReportPromise[] {
  const again = new Map(second.map((one) => [one.id, one]));
  return first.map((one) => {
    const { id, reason, startedAt, durationMs } = one;
    const later = again.get(id);
    return later ? { ...later, firstTry: { reason, startedAt, durationMs } } : one;
  });
}

/** The experiments of promises, by their file in the run folder. Leaves out a file that cannot be read: only its picture is missing. */
export function readExperiments(promises: readonly ReportPromise[], runDir: string): Map<string, Experiment> {
  const files = promises.flatMap(({ experiments = [] }) => experiments.map(({ file }) => file));
  return new Map(
    files.flatMap((file): [string, Experiment][] => {
      try {
        return [[file, parseExperiment(readFileSync(inside(runDir, file), 'utf8'))]];
      } catch {
        return [];
      }
    }),
  );
}
