import type { ClusterView } from './cluster-view.ts';
import { covers, destinationRules } from './destination-rules.ts';
import type { MeshView } from './mesh-view.ts';
import { table, tables, text } from './spec-reader.ts';

/** The regions of all nodes of the mesh. Throws NotRead. */
export const regionsOf = (view: MeshView): Set<string> =>
  new Set(
    view
      .everyCluster()
      .flatMap((cluster) => cluster.whole('nodes').map(({ region }) => region))
      .filter((region) => region !== ''),
  );

/** An entry of `distribute`, with localities as in rules. */
interface Weights {
  from: string;
  to: string[];
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
 * entry of `distribute` does not list. Weights for a region without nodes do not count: another check reports them. Throws NotRead.
 */
export function leftOutByWeights(view: MeshView, cluster: ClusterView): LeftOut {
  let known: Set<string> | undefined; // read only if weights fit: the nodes of a cluster may not have been read
  const isValid = ({ to }: Weights) =>
    to.every((one) => regionOf(one) === '*' || (known ??= regionsOf(view)).has(regionOf(one)));
  const excludes = (weights: readonly Weights[], from: () => string, localities: readonly string[]) => {
    const first = weights.find((one) => matches(from(), one.from));
    return (
      first !== undefined &&
      isValid(first) &&
      !localities.some((at) => first.to.some((to) => matches(at, to)))
    );
  };
  const rules = destinationRules(cluster).flatMap(({ host, parts }) =>
    parts.flatMap(({ subset, port, locality }) =>
      subset === undefined && locality ? [{ host, port, weights: weightsOf(locality) }] : [],
    ),
  );
  const { localityLb } = cluster.settings ?? {};
  const everywhere = localityLb?.enabled === false ? [] : (localityLb?.distribute ?? []);
  const ofMesh = everywhere.map(({ from, to }) => ({ from, to: Object.keys(to) }));
  return (host, port, from, localities) => {
    const covering = rules.filter((rule) => covers(rule.host, host) && (rule.port ?? port) === port);
    const own = covering.filter((rule) => rule.port === port);
    const settings = own.length > 0 ? own : covering;
    return settings.length > 0
      ? settings.some(({ weights }) => excludes(weights, from, localities))
      : excludes(ofMesh, from, localities);
  };
}

const weightsOf = (locality: Readonly<Record<string, unknown>>): Weights[] =>
  locality['enabled'] === false
    ? []
    : tables(locality['distribute']).map(({ from, to }) => ({
        from: text(from) ?? '',
        to: Object.keys(table(to)),
      }));

const regionOf = (locality: string): string => locality.split('/', 1)[0] ?? '';

/** Whether a locality, region/zone/subzone, matches a locality of a rule, as in Istio's LocalityMatch. */
function matches(locality: string, wanted: string): boolean {
  const at = locality.split('/');
  return wanted
    .split('/')
    .every((part, i) => part === '*' || (part === '' && i > 0) || part === (at[i] ?? ''));
}
