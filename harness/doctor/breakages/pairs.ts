import { isDeepStrictEqual } from 'node:util';
import type { Snapshot } from '../../snapshot/schema.ts';
import { broken } from '../broken-sample.ts';
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

const sortedJson = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (!Array.isArray(value))
    return Object.fromEntries(
      Object.entries(value)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, one]) => [key, sortedJson(one)]),
    );
  const items = value.map((one) => sortedJson(one));
  return items.map((one) => JSON.stringify(one)).toSorted();
};

/** Both breakages in one mesh; undefined if their order matters, or if one removes what the other breaks. */
function snapshotOf(a: Breakage, b: Breakage): Snapshot | undefined {
  const attempt = (first: Breakage, second: Breakage) => {
    try {
      return broken((sample) => {
        first.break(sample);
        second.break(sample);
      });
    } catch {
      return undefined;
    }
  };
  const [one, other] = [attempt(a, b), attempt(b, a)];
  return one && other && isDeepStrictEqual(sortedJson(one), sortedJson(other)) ? one : undefined;
}

/** Whether a finding reports a breakage. */
export const reports = ({ code, cluster, peer }: Finding, one: Breakage): boolean =>
  code === one.code &&
  (one.cluster === undefined || cluster === one.cluster) &&
  (one.peer === undefined || peer === one.peer);

const implies = (a: Breakage, b: Breakage): boolean => b.follows?.includes(a.id) ?? false;

/** Judges a mesh with two breakages: each is a cause, unless the other one implies it. */
export function judgeTogether(a: Breakage, b: Breakage): PairResult {
  const pair = `${a.id} + ${b.id}`;
  const snapshot = a.code === b.code ? undefined : snapshotOf(a, b);
  if (!snapshot) return { pair, verdict: 'apart', hidden: [], causes: [] };
  const { causes } = judge(snapshot);
  const isCause = (one: Breakage) => causes.some(({ finding }) => reports(finding, one));
  const hidden = [a, b].filter((one) => !isCause(one) && !implies(one === a ? b : a, one));
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
