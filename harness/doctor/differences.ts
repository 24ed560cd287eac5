import type { ResourceRecord } from '../mesh/snapshot/schema.ts';
import type { Sighting } from './check.ts';
import { keyOf, type ClusterView } from './cluster-view.ts';
import type { MeshView } from './mesh-view.ts';
import { canonical, labels, table } from './spec-reader.ts';

/** A resource that clusters do not have alike. */
export interface Difference {
  key: string;
  have: { cluster: ClusterView; resource: ResourceRecord }[];
  /** Clusters where the namespace is, and the resource is not. */
  lack: ClusterView[];
  /** How many different specs there are. */
  variants: number;
}

/**
 * Resources of a kind that are in some of the clusters only, or not the same in all: by name and namespace, in clusters
 * that have the namespace. Where it was made or changed within the last moments it may be on its way.
 */
export function differences(
  view: MeshView,
  kind: string,
  concerns: (resource: ResourceRecord) => boolean = () => true,
): Difference[] {
  const reading = view.primaries.filter((one) => one.complete('resources') && one.complete('namespaces'));
  if (reading.length < 2) return [];
  const byKey = new Map<string, Difference['have']>();
  for (const cluster of reading)
    for (const resource of cluster.resources(kind)) {
      if (!concerns(resource)) continue;
      const group = byKey.get(keyOf(resource));
      if (group) group.push({ cluster, resource });
      else byKey.set(keyOf(resource), [{ cluster, resource }]);
    }
  return [...byKey].flatMap(([key, have]): Difference[] => {
    const [namespace = ''] = key.split('/');
    const lack = reading.filter(
      (one) => one.namespaces.has(namespace) && !have.some(({ cluster }) => cluster === one),
    );
    const variants = new Set(have.map(({ resource }) => canonical(resource.spec))).size;
    return lack.length > 0 || variants > 1 ? [{ key, have, lack, variants }] : [];
  });
}

/** Whether a policy would hold for any pod with a sidecar in a cluster that lacks it; without a selector: in its namespace, or all. */
export function isMissed(cluster: ClusterView, { namespace, spec }: ResourceRecord): boolean {
  const selector = labels(table(spec['selector'])['matchLabels']);
  if (namespace === cluster.rootNamespace && Object.keys(selector).length === 0) return true;
  return cluster.pods.matching(namespace, selector).some(({ sidecar }) => sidecar);
}

/** What a difference shows, and in which words. */
export function sightingOf(
  kind: string,
  { key, have, lack, variants }: Difference,
  matters: boolean,
): Sighting {
  const names = (clusters: readonly ClusterView[]) => clusters.map(({ name }) => name).join(', ');
  const holders = have.map(({ cluster }) => cluster);
  const odd = lack[0] ?? oneOfFewest(have);
  return {
    ...(matters ? {} : { severity: 'info' as const }),
    cluster: odd.name,
    ...(holders.find((one) => one !== odd) ? { peer: holders.find((one) => one !== odd)?.name ?? '' } : {}),
    object: `${kind} ${key}`,
    subject: key,
    evidence: [
      { what: 'clusters that have it', seen: names(holders), expected: 'all' },
      { what: 'different versions of it', seen: variants, expected: 1 },
      ...changed(have),
    ],
    cause:
      lack.length > 0
        ? `${kind} ${key} is in ${names(holders)}, and not in ${names(lack)}.`
        : `${kind} ${key} is not the same in ${names(holders)}.`,
    remedy: `kubectl --context ${holders.find((one) => one !== odd)?.name ?? '<cluster>'} -n ${key.split('/')[0]} get ${kind.toLowerCase()} ${key.split('/')[1]} -o yaml   # compare, then apply to ${odd.name}`,
  };
}

/** The cluster whose version fewest others have; the last of those. */
function oneOfFewest(have: Difference['have']): ClusterView {
  const groups = [...Map.groupBy(have, ({ resource }) => canonical(resource.spec)).values()];
  const fewest = groups
    .toSorted((a, b) => a.length - b.length)
    .find(({ length }) => length === Math.min(...groups.map((one) => one.length)));
  const last = (groups.every(({ length }) => length === fewest?.length) ? have : (fewest ?? have)).at(-1);
  if (!last) throw new Error('A difference is between at least one resource and something else.');
  return last.cluster;
}

/** The parts of a spec that are not the same, at its first level. */
function changed(have: Difference['have']): Sighting['evidence'] {
  const [first, ...others] = have;
  const other = others.find(({ resource }) => canonical(resource.spec) !== canonical(first?.resource.spec));
  if (!first || !other) return [];
  const fields = new Set([...Object.keys(first.resource.spec), ...Object.keys(other.resource.spec)]);
  return [...fields]
    .filter((field) => canonical(first.resource.spec[field]) !== canonical(other.resource.spec[field]))
    .slice(0, 3)
    .map((field) => ({
      what: `${field} in ${other.cluster.name}`,
      seen: canonical(other.resource.spec[field]).slice(0, 120),
      expected: `${canonical(first.resource.spec[field]).slice(0, 120)} as in ${first.cluster.name}`,
    }));
}
