import type { PodRecord } from '../../snapshot/schema.ts';
import { authorizations } from '../authorization.ts';
import type { Check } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import {
  covers,
  destinationRules,
  type DestinationRuleRecord,
  type PolicyPart,
} from '../destination-rules.ts';
import { meshServices, type MeshService } from '../mesh-services.ts';
import { modesByPort, modesOf } from '../peer-authentication.ts';
import { perCluster } from '../per-cluster.ts';
import { useMutualTls } from '../remedies.ts';
import { labels, table } from '../spec-reader.ts';
import { anyOf, fromReadable, separately } from '../unread.ts';
import { firstFew } from '../format-values.ts';

const on =
  'kubectl --context <cluster> -n <namespace> patch peerauthentication <name> --type=merge -p \'{"spec":{"mtls":{"mode":"PERMISSIVE"}}}\'';
const reference = 'https://istio.io/latest/docs/reference/config/security/peer_authentication/';

const policyWithout: Check = {
  code: 'MP5201',
  title: 'A policy needs the caller’s identity, and mutual TLS is off',
  severity: 'error',
  explanation:
    'A proxy reads the principal, service account and namespace of a caller from its certificate. With mutual TLS off (PeerAuthentication DISABLE), callers do not present a certificate: an ALLOW policy by identity denies every caller, and a DENY policy by identity does not deny any.',
  remedy: on,
  reference: 'https://istio.io/latest/docs/concepts/security/#dependency-on-mutual-tls',
  needs: ['resources', 'pods', 'installs'],
  explains: { subject: ['MP5202', 'MP5101'] },
  run: perCluster(function* (cluster) {
    for (const off of modesOf(cluster).filter(({ mode }) => mode === 'DISABLE')) {
      const affected = authorizations(cluster).filter(({ needsIdentity, namespace, selector }) => {
        const wide = namespace === cluster.rootNamespace && Object.keys(selector).length === 0;
        const own = new Set(wide ? cluster.whole('pods') : cluster.pods.matching(namespace, selector));
        return needsIdentity && off.pods.some((pod) => own.has(pod));
      });
      const first = affected[0];
      if (!first) continue;
      yield {
        object: `PeerAuthentication ${keyOf(off)}`,
        subject: keyOf(off),
        evidence: [
          { what: 'mtls.mode', seen: off.mode, expected: 'PERMISSIVE or STRICT' },
          {
            what: 'policies by identity for the same pods',
            seen: firstFew(affected.map(keyOf)),
            expected: 'none',
          },
        ],
        cause: `${keyOf(off)} turns mutual TLS off for ${off.pods.length} pods of ${cluster.name}, but ${firstFew(affected.map(keyOf))} (${first.action}) judges callers by their identity.`,
      };
    }
  }),
};

const crossNetworkWithout: Check = {
  code: 'MP5202',
  title: 'Mutual TLS is off for pods that other networks call',
  severity: 'error',
  explanation:
    'Calls from another network come through an east-west gateway, which routes by the TLS handshake. With mutual TLS off for a workload, istiod does not send its endpoints to clients on other networks.',
  remedy: on,
  reference,
  needs: ['resources', 'pods', 'services', 'installs'],
  explains: { subject: ['MP5101'], 'target and subject': ['MP3602', 'MP3402'] },
  run: perCluster(function* (cluster, view) {
    if (!view.multiNetwork) return;
    for (const off of modesOf(cluster).filter(({ mode }) => mode === 'DISABLE')) {
      const hit = servicesOf(cluster, off.pods, meshServices(view)).filter((one) => one.in.length > 1);
      if (hit.length === 0) continue;
      yield {
        object: `PeerAuthentication ${keyOf(off)}`,
        subject: keyOf(off),
        covers: hit.map(({ fqdn }) => fqdn),
        evidence: [
          { what: 'mtls.mode', seen: off.mode, expected: 'PERMISSIVE or STRICT' },
          { what: 'services that other clusters know', seen: hit.length, expected: 0 },
        ],
        cause: `${keyOf(off)} of ${cluster.name} turns mutual TLS off for ${firstFew(hit.map(({ key }) => key))}, which other networks can then not call.`,
      };
    }
  }),
};

