import { explanationsOf, type Check, type Located, type Place, type Relation } from './check.ts';
import { severities, type Cause, type Finding } from './finding.ts';

const clustersOf = ({ cluster, peer }: Finding): string[] =>
  [cluster, peer].filter((name) => name !== undefined);

const places: Record<Place, (cause: Finding, symptom: Finding) => boolean> = {
  pair: (a, b) => a.cluster === b.cluster && a.peer === b.peer,
  target: (a, b) => a.cluster === (b.peer ?? b.cluster),
  source: (a, b) => a.cluster === b.cluster,
  // Without the peer of the cause: it may be a healthy cluster that was only compared.
  cluster: (a, b) => shareCluster({ ...a, peer: undefined }, b),
  object: (a, b) => a.cluster === b.cluster && a.object !== undefined && a.object === b.object,
  mesh: () => true,
};

function shareCluster(a: Finding, b: Finding): boolean {
  const [ofA, ofB] = [clustersOf(a), clustersOf(b)];
  return ofA.length === 0 || ofB.length === 0 || ofA.some((name) => ofB.includes(name));
}

/**
 * Ranks findings. A finding that is not explained by another is a cause; the others are symptoms of the first cause that explains them.
 * A cause gets the gravest severity of its symptoms. Causes are ordered by severity, then by the number of symptoms above info. Of two
 * that are still equal, a name that nothing has comes last; then the code decides.
 *
 * @param checks in any order; their `explains` must not form a circle (see `circleOf`).
 */
export function fold(found: readonly Located[], checks: readonly Check[]): Cause[] {
  const byCode = Map.groupBy(found, ({ finding }) => finding.code);
  const reasons = reasonsOf(byCode, checks);
  const causes = new Map<Located, Located[]>();
  for (const one of found) if (!reasons.has(one)) causes.set(one, []);
  for (const one of found) if (reasons.has(one)) causes.get(rootOf(one, reasons))?.push(one);
  const leftovers = new Set(checks.filter(({ isLeftover }) => isLeftover).map(({ code }) => code));
  return [...causes]
    .map(([{ finding }, symptoms]) =>
      causeOf(
        finding,
        symptoms.map((symptom) => symptom.finding),
      ),
    )
    .toSorted((a, b) => byGravity(a, b, leftovers));
}

/** By finding, the finding that explains it. */
function reasonsOf(byCode: ReadonlyMap<string, Located[]>, checks: readonly Check[]): Map<Located, Located> {
  const reasons = new Map<Located, Located>();
  const parts = new Map<Located, PartlyExplained>();
  for (const check of checks)
    for (const { code, by } of explanationsOf(check))
      for (const cause of byCode.get(check.code) ?? [])
        for (const symptom of byCode.get(code) ?? []) {
          if (reasons.has(symptom) || !mayExplain(cause, symptom, by)) continue;
          if (isPlace(by)) reasons.set(symptom, cause);
          else explainPart(cause, symptom, parts, reasons);
        }
  return reasons;
}

/** A finding of which causes explain some subjects so far. */
interface PartlyExplained {
  first: Located;
  left: Set<string>;
}

/** Notes the subjects that a cause explains. When every subject is explained, the first of the causes is the reason. */
function explainPart(
  cause: Located,
  symptom: Located,
  parts: Map<Located, PartlyExplained>,
  reasons: Map<Located, Located>,
): void {
  const explained = symptom.subjects.filter((one) => cause.covers.some((pattern) => fits(pattern, one)));
  if (explained.length === 0) return;
  const part = parts.get(symptom) ?? { first: cause, left: new Set(symptom.subjects) };
  for (const one of explained) part.left.delete(one);
  parts.set(symptom, part);
  if (part.left.size === 0) reasons.set(symptom, part.first);
}

/** Whether a subject fits a pattern: `*` stands for any text. */
function fits(pattern: string, subject: string): boolean {
  const [start = '', ...parts] = pattern.split('*');
  if (parts.length === 0) return pattern === subject;
  const end = parts.pop() ?? '';
  let at = start.length;
  for (const part of parts) {
    const found = subject.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return subject.startsWith(start) && subject.endsWith(end) && at + end.length <= subject.length;
}

const isPlace = (by: Relation): by is Place => by in places;

/** Whether the clusters and severities allow the explanation: an info does not explain an error or a warning. */
function mayExplain({ finding: a }: Located, { finding: b }: Located, by: Relation): boolean {
  if (a.severity === 'info' && b.severity !== 'info') return false;
  const place = by.replace(/ and subject$/, '');
  return place === 'subject' ? shareCluster(a, b) : places[place as Place](a, b);
}

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
const graveSymptoms = ({ symptoms }: Cause): number =>
  symptoms.filter(({ severity }) => severity !== 'info').length;
const byGravity = (a: Cause, b: Cause, leftovers: ReadonlySet<string>): number =>
  weight(a.finding) - weight(b.finding) ||
  graveSymptoms(b) - graveSymptoms(a) ||
  Number(leftovers.has(a.finding.code)) - Number(leftovers.has(b.finding.code)) ||
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
