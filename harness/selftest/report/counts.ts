import { families, type Family } from '../../doctor/finding.ts';
import type { IstioctlWord, Selftest, SelftestPromise, SelftestRow } from './schema.ts';

type Verdict = SelftestRow['verdict'];
type Outcome = SelftestPromise['outcome'];

/** The order in which verdicts are told, and their words: what needs a person first. */
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

/** Rows by family, in the order of families; those without rows are left out. */
export function byFamily(rows: readonly SelftestRow[]): [Family, SelftestRow[]][] {
  return families
    .map((family): [Family, SelftestRow[]] => [family, rows.filter((row) => row.family === family)])
    .filter(([, own]) => own.length > 0);
}

/** Codes of causes above info, the gravest first, each once. */
export const codesOf = ({ causes }: SelftestRow): string[] => [
  ...new Set((causes ?? []).filter(({ severity }) => severity !== 'info').map(({ code }) => code)),
];

/** Whether istioctl says anything that it does not say of the healthy mesh; undefined when it was not asked. */
export const saidByIstioctl = ({ istioctl }: SelftestRow): IstioctlWord[] | undefined =>
  istioctl?.filter(({ says }) => says.length > 0);

/** What istioctl says of a defect, in a word or two. */
export function istioctlInShort(row: SelftestRow): string {
  const said = saidByIstioctl(row);
  if (!said || !row.istioctl) return 'not asked';
  if (said.length > 0) return [...new Set(said.map(({ command }) => command))].join(', ');
  return saysOnlyLess(row) ? 'says only less' : 'says nothing';
}

const saysOnlyLess = ({ istioctl }: SelftestRow): boolean =>
  istioctl !== null &&
  istioctl.every(({ says }) => says.length === 0) &&
  istioctl.some(({ saysNoMore }) => saysNoMore.length > 0);

export interface Counts {
  verdicts: Readonly<Record<Verdict, number>>;
  outcomes: Readonly<Record<Outcome, number>>;
  /** Silent defects, and how many of them are named. */
  silent: { all: number; named: number };
  /** Named defects beside which there are other causes above info. */
  beside: number;
  /** Defects that were broken and looked at. */
  looked: number;
  /** Of them those of which istioctl was asked, those where any command says something new, where all only say less, and for each command. */
  istioctl: { asked: number; noticed: number; onlyLess: number; byCommand: ReadonlyMap<string, number> };
}

/** The numbers of a self-test. */
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
    asked.filter((row) => saidByIstioctl(row)?.some((one) => one.command === command)).length;
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
    beside: rows.filter((row) => row.verdict === 'named' && codesOf(row).length > 1).length,
    looked: rows.filter(({ causes }) => causes !== null).length,
    istioctl: {
      asked: asked.length,
      noticed: asked.filter((row) => saidByIstioctl(row)?.length).length,
      onlyLess: asked.filter(saysOnlyLess).length,
      byCommand: new Map([...commands].map((command) => [command, saying(command)])),
    },
  };
}
