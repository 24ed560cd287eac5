import fc from 'fast-check';
import type { SampleCluster } from '../broken-sample.ts';
import { breakages } from '../breakages/index.ts';
import type { Breakage } from '../breakages/breakage.ts';
import { reports, textOf } from '../breakages/pairs.ts';
import type { Cause } from '../finding.ts';
import { judge } from '../judge.ts';
import { draws, meshOf, textOfDraw, type Draw } from './random-mesh.ts';

/** Failures, counted by kind, each with the first draw that shows it. */
export interface Failures {
  count: number;
  kinds: Map<string, { count: number; example: string }>;
}

function note({ kinds }: Failures, kind: string, example: string): void {
  const known = kinds.get(kind);
  kinds.set(kind, { count: (known?.count ?? 0) + 1, example: known?.example ?? example });
}

const isAboveInfo = ({ finding }: Cause): boolean => finding.severity !== 'info';

/** The findings above info of a healthy mesh: none. */
export const falseAlarmsOf = (draw: Draw) => judge(meshOf(draw).snapshot).causes.filter(isAboveInfo);

/** The causes of a mesh with a breakage; undefined if the mesh does not have what it breaks. */
export function causesOfBroken(draw: Draw, breakage: Breakage) {
  const { snapshot, clusters } = meshOf(draw);
  const [west, east] = clusters as [SampleCluster, SampleCluster];
  const before = JSON.stringify(snapshot);
  try {
    breakage.break({ snapshot, west, east });
  } catch {
    return undefined;
  }
  return JSON.stringify(snapshot) === before ? undefined : judge(snapshot).causes;
}

/**
 * Draws healthy meshes, and meshes with a breakage.
 *
 * @returns the false alarms, the breakages that are not first, and the number of broken meshes that were judged.
 */
export function countFailures({ healthy, broken, seed }: { healthy: number; broken: number; seed: number }) {
  const falseAlarms: Failures = { count: 0, kinds: new Map() };
  const notFirst: Failures = { count: 0, kinds: new Map() };
  for (const draw of fc.sample(draws, { numRuns: healthy, seed })) {
    const alarms = falseAlarmsOf(draw);
    if (alarms.length > 0) falseAlarms.count++;
    for (const one of alarms)
      note(
        falseAlarms,
        `${one.finding.code} ${one.finding.severity}`,
        `${textOfDraw(draw)}: ${one.finding.cause}`,
      );
  }
  let judged = 0;
  const both = fc.tuple(draws, fc.constantFrom(...breakages));
  for (const [draw, breakage] of fc.sample(both, { numRuns: broken, seed })) {
    const healthyCauses = judge(meshOf(draw).snapshot).causes;
    // A false alarm of the healthy mesh may come before the breakage.
    const causes = healthyCauses.some(isAboveInfo) ? undefined : causesOfBroken(draw, breakage);
    // The infos of the healthy mesh do not come from the breakage.
    const usual = new Set(healthyCauses.map(textOf));
    const first = causes?.find((one) => !usual.has(textOf(one)));
    if (!causes) continue;
    judged++;
    if (first && reports(first.finding, breakage)) continue;
    notFirst.count++;
    const instead = first ? `${first.finding.code} ${first.finding.severity}` : 'nothing';
    note(
      notFirst,
      `${breakage.id} (${breakage.code}): ${instead} first`,
      `${textOfDraw(draw)}: ${causes.map(textOf).join('; ')}`,
    );
  }
  return { falseAlarms, notFirst, broken: judged };
}
