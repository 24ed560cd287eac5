import type { ProxyRecord } from '../../snapshot/schema.ts';
import type { ClusterView } from '../cluster-view.ts';
import { keptFor } from '../kept.ts';
import type { MeshView } from '../mesh-view.ts';
import { planeOf } from './callers.ts';
import { certified, trustDomainOf, spiffeOf } from './workload-certificates.ts';

/** The trust domains in the certificates that proxies of a cluster show, each with these proxies. */
export function domainsShown(view: MeshView, cluster: ClusterView): Map<string, ProxyRecord[]> {
  const shown = new Map<string, ProxyRecord[]>();
  for (const { proxy, leaf } of certified(view, cluster)) {
    const id = spiffeOf(leaf);
    if (id === undefined) continue;
    const same = shown.get(trustDomainOf(id));
    if (same) same.push(proxy);
    else shown.set(trustDomainOf(id), [proxy]);
  }
  return shown;
}

/** The trust domain of an istiod and its aliases. Throws NotRead. */
const ownDomains = ({ trustDomain, settings }: ClusterView): string[] => [
  trustDomain,
  ...(settings?.trustDomainAliases ?? []),
];

/** With PILOT_SKIP_VALIDATE_TRUST_DOMAIN, servers do not look at the trust domain of a client. */
const skipsValidation = ({ install }: ClusterView): boolean =>
  install?.env['PILOT_SKIP_VALIDATE_TRUST_DOMAIN'] === 'true';

/**
 * Whether servers of a cluster accept clients of a trust domain: TrustDomainsForValidation in istiod. Undefined if the istiod of the
 * cluster is not known. Throws NotRead.
 */
export function acceptsAsServer(view: MeshView, cluster: ClusterView, domain: string): boolean | undefined {
  const plane = planeOf(view, cluster);
  if (!plane) return undefined;
  const federated = (plane.settings?.caTrustDomains ?? []).flatMap(({ trustDomains }) => trustDomains);
  return skipsValidation(plane) || [...ownDomains(plane), ...federated].includes(domain);
}

/** The trust domains of the servers that clients of a cluster accept, as their Envoys have them; empty if none was read. */
const domainsTrusted = keptFor(
  (cluster: ClusterView) => cluster.seen('proxies'),
  (cluster): ReadonlySet<string> => {
    const trusted = new Set<string>();
    for (const { upstreams } of cluster.seen('proxies'))
      for (const { trusts } of upstreams)
        for (const id of trusts) if (id.startsWith('spiffe://')) trusted.add(trustDomainOf(id));
    return trusted;
  },
);

/** Whether clients of a cluster accept servers of a trust domain. Undefined if the istiod of the cluster is not known. Throws NotRead. */
function acceptsAsClient(view: MeshView, cluster: ClusterView, domain: string): boolean | undefined {
  const trusted = domainsTrusted(cluster);
  if (trusted.size > 0) return trusted.has(domain);
  const plane = planeOf(view, cluster);
  return plane && (skipsValidation(plane) || ownDomains(plane).includes(domain));
}

/** A trust domain that one cluster has and another does not accept. */
export interface DomainRejection {
  domain: string;
  /** The trust domains that the other cluster accepts. */
  accepted: string[];
  /** `in`: calls to the cluster that rejects; `out`: calls from it. */
  directions: ('in' | 'out')[];
  /** Proxies show the trust domain; otherwise it is only configured. */
  isShown: boolean;
}

/**
 * The trust domain of `other` that `cluster` does not accept: the domain that its proxies show, otherwise the configured domain, which
 * its pods show after a restart. Proxies with a domain of earlier are left out if others show the configured one. Throws NotRead.
 */
export function rejectionOfDomain(
  view: MeshView,
  cluster: ClusterView,
  other: ClusterView,
): DomainRejection | undefined {
  const plane = planeOf(view, cluster);
  const configured = planeOf(view, other)?.trustDomain;
  if (!plane || configured === undefined) return undefined;
  const accepted = ownDomains(plane);
  const shown = [...domainsShown(view, other)]
    .filter(([, proxies]) => proxies.some(({ type }) => type === 'sidecar'))
    .map(([domain]) => domain);
  for (const domain of shown) {
    if (domain !== configured && shown.length > 1) continue;
    const directions = [
      ...(acceptsAsServer(view, cluster, domain) === false ? ['in' as const] : []),
      ...(acceptsAsClient(view, cluster, domain) === false ? ['out' as const] : []),
    ];
    if (directions.length > 0) return { domain, accepted, directions, isShown: true };
  }
  if (shown.includes(configured) || skipsValidation(plane) || accepted.includes(configured)) return undefined;
  const isFederated = acceptsAsServer(view, cluster, configured);
  return { domain: configured, accepted, directions: isFederated ? ['out'] : ['in', 'out'], isShown: false };
}
