import type { Cause, Finding } from '../doctor/finding.ts';
import { isOf, type Place } from './judge-defect.ts';

/** A defect of several that a mesh has at once, as far as its finding is known. */
export interface Expectation {
  findings: readonly string[];
  place: Place;
}

/** How the doctor names a defect: as a cause, under another cause that explains it, or not at all. */
export type Naming = 'cause' | 'folded' | 'missed';

/**
 * How each of two defects is named. Each defect needs a different finding above info. Of all assignments of findings to defects, the
 * result is the one that names the most defects, and the most as causes.
 */
export function judgePair(
  [first, second]: readonly [Expectation, Expectation],
  causes: readonly Cause[],
): [Naming, Naming] {
  const found = causes.flatMap(({ finding, symptoms }) => [
    { finding, naming: 'cause' as const },
    ...symptoms.map((symptom) => ({ finding: symptom, naming: 'folded' as const })),
  ]);
  const of = ({ findings, place }: Expectation): Option[] => [
    ...found.filter(({ finding }) => finding.severity !== 'info' && isOf(finding, findings, place)),
    missed,
  ];
  const pairs = of(first).flatMap((a) => of(second).map((b) => [a, b] as const));
  const distinct = pairs.filter(([a, b]) => a.finding === undefined || a.finding !== b.finding);
  const [best = [missed, missed]] = distinct.toSorted((one, other) => worth(other) - worth(one));
  return [best[0].naming, best[1].naming];
}

interface Option {
  finding: Finding | undefined;
  naming: Naming;
}

const missed: Option = { finding: undefined, naming: 'missed' };

/** Named at all counts before how. */
const worths = { cause: 4, folded: 3, missed: 0 } as const;
const worth = (way: readonly Option[]): number => way.reduce((sum, { naming }) => sum + worths[naming], 0);
