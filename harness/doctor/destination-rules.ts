import type { ClusterView } from './cluster-view.ts';
import { labels, numeric, table, tables, text, type Table } from './spec-reader.ts';

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
}

const filled = (value: unknown): Table | undefined =>
  value === undefined || value === null ? undefined : table(value);

type Place = Pick<PolicyPart, 'where' | 'subset' | 'port'>;

function partOf(place: Place, policy: Table): PolicyPart {
  return {
    ...place,
    tls: text(table(policy['tls'])['mode']),
    outlier: filled(policy['outlierDetection']),
    locality: filled(table(policy['loadBalancer'])['localityLbSetting']),
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

/** The DestinationRules of a cluster. */
export function destinationRules(cluster: ClusterView): DestinationRuleRecord[] {
  return cluster.resources('DestinationRule').map(({ namespace, name, spec }) => {
    const subsets = tables(spec['subsets']);
    const host = text(spec['host']) ?? '';
    return {
      namespace,
      name,
      // A name without a dot is relative to the rule's namespace; `*` is every host.
      host:
        host === '' || host.includes('.') || host.includes('*')
          ? host
          : `${host}.${namespace}.svc.cluster.local`,
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
      selects: Object.keys(table(table(spec['workloadSelector'])['matchLabels'])).length > 0,
    };
  });
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
