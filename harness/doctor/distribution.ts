import type { ClusterView } from './cluster-view.ts';
import { covers, destinationRules } from './destination-rules.ts';
import { regionsOf } from './facts/localities.ts';
import type { MeshView } from './mesh-view.ts';
import { numeric, table, tables, text, type Table } from './spec-reader.ts';

/** An entry of `distribute`: shares of the traffic by locality, in percent. */
export interface Weights {
  from: string;
  to: Readonly<Record<string, number>>;
}

/**
 * Whether weights keep a proxy in a locality from all endpoints of a host and port in other localities. Calls `from` for the locality
 * only if there are weights. Throws NotRead.
 */
export type LeftOut = (
  host: string,
  port: number,
  from: () => string,
  localities: readonly string[],
) => boolean;

/**
 * The endpoints that weights by locality remove from the proxies of a cluster: Istio empties every locality that the first matching
 * entry of `distribute` does not list. Weights for a region that does not exist do not count: another check reports them. Throws NotRead.
 */
export function leftOutByWeights(view: MeshView, cluster: ClusterView): LeftOut {
  let known: ReadonlySet<string> | undefined; // read only if weights fit: the nodes of a cluster may not have been read
  const isValid = ({ to }: Weights) =>
    Object.keys(to).every((one) => regionOf(one) === '*' || (known ??= regionsOf(view)).has(regionOf(one)));
  const excludes = (weights: readonly Weights[], from: () => string, localities: readonly string[]) => {
    const first = weights.find((one) => matchesLocality(from(), one.from));
    return (
      first !== undefined &&
      isValid(first) &&
      !localities.some((at) => Object.keys(first.to).some((to) => matchesLocality(at, to)))
    );
  };
  const rules = destinationRules(view, cluster).flatMap(({ host, parts }) =>
    parts.flatMap(({ subset, port, locality }) =>
      subset === undefined && locality ? [{ host, port, weights: weightsOf(locality) }] : [],
    ),
  );
  const ofMesh = meshWeights(cluster);
  return (host, port, from, localities) => {
    const covering = rules.filter((rule) => covers(rule.host, host) && (rule.port ?? port) === port);
    const own = covering.filter((rule) => rule.port === port);
    const settings = own.length > 0 ? own : covering;
    return settings.length > 0
      ? settings.some(({ weights }) => excludes(weights, from, localities))
      : excludes(ofMesh, from, localities);
  };
}

/** The entries of `distribute` of a rule's locality settings; none if the settings are off. */
export const weightsOf = (locality: Table): Weights[] =>
  locality['enabled'] === false
    ? []
    : tables(locality['distribute']).map(({ from, to }) => ({
        from: text(from) ?? '',
        to: Object.fromEntries(Object.entries(table(to)).map(([at, share]) => [at, numeric(share) ?? 0])),
      }));

/** The entries of `distribute` of the mesh settings, for hosts without locality settings in a rule; none if they are off. Throws NotRead. */
export function meshWeights(cluster: ClusterView): readonly Weights[] {
  const { localityLb, zoneAwareLb } = cluster.settings ?? {};
  return localityLb?.enabled === false || zoneAwareLb ? [] : (localityLb?.distribute ?? []);
}

const regionOf = (locality: string): string => locality.split('/', 1)[0] ?? '';

/** Whether a locality, region/zone/subzone, matches a locality of a rule, as in Istio's LocalityMatch. */
export function matchesLocality(locality: string, wanted: string): boolean {
  const at = locality.split('/');
  return wanted
    .split('/')
    .every((part, i) => part === '*' || (part === '' && i > 0) || part === (at[i] ?? ''));
}
