import { sampleSnapshot } from '../../snapshot/sample/sample.ts';
import type { Snapshot } from '../../snapshot/schema.ts';
import type { SampleCluster } from '../broken-sample.ts';
import type { Cause, Finding } from '../finding.ts';
import { judge } from '../judge.ts';
import type { Breakage } from './breakage.ts';

/** How the doctor names two breakages that a mesh has at once. `apart`: they cannot be in one mesh. */
export interface PairResult {
  pair: string;
  verdict: 'named' | 'hidden' | 'apart';
  /** The breakages that are not a cause, although the other one does not imply them. */
  hidden: string[];
  causes: string[];
}

/** Items of lists in the order of their text: a list may be extended in any order. */
const unordered = (_: string, value: unknown): unknown =>
  Array.isArray(value) ? value.map((one) => JSON.stringify(one, unordered)).toSorted() : value;

/** The parts of a snapshot, by name: each list of each cluster, and the other fields of the snapshot. */
const partsOf = ({ clusters, ...rest }: Snapshot): Map<string, unknown> =>
  new Map([
    ...Object.entries(rest),
    ...clusters.flatMap(({ name, ...cluster }) =>
      Object.entries(cluster).map(([part, value]): [string, unknown] => [`${name} ${part}`, value]),
    ),
  ]);

const healthy = sampleSnapshot();
const healthyTexts = new Map([...partsOf(healthy)].map(([part, value]) => [part, JSON.stringify(value)]));

/** The snapshot with breakages, in this order; undefined if one of them cannot be made. */
function withBreakages(...some: readonly Breakage[]): Snapshot | undefined {
  const snapshot = structuredClone(healthy);
  const [west, east] = snapshot.clusters as [SampleCluster, SampleCluster];
  try {
    for (const one of some) one.break({ snapshot, west, east });
    return snapshot;
  } catch {
    return undefined;
  }
}

const touched = new Map<Breakage, Set<string>>();

/** The parts that a breakage changes. */
function touchedBy(one: Breakage): Set<string> {
  const before = touched.get(one);
  if (before) return before;
  const changed = [...partsOf(withBreakages(one) ?? healthy)].filter(
    ([part, value]) => JSON.stringify(value) !== healthyTexts.get(part),
  );
  const made = new Set(changed.map(([part]) => part));
  touched.set(one, made);
  return made;
}

/** Both breakages in one mesh; undefined if their order matters, or if one removes what the other breaks. */
function snapshotOf(a: Breakage, b: Breakage): Snapshot | undefined {
  const one = withBreakages(a, b);
  const both = [...touchedBy(a).intersection(touchedBy(b))];
  if (!one || both.length === 0) return one;
  const other = withBreakages(b, a);
  if (!other) return undefined;
  const [parts, others] = [partsOf(one), partsOf(other)];
  const canonical = (part: unknown) => JSON.stringify(part, unordered);
  return both.every((part) => canonical(parts.get(part)) === canonical(others.get(part))) ? one : undefined;
}

/** Whether a finding reports a breakage. */
export const reports = ({ code, cluster, peer }: Finding, one: Breakage): boolean =>
  code === one.code &&
  (one.cluster === undefined || cluster === one.cluster) &&
  (one.peer === undefined || peer === one.peer);

/** Whether a breakage implies another one: by the table, or an observation that it explains or changes as well. */
function implies(a: Breakage, b: Breakage, causes: readonly Cause[]): boolean {
  if (a.leavesNothing || b.follows?.includes(a.id)) return true;
  const explains = causes.some(
    ({ finding, symptoms }) => finding.code === a.code && symptoms.some((one) => reports(one, b)),
  );
  return b.isEffect === true && (explains || !touchedBy(a).isDisjointFrom(touchedBy(b)));
}

/** Judges a mesh with two breakages: each is a cause, unless the other one implies it. */
export function judgeTogether(a: Breakage, b: Breakage): PairResult {
  const pair = `${a.id} + ${b.id}`;
  const snapshot = a.code === b.code ? undefined : snapshotOf(a, b);
  if (!snapshot) return { pair, verdict: 'apart', hidden: [], causes: [] };
  const { causes } = judge(snapshot);
  const isCause = (one: Breakage) => causes.some(({ finding }) => reports(finding, one));
  const hidden = [a, b].filter((one) => !isCause(one) && !implies(one === a ? b : a, one, causes));
  return {
    pair,
    verdict: hidden.length > 0 ? 'hidden' : 'named',
    hidden: hidden.map(({ id, code }) => `${id} (${code})`),
    causes: causes.map(textOf),
  };
}

/** A cause with the codes of its symptoms, such as `MP3205 error east (MP3401)`. */
export function textOf({ finding: { code, severity, cluster = '', peer }, symptoms }: Cause): string {
  const codes = [...new Set(symptoms.map((one) => one.code))];
  const where = peer === undefined ? cluster : `${cluster}/${peer}`;
  return `${code} ${severity} ${where}${codes.length > 0 ? ` (${codes.join(', ')})` : ''}`;
}

/** Every pair of breakages, once. */
export const pairsOf = (breakages: readonly Breakage[]): [Breakage, Breakage][] =>
  breakages.flatMap((a, index) => breakages.slice(index + 1).map((b): [Breakage, Breakage] => [a, b]));
