import { keptFor } from './kept.ts';
import type { MeshView } from './mesh-view.ts';

const usual = 'cluster.local';

/** The domain of the second host that istiod has of a service with Multi-Cluster Services (MCS). */
export const clusterSetDomain = 'clusterset.local';

/**
 * The DNS domain of the services of the mesh: the domain in the host names that istiods have of Services. If the snapshot does not
 * have such a host, cluster.local, as in Istio.
 */
export const domainOf = keptFor(({ snapshot }: MeshView) => snapshot, findDomain);

function findDomain({ snapshot }: MeshView): string {
  for (const { istiods } of snapshot.clusters)
    for (const { shards = [] } of istiods)
      for (const { host, provider } of shards) {
        const [, domain] = /^[^.]+\.[^.]+\.svc\.(.+)$/.exec(host) ?? [];
        if (provider === 'Kubernetes' && domain !== undefined && domain !== clusterSetDomain) return domain;
      }
  return usual;
}
