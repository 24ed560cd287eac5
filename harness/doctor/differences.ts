import type { ResourceRecord } from '../snapshot/schema.ts';
import type { Check, Part, Sighting } from './check.ts';
import { keyOf, type ClusterView } from './cluster-view.ts';
import type { Severity } from './finding.ts';
import type { MeshView } from './mesh-view.ts';
import { compare } from './remedies.ts';
import { canonical } from './spec-reader.ts';
import { fromReadable, separately } from './unread.ts';

/** A resource in one cluster. */
interface Held {
  cluster: ClusterView;
  resource: ResourceRecord;
}

/** A resource that is missing or different in a cluster. */
export interface Difference {
  key: string;
  have: Held[];
  /** The clusters that have the namespace but not the resource. */
  lack: ClusterView[];
  /** The number of different specs. */
  variants: number;
}

/** A kind whose resources are compared between clusters: each istiod uses those of its own cluster. */
export interface Compared {
  kind: string;
  /** The resources that are compared. */
  concerns?: (resource: ResourceRecord) => boolean;
  /** The part of a resource that decides for callers; absent: the whole specification. Throws NotRead. */
  essenceOf?: (resource: ResourceRecord, cluster: ClusterView, view: MeshView) => unknown;
  /** The effect of the difference on callers and pods of the mesh; undefined: none. Throws NotRead. */
  effectOf: (view: MeshView, difference: Difference) => { severity: Severity; effect: string } | undefined;
  /** The parts that `essenceOf` and `effectOf` read. */
  needs: readonly Part[];
}

/**
 * The resources of a kind that some clusters do not have, or that differ between clusters: by name and namespace, in the clusters
 * that have the namespace. A cluster that has the same resource under another name does not lack it. A cluster whose resources of the
 * kind were not read is left out.
 */
function differences(view: MeshView, compared: Compared): Difference[] {
  const { kind, concerns = () => true, essenceOf = ({ spec }: ResourceRecord) => spec } = compared;
  const readable = fromReadable(view.primaries, (cluster) => [
    {
      cluster,
      namespaces: cluster.namespaces,
      own: cluster
        .resources(kind)
        .filter(concerns)
        .map((resource) => ({ cluster, resource, essence: canonical(essenceOf(resource, cluster, view)) })),
    },
  ]);
  if (readable.length < 2) return [];
  const byKey = Map.groupBy(
    readable.flatMap(({ own }) => own),
    ({ resource }) => keyOf(resource),
  );
  return [...byKey].flatMap(([key, have]): Difference[] => {
    const [namespace = ''] = key.split('/');
    const essences = new Set(have.map(({ essence }) => essence));
    const lack = readable
      .filter(({ cluster, namespaces, own }) => {
        if (!namespaces.has(namespace) || have.some((one) => one.cluster === cluster)) return false;
        return !own.some((one) => one.resource.namespace === namespace && essences.has(one.essence));
      })
      .map(({ cluster }) => cluster);
    return lack.length > 0 || essences.size > 1 ? [{ key, have, lack, variants: essences.size }] : [];
  });
}

/** A check for the differences of a kind: by what they do to callers. */
export const differenceCheck = (
  compared: Compared,
  check: Omit<Check, 'run' | 'needs' | 'severity' | 'remedy'>,
): Check => ({
  ...check,
  severity: 'warning',
  remedy: compare(`${compared.kind.toLowerCase()} <name>`),
  needs: ['resources', 'namespaces', 'installs', ...compared.needs],
  run: function* (view) {
    yield* separately(differences(view, compared), function* (one) {
      const found = compared.effectOf(view, one);
      if (found) yield { ...sightingOf(compared.kind, one, found.effect), severity: found.severity };
    });
  },
});

/** The sighting of a difference. */
function sightingOf(kind: string, { key, have, lack, variants }: Difference, effect: string): Sighting {
  const names = (clusters: readonly ClusterView[]) => clusters.map(({ name }) => name).join(', ');
  const holders = have.map(({ cluster }) => cluster);
  const odd = lack[0] ?? oneOfFewest(have);
  const other = holders.find((one) => one !== odd)?.name;
  const [namespace, name] = key.split('/');
  return {
    cluster: odd.name,
    ...(other === undefined ? {} : { peer: other }),
    object: `${kind} ${key}`,
    subject: key,
    evidence: [
      { what: 'clusters that have it', seen: names(holders), expected: 'all' },
      { what: 'different specs', seen: variants, expected: 1 },
      { what: 'effect', seen: effect },
      ...changed(have),
    ],
    cause:
      lack.length > 0
        ? `${kind} ${key} is in ${names(holders)}, but not in ${names(lack)}: ${effect}.`
        : `${kind} ${key} is not the same in ${names(holders)}: ${effect}.`,
    remedy: `kubectl --context ${other ?? '<cluster>'} -n ${namespace} get ${kind.toLowerCase()} ${name} -o yaml   # compare, then apply to ${odd.name}`,
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
