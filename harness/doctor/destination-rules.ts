import type { ClusterView } from './cluster-view.ts';
import { domainOf } from './dns-domain.ts';
import { keptFor } from './kept.ts';
import type { MeshView } from './mesh-view.ts';
import { labels, numeric, table, tables, text, texts, type Table } from './spec-reader.ts';

/** The part of a rule to which settings apply: the whole host, a subset, or one port. */
export interface PolicyPart {
  where: string;
  /** Absent: the whole host. */
  subset?: string;
  /** Absent: every port. NaN if it cannot be read. */
  port?: number;
  tls: string | undefined;
  outlier: Table | undefined;
  locality: Table | undefined;
}

/** A DestinationRule, as far as it can be read. */
export interface DestinationRuleRecord {
  namespace: string;
  name: string;
  /** A short name is completed in the same way as in Istio. */
  host: string;
  parts: PolicyPart[];
  subsets: { name: string; labels: Record<string, string> }[];
  /** The rule applies only to the pods that it selects. */
  selects: boolean;
  /** The namespaces of its callers, as in `exportTo`; empty: every namespace. */
  exportTo: readonly string[];
}

const filled = (value: unknown): Table | undefined =>
  value === undefined || value === null ? undefined : table(value);

/** The locality settings of a load balancer. As in Istio's GetEffectiveLbSetting, zone-aware settings take precedence. */
const localityOf = (loadBalancer: Table): Table | undefined =>
  filled(loadBalancer['zoneAwareLbSetting']) ?? filled(loadBalancer['localityLbSetting']);

type Place = Pick<PolicyPart, 'where' | 'subset' | 'port'>;

function partOf(place: Place, policy: Table): PolicyPart {
  return {
    ...place,
    tls: text(table(policy['tls'])['mode']),
    outlier: filled(policy['outlierDetection']),
    locality: localityOf(table(policy['loadBalancer'])),
  };
}

function partsOf(place: Place, given: unknown): PolicyPart[] {
  const policy = table(given);
  const ports = tables(policy['portLevelSettings']).map((one) => {
    const port = numeric(table(one['port'])['number']);
    const where = `${place.where}, port ${port ?? '?'}`;
    return partOf({ ...place, where, port: port ?? NaN }, one);
  });
  return [partOf(place, policy), ...ports];
}

/** A host of Istio's configuration. A name without a dot is relative to the namespace of the resource; `*` is every host. */
export const fullHost = (host: string, namespace: string, domain: string): string =>
  host === '' || host.includes('.') || host.includes('*') ? host : `${host}.${namespace}.svc.${domain}`;

/** The DestinationRules of a cluster, the oldest first. Throws NotRead. */
export const destinationRules = keptFor(
  (_view: MeshView, cluster: ClusterView) => cluster.resources('DestinationRule'),
  findRules,
);

function findRules(view: MeshView, cluster: ClusterView): readonly DestinationRuleRecord[] {
  const domain = domainOf(view);
  return cluster
    .resources('DestinationRule')
    .toSorted((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt))
    .map(({ namespace, name, spec }) => {
      const subsets = tables(spec['subsets']);
      return {
        namespace,
        name,
        host: fullHost(text(spec['host']) ?? '', namespace, domain),
        parts: [
          ...partsOf({ where: 'the whole host' }, spec['trafficPolicy']),
          ...subsets.flatMap((one) => {
            const subset = text(one['name']) ?? '';
            return partsOf({ where: `subset ${subset}`, subset }, one['trafficPolicy']);
          }),
        ],
        subsets: subsets.map((subset) => ({
          name: text(subset['name']) ?? '',
          labels: labels(subset['labels']),
        })),
        ...scopeOf(spec, namespace),
      };
    });
}

/** The pods that a rule applies to, and the namespaces of its callers. A rule that selects pods applies in its namespace only. */
function scopeOf(spec: Table, namespace: string): Pick<DestinationRuleRecord, 'selects' | 'exportTo'> {
  const selects = Object.keys(table(table(spec['workloadSelector'])['matchLabels'])).length > 0;
  return { selects, exportTo: selects ? [namespace] : exportedTo(spec, namespace) };
}

/** The namespaces to which a resource is exported; `*`: every namespace. Empty: the resource does not state it. */
export const exportedTo = (spec: Table, namespace: string): string[] =>
  texts(spec['exportTo']).map((one) => (one === '.' ? namespace : one));

/** Whether callers in a namespace see a resource with these namespaces in `exportTo`. `usual` is the default of the mesh settings. */
export const isExportedTo = (
  { exportTo, namespace }: Pick<DestinationRuleRecord, 'exportTo' | 'namespace'>,
  client: string,
  usual: readonly string[] = [],
): boolean =>
  exportTo.length > 0
    ? exportTo.includes('*') || exportTo.includes(client)
    : client === namespace || !usual.includes('.');

/** A call: the namespace of the caller, the host, and the namespace of the service. */
interface Call {
  client: string;
  host: string;
  owner: string;
}

/**
 * The rules that istiod applies to a call, as PushContext.destinationRule chooses them: those of the caller's namespace, then those that the
 * service's namespace exports, then those that the root namespace exports; in each, only the most specific host. Throws NotRead.
 */
export function rulesOfCall(
  cluster: ClusterView,
  rules: readonly DestinationRuleRecord[],
  { client, host, owner }: Call,
): DestinationRuleRecord[] {
  const usual = cluster.settings?.defaultExportTo.destinationRule ?? [];
  const root = cluster.rootNamespace;
  const isPrivate = (rule: DestinationRuleRecord) =>
    rule.exportTo.length > 0
      ? rule.exportTo.length === 1 && rule.exportTo[0] === rule.namespace
      : usual.includes('.');
  const covering = rules.filter((rule) => covers(rule.host, host));
  const own = covering.filter(
    (rule) => rule.namespace === client && (client === root ? isPrivate(rule) : isExportedTo(rule, client)),
  );
  if (own.length > 0) return mostSpecific(own);
  for (const namespace of [owner, root]) {
    const exported = mostSpecific(
      covering.filter((rule) => rule.namespace === namespace && !isPrivate(rule)),
    );
    const seen = exported.filter((rule) => isExportedTo(rule, client, usual));
    if (seen.length > 0) return seen;
  }
  return [];
}

/** The rules with the most specific host: an exact host, or the longest wildcard. */
function mostSpecific(rules: readonly DestinationRuleRecord[]): DestinationRuleRecord[] {
  const rank = ({ host }: DestinationRuleRecord) => (host.startsWith('*') ? host.length : Infinity);
  const highest = Math.max(...rules.map(rank));
  return rules.filter((rule) => rank(rule) === highest);
}

/** Whether a host of Istio's configuration, which may be `*` or start with `*.`, covers a service's name. */
export function covers(host: string, fqdn: string): boolean {
  if (host === '*') return true;
  return host.startsWith('*') ? fqdn.endsWith(host.slice(1)) : host === fqdn;
}

/** `namespace/name` of the service that a fully qualified host names; undefined for wildcards and foreign names. */
export function serviceOfHost(host: string): string | undefined {
  const [, name, namespace] = /^([^.*]+)\.([^.]+)\.svc\./.exec(host) ?? [];
  return name === undefined || namespace === undefined ? undefined : `${namespace}/${name}`;
}
