import { explanationsOf, type Check, type Located, type Relation } from './check.ts';
import { severities, type Cause, type Finding } from './finding.ts';

const clustersOf = ({ cluster, peer }: Finding): string[] =>
  [cluster, peer].filter((name) => name !== undefined);

const relations: Record<Relation, (cause: Located, symptom: Located) => boolean> = {
  pair: ({ finding: a }, { finding: b }) => a.cluster === b.cluster && a.peer === b.peer,
  target: ({ finding: a }, { finding: b }) => a.cluster === (b.peer ?? b.cluster),
  source: ({ finding: a }, { finding: b }) => a.cluster === b.cluster,
  // Without the peer of the cause: it may be a healthy cluster that was only compared.
  cluster: ({ finding: a }, { finding: b }) => shareCluster({ ...a, peer: undefined }, b),
  subject: (a, b) => a.subject !== undefined && a.subject === b.subject && shareCluster(a.finding, b.finding),
  mesh: () => true,
};

function shareCluster(a: Finding, b: Finding): boolean {
  const [ofA, ofB] = [clustersOf(a), clustersOf(b)];
  return ofA.length === 0 || ofB.length === 0 || ofA.some((name) => ofB.includes(name));
}

/**
 * Ranks findings. A finding that is not explained by another is a cause; the others are symptoms of the first cause that explains them.
 * A cause gets the gravest severity of its symptoms. Causes are ordered by severity, then by the number of symptoms, then by code.
 *
 * @param checks in any order; their `explains` must not form a circle (see `circleOf`).
 */
export function fold(found: readonly Located[], checks: readonly Check[]): Cause[] {
  const byCode = Map.groupBy(found, ({ finding }) => finding.code);
  const reasons = reasonsOf(byCode, checks);
  const causes = new Map<Located, Located[]>();
  for (const one of found) if (!reasons.has(one)) causes.set(one, []);
  for (const one of found) if (reasons.has(one)) causes.get(rootOf(one, reasons))?.push(one);
  return [...causes]
    .map(([{ finding }, symptoms]) =>
      causeOf(
        finding,
        symptoms.map((symptom) => symptom.finding),
      ),
    )
    .toSorted(byGravity);
}

/** By finding, the finding that explains it. */
function reasonsOf(byCode: ReadonlyMap<string, Located[]>, checks: readonly Check[]): Map<Located, Located> {
  const reasons = new Map<Located, Located>();
  for (const check of checks)
    for (const { code, by } of explanationsOf(check))
      for (const cause of byCode.get(check.code) ?? [])
        for (const symptom of byCode.get(code) ?? [])
          if (!reasons.has(symptom) && explains(cause, symptom, by)) reasons.set(symptom, cause);
  return reasons;
}

/** An info does not explain an error or a warning. */
const explains = (cause: Located, symptom: Located, by: Relation): boolean =>
  (cause.finding.severity !== 'info' || symptom.finding.severity === 'info') && relations[by](cause, symptom);

function rootOf(one: Located, reasons: ReadonlyMap<Located, Located>): Located {
  let root = one;
  for (let reason = reasons.get(root); reason; reason = reasons.get(root)) root = reason;
  return root;
}

function causeOf(finding: Finding, symptoms: Finding[]): Cause {
  const gravest = severities.find((one) => [finding, ...symptoms].some(({ severity }) => severity === one));
  return {
    finding: { ...finding, severity: gravest ?? finding.severity },
    symptoms: symptoms.toSorted(byWeight),
  };
}

const weight = ({ severity }: Finding): number => severities.indexOf(severity);
const byWeight = (a: Finding, b: Finding): number => weight(a) - weight(b) || a.code.localeCompare(b.code);
const byGravity = (a: Cause, b: Cause): number =>
  weight(a.finding) - weight(b.finding) ||
  b.symptoms.length - a.symptoms.length ||
  a.finding.code.localeCompare(b.finding.code);

/** The codes of a circle of explanations; undefined if there is not a circle. */
export function circleOf(checks: readonly Check[]): string[] | undefined {
  const next = new Map(checks.map((check) => [check.code, explanationsOf(check).map(({ code }) => code)]));
  const done = new Set<string>();
  const walk = (code: string, path: string[]): string[] | undefined => {
    if (path.includes(code)) return [...path.slice(path.indexOf(code)), code];
    if (done.has(code)) return undefined;
    for (const other of next.get(code) ?? []) {
      const circle = walk(other, [...path, code]);
      if (circle) return circle;
    }
    done.add(code);
    return undefined;
  };
  for (const { code } of checks) {
    const circle = walk(code, []);
    if (circle) return circle;
  }
  return undefined;
}
