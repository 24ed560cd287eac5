import type { ClusterView } from './cluster-view.ts';
import { covers, destinationRules } from './destination-rules.ts';
import type { MeshView } from './mesh-view.ts';
import { table, tables, text } from './spec-reader.ts';

/** The regions that nodes are in. */
export const regionsOf = (view: MeshView): Set<string> =>
  new Set(
    view.clusters.flatMap(({ data }) => data.nodes.map(({ region }) => region)).filter((one) => one !== ''),
  );

/** An entry of `distribute`, by localities as they are written in rules. */
interface Weights {
  from: string;
  to: string[];
}

/** Whether a proxy in a locality is to have no endpoint of a host and port that is in one of other localities. */
export type LeftOut = (host: string, port: number, from: string, localities: readonly string[]) => boolean;

/**
 * What weights by locality take away from the proxies of a cluster: Istio empties every locality that the first fitting entry of
 * `distribute` does not name. Weights for a region that nobody is in take nothing away that was meant to be: another check tells of them.
 */
export function leftOutByWeights(view: MeshView, cluster: ClusterView): LeftOut {
  const known = regionsOf(view);
  const isMeant = ({ to }: Weights) => to.every((one) => regionOf(one) === '*' || known.has(regionOf(one)));
  const takes = (weights: readonly Weights[], from: string, localities: readonly string[]) => {
    const first = weights.find((one) => matches(from, one.from));
    return (
      first !== undefined &&
      isMeant(first) &&
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
      ? settings.some(({ weights }) => takes(weights, from, localities))
      : takes(ofMesh, from, localities);
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

/** Whether a locality, region/zone/subzone, is one that a rule speaks of, as Istio's LocalityMatch has it. */
function matches(locality: string, wanted: string): boolean {
  const at = locality.split('/');
  return wanted
    .split('/')
    .every((part, i) => part === '*' || (part === '' && i > 0) || part === (at[i] ?? ''));
}
