import type { Missing, Snapshot } from '../snapshot/schema.ts';
import { locate, type Check, type Located, type Sighting } from './check.ts';
import { checks as allChecks } from './checks.ts';
import { severities, type Diagnosis, type Severity, type UnknownPart } from './finding.ts';
import { fold } from './fold.ts';
import { MeshView } from './mesh-view.ts';
import { completeRemedy } from './remedy-values.ts';
import { rightFor } from './rights.ts';
import { NotRead } from './unread.ts';

/** The most findings of one code in a diagnosis: a mesh of thousands of services may break one rule everywhere. */
const mostPerCode = 100;

/**
 * Judges a mesh from a snapshot: causes with the findings that they explain, the gravest first, and the parts of the snapshot
 * that are missing, with the checks that need them. Pure: reads no clock and opens no socket; "now" is the time of the snapshot.
 */
export function judge(snapshot: Snapshot, checks: readonly Check[] = allChecks): Diagnosis {
  const view = new MeshView(snapshot);
  const found: Located[] = [];
  const elided: Diagnosis['elided'] = [];
  const lacking: Lacking = new Map();
  for (const check of checks) {
    view.log.clear();
    const { kept, more } = gravest(check, view);
    for (const gap of view.log.gaps) lacking.set(gap, [...(lacking.get(gap) ?? []), check.code]);
    for (const sighting of kept) found.push(completed(locate(check, sighting), view));
    if (more > 0) elided.push({ code: check.code, more });
  }
  const causes = fold(found, checks);
  const count = (wanted: string) => causes.filter(({ finding }) => finding.severity === wanted).length;
  return {
    apiVersion: 'meshproof.dev/v1',
    kind: 'Diagnosis',
    takenAt: snapshot.takenAt,
    clusters: [...view.clusterNames],
    checks: checks.length,
    counts: { error: count('error'), warning: count('warning'), info: count('info') },
    causes,
    elided,
    unknown: unknownOf(view, checks, lacking),
  };
}

/** The codes of the checks that met a gap in the snapshot. */
type Lacking = Map<Missing, string[]>;

/** The sightings of a check. A check that asks for data that was not read ends there. */
export function* sightingsOf(check: Check, view: MeshView): Iterable<Sighting> {
  try {
    yield* check.run(view);
  } catch (error) {
    if (!(error instanceof NotRead)) throw error;
  }
}

/** The sightings of a check, the gravest first, as many as a diagnosis may have: an info must not hide an error. */
function gravest(check: Check, view: MeshView): { kept: Sighting[]; more: number } {
  let count = 0;
  const bySeverity = new Map<Severity, Sighting[]>(severities.map((one) => [one, []]));
  for (const sighting of sightingsOf(check, view)) {
    count++;
    const same = bySeverity.get(sighting.severity ?? check.severity);
    if (same && same.length < mostPerCode) same.push(sighting);
  }
  const kept = [...bySeverity.values()].flat().slice(0, mostPerCode);
  return { kept, more: count - kept.length };
}

/** Completes the remedy of a finding. */
function completed({ finding, ...folding }: Located, { snapshot }: MeshView): Located {
  return { ...folding, finding: { ...finding, remedy: completeRemedy(finding, snapshot) } };
}

/** The missing parts of the snapshot, with the checks that they leave without a full answer. */
function unknownOf(view: MeshView, checks: readonly Check[], lacking: Lacking): UnknownPart[] {
  return view.snapshot.clusters.flatMap(({ name, reachable, unreachable, missing }): UnknownPart[] => {
    const why = unreachable ?? 'its API server did not answer';
    const all = checks.map(({ code }) => code);
    if (!reachable) return [{ cluster: name, what: 'the whole cluster', why, checks: all }];
    return missing.map((gap) => {
      const right = gap.reason === 'forbidden' ? rightFor(gap) : undefined;
      return {
        cluster: name,
        what: gap.of === undefined ? gap.what : `${gap.what}: ${gap.of}`,
        why: gap.why,
        ...(right === undefined ? {} : { right }),
        checks: codesOf(gap, checks, lacking),
      };
    });
  });
}

/** The checks that met a gap; of a part that is missing as a whole, or that a limit cut, also those that never got as far. */
function codesOf(gap: Missing, checks: readonly Check[], lacking: Lacking): string[] {
  const met = lacking.get(gap) ?? [];
  const isWide = gap.of === undefined || gap.reason === 'limit';
  return checks
    .filter(({ code, needs }) => met.includes(code) || (isWide && needs.includes(gap.what)))
    .map(({ code }) => code);
}