function servicesOf(
  cluster: ClusterView,
  pods: readonly PodRecord[],
  services: readonly MeshService[],
): MeshService[] {
  const set = new Set(pods);
  return services.filter((one) =>
    one.in.some((at) => at.cluster === cluster && cluster.podsOf(at.service).some((pod) => set.has(pod))),
  );
}

const strictWithout: Check = {
  code: 'MP5203',
  title: 'Clients send plain text to pods that reject it',
  severity: 'error',
  explanation:
    'A DestinationRule turns TLS off for a service, and a PeerAuthentication of its pods is STRICT. The pods reset every call that uses the rule. On separate networks, calls to other clusters also fail for another reason.',
  remedy: useMutualTls,
  reference:
    'https://istio.io/latest/docs/ops/common-problems/network-issues/#503-errors-after-setting-destination-rule',
  needs: ['resources', 'pods', 'services', 'installs'],
  explains: { subject: ['MP4207'] },
  run: function* (view) {
    const services = meshServices(view);
    yield* separately(view.clusters, function* (cluster) {
      const modeAt = modesByPort(cluster);
      for (const rule of destinationRules(cluster)) {
        const off = rule.parts.filter(({ tls }) => tls === 'DISABLE');
        const covered = off.length > 0 ? services.filter(({ fqdn }) => covers(rule.host, fqdn)) : [];
        const refused = (part: PolicyPart) =>
          covered.filter((one) =>
            one.in.some(
              (at) =>
                at.cluster === cluster &&
                at.service.ports
                  .filter(({ port }) => holdsFor(rule, part, port))
                  .some((port) =>
                    cluster.podsOf(at.service).some((pod) => pod.sidecar && modeAt(pod, port) === 'STRICT'),
                  ),
            ),
          );
        const part = off.find((one) => refused(one).length > 0);
        if (!part) continue;
        yield {
          cluster: cluster.name,
          object: `DestinationRule ${keyOf(rule)}`,
          subject: keyOf(rule),
          evidence: [
            { what: `tls.mode of ${part.where}`, seen: 'DISABLE', expected: 'ISTIO_MUTUAL, or none' },
            { what: 'mtls.mode of the pods', seen: 'STRICT' },
          ],
          cause: `${keyOf(rule)} of ${cluster.name} sends plain text to ${firstFew(refused(part).map(({ key }) => key))}, whose pods accept only mutual TLS.`,
        };
      }
    });
  },
};

/** Whether the TLS of a part of a rule applies to a port: a setting of the port overrides it. */
const holdsFor = ({ parts }: DestinationRuleRecord, part: PolicyPart, port: number): boolean =>
  part.port === undefined
    ? !parts.some((other) => other.subset === part.subset && other.port === port && other.tls !== undefined)
    : part.port === port;

const selectsNothing: Check = {
  code: 'MP5204',
  title: 'A policy does not select a pod in any cluster',
  severity: 'info',
  explanation:
    'The selector of the policy does not match a pod in its namespace in any cluster. The workload may not be deployed yet. If a label was renamed, the policy does not protect anything.',
  remedy: 'kubectl --context <cluster> -n <namespace> get pods --show-labels',
  reference: 'https://istio.io/latest/docs/reference/config/type/workload-selector/',
  needs: ['resources', 'pods', 'installs'],
  isLeftover: true,
  run: perCluster(function* (cluster, view) {
    const policies = fromReadable(
      ['AuthorizationPolicy', 'PeerAuthentication', 'RequestAuthentication'],
      (kind) => cluster.resources(kind),
    );
    yield* separately(policies, function* ({ kind, namespace, name, spec }) {
      const selector = labels(table(spec['selector'])['matchLabels']);
      if (Object.keys(selector).length === 0) return;
      // In the root namespace, a selector holds for the pods of every namespace.
      if (namespace === cluster.rootNamespace) return;
      if (anyOf(view.clusterNames, (one) => view.answered(one).pods.matching(namespace, selector).length > 0))
        return;
      yield {
        object: `${kind} ${namespace}/${name}`,
        subject: `${namespace}/${name}`,
        evidence: [{ what: `pods with ${JSON.stringify(selector)}`, seen: 0, expected: 1 }],
        cause: `${kind} ${namespace}/${name} of ${cluster.name} does not select a pod in any cluster.`,
      };
    });
  }),
};

export const mutualTlsChecks = [policyWithout, crossNetworkWithout, strictWithout, selectsNothing];
