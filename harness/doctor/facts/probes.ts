import type { ProbeRecord } from '../../snapshot/schema.ts';
import type { ClusterView } from '../cluster-view.ts';
import type { MeshView } from '../mesh-view.ts';
import { clusterOfGateway } from './networks.ts';

const placeOf = ({ target, address, port }: ProbeRecord): string => `${target} ${address}:${port}`;

/**
 * The connections that were tried from a cluster, by their target cluster; "" if that is not known. A probe to a gateway of meshNetworks
 * may not name its cluster. Such a probe asked for a name that the gateway need not route, so it shows TCP only. It is left out if
 * another probe names the cluster of its address.
 */
export function probesOf(
  view: MeshView,
  cluster: ClusterView,
  target: ProbeRecord['target'],
): Map<string, ProbeRecord[]> {
  const probes = cluster.seen('probes').filter((one) => one.target === target);
  const named = new Set(probes.filter((one) => one.cluster !== '').map(placeOf));
  const judged = probes.flatMap((one): ProbeRecord[] => {
    if (one.cluster !== '') return [one];
    if (named.has(placeOf(one))) return [];
    return [{ ...one, cluster: clusterOfGateway(view, cluster, one) ?? '', tls: 'notTried' }];
  });
  return Map.groupBy(judged, (one) => one.cluster);
}
