import { checks as allChecks } from './checks.ts';
import type { Snapshot } from '../mesh/snapshot/schema.ts';
import { locate, type Check, type Located, type Sighting } from './check.ts';
import { severities, type Diagnosis, type Severity, type UnknownPart } from './finding.ts';
import { fold } from './fold.ts';
import { MeshView } from './mesh-view.ts';

/** The most findings that one code may have in a diagnosis: a mesh of thousands of services may break one rule everywhere. */
const mostPerCode = 100;

/**
 * What is wrong with a mesh, from a snapshot of it: causes with what they explain, the gravest first, and what could not
 * be judged. Pure: reads no clock and opens no socket; "now" is when the snapshot was taken.
 */
export function judge(snapshot: Snapshot, checks: readonly Check[] = allChecks): Diagnosis {
  const view = new MeshView(snapshot);
  const found: Located[] = [];
  const elided: Diagnosis['elided'] = [];
  for (const check of checks) {
    const { kept, more } = gravest(check, view);
    for (const sighting of kept) found.push(addressed(locate(check, sighting), view));
    if (more > 0) elided.push({ code: check.code, more });
  }
  const causes = fold(found, checks);
  const count = (wanted: string) => causes.filter(({ finding }) => finding.severity === wanted).length;
  return {
    apiVersion: 'meshproof.dev/v1',
    kind: 'Diagnosis',
    takenAt: snapshot.takenAt,
    clusters: view.clusterNames,
    checks: checks.length,
    counts: { error: count('error'), warning: count('warning'), info: count('info') },
    causes,
    elided,
    unknown: unknownOf(view, checks),
  };
}

/** What a check saw, the gravest first, as much as a diagnosis may have of it: what is only worth knowing must not hide an error. */
function gravest(check: Check, view: MeshView): { kept: Sighting[]; more: number } {
  let count = 0;
  const bySeverity = new Map<Severity, Sighting[]>(severities.map((one) => [one, []]));
  for (const sighting of check.run(view)) {
    count++;
    const same = bySeverity.get(sighting.severity ?? check.severity);
    if (same && same.length < mostPerCode) same.push(sighting);
  }
  const kept = [...bySeverity.values()].flat().slice(0, mostPerCode);
  return { kept, more: count - kept.length };
}

/** Its remedy as it can be typed: with the contexts of the kubeconfig, where checks write the names of clusters. */
function addressed({ finding, ...rest }: Located, view: MeshView): Located {
  const contextOf = (word: string) => {
    const name = word === '<cluster>' ? finding.cluster : word === '<read cluster>' ? finding.peer : word;
    return view.snapshot.declared.clusters.find((one) => one.name === name)?.context ?? name ?? word;
  };
  const remedy = finding.remedy.replace(
    /--context (<[^>]+>|\S+)/g,
    (_, word: string) => `--context ${contextOf(word)}`,
  );
  return { ...rest, finding: { ...finding, remedy } };
}

/** What the snapshot lacks, with the checks that it leaves without a full answer. */
function unknownOf(view: MeshView, checks: readonly Check[]): UnknownPart[] {
  const silent = view.snapshot.clusters
    .filter(({ reachable }) => !reachable)
    .map(({ name, unreachable }) => ({
      cluster: name,
      what: 'the whole cluster',
      why: unreachable ?? 'its API server did not answer',
      checks: checks.map(({ code }) => code),
    }));
  // Of a cluster that is silent as a whole, its parts are no news.
  const answering = view.missing().filter(({ cluster }) => view.cluster(cluster) !== undefined);
  const parts = answering.map(({ cluster, missing: { what, of, why } }) => ({
    cluster,
    what: of === undefined ? what : `${what}: ${of}`,
    why,
    checks: checks.filter(({ needs }) => needs.includes(what)).map(({ code }) => code),
  }));
  return [...silent, ...parts];
}
