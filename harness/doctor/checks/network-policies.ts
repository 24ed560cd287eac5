import type { ProbeRecord } from '../../snapshot/schema.ts';
import type { Check } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import { gatewayAt, networkGateways } from '../facts/network-gateways.ts';
import { allowedFrom, ingressPoliciesOf } from '../facts/network-policies.ts';
import { probesOf } from '../facts/probes.ts';
import type { Severity } from '../finding.ts';
import { firstFew } from '../format-values.ts';
import { callsThrough, targetPortsOf, type GatewayService } from '../gateways.ts';
import type { MeshView } from '../mesh-view.ts';
import { perCluster } from '../per-cluster.ts';

const networkPolicy: Check = {
  code: 'MP3701',
  title: 'A NetworkPolicy blocks the east-west gateway',
  severity: 'warning',
  explanation:
    'NetworkPolicies select a pod of the gateway, and not one of them allows traffic from outside the cluster on its port. If the network plug-in enforces policies, other clusters do not get an answer. If other clusters connect all the same, the finding is an info.',
  remedy:
    'kubectl --context <cluster> -n <namespace> edit networkpolicy <name>   # allow TCP 15443 from anywhere',
  reference: 'https://kubernetes.io/docs/concepts/services-networking/network-policies/',
  needs: ['resources', 'pods', 'services', 'istiods', 'installs', 'probes'],
  explains: { 'target and subject': ['MP3401', 'MP3402'] },
  run: perCluster(function* (cluster, view) {
    if (!view.multiNetwork || cluster.resources('NetworkPolicy').length === 0) return;
    for (const gateway of networkGateways(view, cluster)) {
      const probes = probesTo(view, cluster, gateway);
      // Ranges of addresses may have the other clusters, as long as a connection does not show the opposite.
      const hasFailed = probes.some(({ tcp }) => tcp !== 'connected');
      const blocked = gateway.pods.flatMap((pod) => {
        const policies = ingressPoliciesOf(cluster, pod);
        const ports = policies.length > 0 ? targetPortsOf(gateway) : [];
        return ports.flatMap((port) => {
          const from = allowedFrom(policies, pod, port);
          return from === 'anywhere' || (from === 'ranges' && !hasFailed) ? [] : [{ policies, port, from }];
        });
      });
      const [first] = blocked;
      const policy = first?.policies[0];
      if (!first || !policy) continue;
      yield {
        severity: hasFailed ? 'warning' : severityOf(view, cluster, probes),
        object: `NetworkPolicy ${keyOf(policy)}`,
        subject: gateway.key,
        covers: [callsThrough(gateway.key)],
        evidence: [
          {
            what: `clients outside that may connect to TCP ${first.port}`,
            seen: first.from === 'ranges' ? 'some ranges of addresses' : 'none',
            expected: 'the other clusters',
          },
          {
            what: 'policies that select the gateway',
            seen: firstFew(first.policies.map(({ name }) => name)),
          },
          { what: 'gateway pods that are blocked', seen: blocked.length, expected: 0 },
        ],
        cause: `${first.policies.length} NetworkPolicies of ${cluster.name} select the gateway ${gateway.key}, but do not allow other networks on port ${first.port}.`,
        remedy: networkPolicy.remedy.replace('15443', `${first.port}`),
      };
    }
  }),
};

/** The connections from other clusters to a gateway. */
const probesTo = (view: MeshView, cluster: ClusterView, { key }: GatewayService): ProbeRecord[] =>
  view.clusters
    .filter((one) => one !== cluster)
    .flatMap((other) => probesOf(view, other, 'eastWestGateway').get(cluster.name) ?? [])
    .filter(({ address, port }) => gatewayAt(view, cluster.name, address, port)?.key === key);

/** Info if connections show that the policies do not block the gateway, or if connections were not read. */
function severityOf(view: MeshView, cluster: ClusterView, probes: readonly ProbeRecord[]): Severity {
  const isIncomplete = view.clusters.some((other) => other !== cluster && !other.complete('probes'));
  return probes.length > 0 || isIncomplete ? 'info' : 'warning';
}

export const networkPolicyChecks = [networkPolicy];
