import type { Check } from '../check.ts';
import { keyOf } from '../cluster-view.ts';
import { covers, destinationRules } from '../destination-rules.ts';
import { eastWestGateways } from '../gateways.ts';
import { meshServices } from '../mesh-services.ts';
import { perCluster } from '../per-cluster.ts';
import { selects } from '../pod-index.ts';
import { useMutualTls } from '../remedies.ts';
import { labels, list, table, tables, text } from '../spec-reader.ts';
import { separately } from '../unread.ts';
import { firstFew } from '../format-values.ts';

const breaksPassthrough: Check = {
  code: 'MP3601',
  title: 'A DestinationRule turns off the mutual TLS that gateways need',
  severity: 'error',
  explanation:
    'Calls to another network need mutual TLS, because the east-west gateway routes by the SNI. With TLS mode DISABLE, SIMPLE or MUTUAL, istiod silently drops endpoints on other networks, and calls stay local or fail. For a single port or subset, the finding is a warning, because plain text may be intended there.',
  remedy: useMutualTls,
  reference: 'https://istio.io/latest/docs/ops/configuration/traffic-management/tls-configuration/',
  needs: ['resources', 'services', 'pods'],
  explains: { subject: ['MP4207', 'MP5203'], cluster: ['MP3602'] },
  run: function* (view) {
    if (!view.multiNetwork) return;
    const services = meshServices(view);
    yield* separately(view.clusters, function* (cluster) {
      for (const rule of destinationRules(cluster)) {
        const off = rule.parts.filter(({ tls }) => tls !== undefined && tls !== '' && tls !== 'ISTIO_MUTUAL');
        const hit = off.length > 0 ? services.filter(({ fqdn }) => covers(rule.host, fqdn)) : [];
        if (hit.length === 0) continue;
        // Plain text to one port may be intended, such as a port for metrics that a PeerAuthentication opens.
        const whole = off.find(({ subset, port }) => subset === undefined && port === undefined);
        const part = whole ?? off[0];
        yield {
          ...(whole ? {} : { severity: 'warning' }),
          cluster: cluster.name,
          object: `DestinationRule ${keyOf(rule)}`,
          subject: keyOf(rule),
          evidence: [
            {
              what: `tls.mode of ${part?.where}`,
              seen: part?.tls ?? '',
              expected: 'ISTIO_MUTUAL, or none',
            },
            { what: 'services of the mesh that it covers', seen: hit.length, expected: 0 },
          ],
          cause: `The DestinationRule ${keyOf(rule)} of ${cluster.name} turns mutual TLS off for ${firstFew(hit.map(({ key }) => key))}${whole ? '' : ` (${part?.where})`}, so callers cannot reach other networks${whole ? '' : ' there'}.`,
        };
      }
    });
  },
};

const networkPolicy: Check = {
  code: 'MP3701',
  title: 'A NetworkPolicy blocks the east-west gateway',
  severity: 'warning',
  explanation:
    'A NetworkPolicy selects the pods of the gateway and does not allow traffic from outside the cluster on its port. If the network plug-in enforces policies, other clusters do not get an answer.',
  remedy:
    'kubectl --context <cluster> -n <namespace> edit networkpolicy <name>   # allow TCP 15443 from anywhere',
  reference: 'https://kubernetes.io/docs/concepts/services-networking/network-policies/',
  needs: ['resources', 'pods', 'services'],
  explains: { target: ['MP3401'] },
  run: perCluster(function* (cluster) {
    const policies = cluster.resources('NetworkPolicy');
    for (const { service, port, pods } of policies.length > 0 ? eastWestGateways(cluster) : []) {
      const target = service.ports.find((one) => one.port === port)?.targetPort ?? port;
      const own = policies.filter(({ namespace, spec }) => {
        const selector = labels(table(spec['podSelector'])['matchLabels']);
        const types = list(spec['policyTypes']);
        return (
          namespace === service.namespace &&
          (types.length === 0 || types.includes('Ingress')) &&
          pods.some((pod) => selects(selector, pod.labels))
        );
      });
      // Policies add up: it is enough if one of them allows the traffic.
      const first = own[0];
      if (
        !first ||
        own.some(({ spec }) => tables(spec['ingress']).some((rule) => allowsFromAnywhere(rule, target)))
      )
        continue;
      yield {
        object: `NetworkPolicy ${keyOf(first)}`,
        evidence: [{ what: `rules that allow TCP ${target} from anywhere`, seen: 0, expected: 1 }],
        cause: `${own.length} NetworkPolicies of ${cluster.name} select the east-west gateway, but do not allow other networks on port ${target}.`,
      };
    }
  }),
};

function allowsFromAnywhere(rule: Readonly<Record<string, unknown>>, target: number | string): boolean {
  const ports = tables(rule['ports']);
  const from = tables(rule['from']);
  const onPort =
    ports.length === 0 ||
    ports.some(
      ({ port, protocol }) => (port === target || port === undefined) && (text(protocol) ?? 'TCP') === 'TCP',
    );
  return onPort && (from.length === 0 || from.some((peer) => peer['ipBlock'] !== undefined));
}

export const passthroughChecks = [breaksPassthrough, networkPolicy];
