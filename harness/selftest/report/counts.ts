import { families, type Family } from '../../doctor/finding.ts';
import type { IstioctlWord, Selftest, SelftestPromise, SelftestRow } from './schema.ts';

type Verdict = SelftestRow['verdict'];
type Outcome = SelftestPromise['outcome'];

/** The verdicts in order, with their names: those that need attention come first. */
export const verdictWords: Readonly<Record<Verdict, string>> = {
  missed: 'missed',
  symptom: 'symptom',
  error: 'not judged',
  named: 'named',
  skipped: 'skipped',
};
export const verdictOrder = Object.keys(verdictWords) as Verdict[];

export const outcomeWords: Readonly<Record<Outcome, string>> = {
  broken: 'broken',
  kept: 'kept',
  notJudged: 'not judged',
  uncounted: 'does not count',
};

/** Rows by family, in the order of families. Families without rows are left out. */
export function byFamily(rows: readonly SelftestRow[]): [Family, SelftestRow[]][] {
  return families
    .map((family): [Family, SelftestRow[]] => [family, rows.filter((row) => row.family === family)])
    .filter(([, own]) => own.length > 0);
}

/** Codes of causes above info, without repeats, in order of severity. */
export const codesOf = ({ causes }: SelftestRow): string[] => [
  ...new Set((causes ?? []).filter(({ severity }) => severity !== 'info').map(({ code }) => code)),
];

/** The commands of istioctl that have new lines, compared with the healthy mesh; undefined if istioctl did not run. */
export const newInIstioctl = ({ istioctl }: SelftestRow): IstioctlWord[] | undefined =>
  istioctl?.filter(({ says }) => says.length > 0);

/** A short summary of the output of istioctl for a defect. */
export function istioctlInShort(row: SelftestRow): string {
  const found = newInIstioctl(row);
  if (!found || !row.istioctl) return 'not run';
  if (found.length > 0) return [...new Set(found.map(({ command }) => command))].join(', ');
  return hasOnlyFewerLines(row) ? 'only fewer lines' : 'nothing new';
}

const hasOnlyFewerLines = ({ istioctl }: SelftestRow): boolean =>
  istioctl !== null &&
  istioctl.every(({ says }) => says.length === 0) &&
  istioctl.some(({ saysNoMore }) => saysNoMore.length > 0);

export interface Counts {
  verdicts: Readonly<Record<Verdict, number>>;
  outcomes: Readonly<Record<Outcome, number>>;
  /** Silent defects, and how many of them are named. */
  silent: { all: number; named: number };
  /** Named defects with further causes above info. */
  withOthers: number;
  /** Defects that the doctor examined. */
  looked: number;
  /** Defects for which istioctl ran, those with new lines, those with only fewer lines, and those with new lines by command. */
  istioctl: { asked: number; noticed: number; onlyLess: number; byCommand: ReadonlyMap<string, number> };
}

/** The counts of a self-test. */
export function countsOf({ rows }: Pick<Selftest, 'rows'>): Counts {
  const tally = <T extends string>(keys: readonly T[], all: readonly T[]) =>
    Object.fromEntries(keys.map((key) => [key, all.filter((one) => one === key).length])) as Record<
      T,
      number
    >;
  const silent = rows.filter((row) => row.silent);
  const asked = rows.filter((row) => row.istioctl !== null);
  const commands = new Set(asked.flatMap(({ istioctl }) => istioctl?.map(({ command }) => command) ?? []));
  const saying = (command: string): number =>
    asked.filter((row) => newInIstioctl(row)?.some((one) => one.command === command)).length;
  return {
    verdicts: tally(
      verdictOrder,
      rows.map(({ verdict }) => verdict),
    ),
    outcomes: tally(
      Object.keys(outcomeWords) as Outcome[],
      rows.flatMap(({ promises }) => promises.map(({ outcome }) => outcome)),
    ),
    silent: { all: silent.length, named: silent.filter(({ verdict }) => verdict === 'named').length },
    withOthers: rows.filter((row) => row.verdict === 'named' && codesOf(row).length > 1).length,
    looked: rows.filter(({ causes }) => causes !== null).length,
    istioctl: {
      asked: asked.length,
      noticed: asked.filter((row) => newInIstioctl(row)?.length).length,
      onlyLess: asked.filter(hasOnlyFewerLines).length,
      byCommand: new Map([...commands].map((command) => [command, saying(command)])),
    },
  };
}
