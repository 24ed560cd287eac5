import type { ResourceRecord } from '../snapshot/schema.ts';
import type { Check, Sighting } from './check.ts';
import { keyOf, type ClusterView } from './cluster-view.ts';
import type { MeshView } from './mesh-view.ts';
import { compare } from './remedies.ts';
import { canonical, labels, table } from './spec-reader.ts';
import { anyOf, fromReadable, separately } from './unread.ts';

/** A resource that is missing or different in a cluster. */
interface Difference {
  key: string;
  have: { cluster: ClusterView; resource: ResourceRecord }[];
  /** The clusters that have the namespace but not the resource. */
  lack: ClusterView[];
  /** The number of different specs. */
  variants: number;
}

/**
 * The resources of a kind that some clusters do not have, or that differ between clusters: by name and namespace, in the clusters
 * that have the namespace. A cluster whose resources of the kind were not read is left out.
 */
function differences(
  view: MeshView,
  kind: string,
  concerns: (resource: ResourceRecord) => boolean = () => true,
): Difference[] {
  const readable = fromReadable(view.primaries, (cluster) => [
    { cluster, resources: cluster.resources(kind), namespaces: cluster.namespaces },
  ]);
  if (readable.length < 2) return [];
  const reading = readable.map(({ cluster }) => cluster);
  const byKey = new Map<string, Difference['have']>();
  for (const { cluster, resources } of readable)
    for (const resource of resources) {
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

/** A check for the differences of a kind. A missing policy that would not apply to a pod is only an info. */
export const differenceCheck = (
  kind: string,
  check: Omit<Check, 'run' | 'needs' | 'severity' | 'remedy'>,
  concerns?: (resource: ResourceRecord) => boolean,
): Check => ({
  ...check,
  severity: 'warning',
  remedy: compare(`${kind.toLowerCase()} <name>`),
  needs: ['resources', 'namespaces', 'installs', ...(isPolicy(kind) ? (['pods'] as const) : [])],
  run: function* (view) {
    yield* separately(differences(view, kind, concerns), function* (one) {
      const example = one.have[0]?.resource;
      const matters =
        !isPolicy(kind) ||
        one.variants > 1 ||
        (example !== undefined && anyOf(one.lack, (cluster) => isMissed(cluster, example)));
      yield sightingOf(kind, one, matters);
    });
  },
});

const isPolicy = (kind: string): boolean => /^(Peer|Request)Authentication$|^AuthorizationPolicy$/.test(kind);

/** Whether a policy would apply to a pod with a sidecar in a cluster that does not have the policy. Throws NotRead. */
function isMissed(cluster: ClusterView, { namespace, spec }: ResourceRecord): boolean {
  const selector = labels(table(spec['selector'])['matchLabels']);
  if (namespace === cluster.rootNamespace && Object.keys(selector).length === 0) return true;
  return cluster.pods.matching(namespace, selector).some(({ sidecar }) => sidecar);
}

/** The sighting of a difference. */
function sightingOf(kind: string, { key, have, lack, variants }: Difference, matters: boolean): Sighting {
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
      { what: 'different specs', seen: variants, expected: 1 },
      ...changed(have),
    ],
    cause:
      lack.length > 0
        ? `${kind} ${key} is in ${names(holders)}, but not in ${names(lack)}.`
        : `${kind} ${key} is not the same in ${names(holders)}.`,
    remedy: `kubectl --context ${holders.find((one) => one !== odd)?.name ?? '<cluster>'} -n ${key.split('/')[0]} get ${kind.toLowerCase()} ${key.split('/')[1]} -o yaml   # compare, then apply to ${odd.name}`,
  };
}

/** The cluster with the least common version; the last one if there are several. */
function oneOfFewest(have: Difference['have']): ClusterView {
  const groups = [...Map.groupBy(have, ({ resource }) => canonical(resource.spec)).values()];
  const fewest = groups
    .toSorted((a, b) => a.length - b.length)
    .find(({ length }) => length === Math.min(...groups.map((one) => one.length)));
  const last = (groups.every(({ length }) => length === fewest?.length) ? have : (fewest ?? have)).at(-1);
  if (!last) throw new Error('A difference needs at least one resource.');
  return last.cluster;
}

/** The fields of a spec that differ, at its first level. */
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
