import type { PodRecord } from '../../snapshot/schema.ts';
import { authorizations, protects } from '../authorization.ts';
import type { Check } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import {
  covers,
  destinationRules,
  type DestinationRuleRecord,
  type PolicyPart,
} from '../destination-rules.ts';
import { areApart } from '../facts/networks.ts';
import { isApplied } from '../facts/rule-callers.ts';
import { firstFew } from '../format-values.ts';
import { callsThrough } from '../gateways.ts';
import { meshServices, type MeshService } from '../mesh-services.ts';
import type { MeshView } from '../mesh-view.ts';
import {
  decidedModes,
  modesByPort,
  type DecidedMode,
  type ModeOf,
  type PeerPolicy,
} from '../peer-authentication.ts';
import { keptByCluster, perCluster } from '../per-cluster.ts';
import { useMutualTls } from '../remedies.ts';
import { labels, table } from '../spec-reader.ts';
import { anyOf, fromReadable, separately } from '../unread.ts';

const on =
  'kubectl --context <cluster> -n <namespace> patch peerauthentication <name> --type=merge -p \'{"spec":{"mtls":{"mode":"PERMISSIVE"}}}\'';
const reference = 'https://istio.io/latest/docs/reference/config/security/peer_authentication/';

/** The pods whose mutual TLS a PeerAuthentication turns off: for all ports, or for some. */
interface TurnedOff {
  policy: PeerPolicy;
  pods: Set<PodRecord>;
  /** Services, `namespace/name`. */
  services: Set<string>;
  /** Ports of the pods; empty if the policy turns it off for all. */
  ports: Set<number>;
}

/** Whether a cluster has a PeerAuthentication that turns mutual TLS off for anything. Throws NotRead. */
const turnsOff = (cluster: ClusterView): boolean =>
  cluster
    .resources('PeerAuthentication')
    .some(({ spec }) =>
      [spec['mtls'], ...Object.values(table(spec['portLevelMtls']))].some(
        (one) => table(one)['mode'] === 'DISABLE',
      ),
    );

function note(
  off: Map<PeerPolicy, TurnedOff>,
  { by, port }: DecidedMode,
  pod: PodRecord,
  service?: string,
): void {
  if (!by) return;
  let one = off.get(by);
  if (!one) off.set(by, (one = { policy: by, pods: new Set(), services: new Set(), ports: new Set() }));
  one.pods.add(pod);
  if (service !== undefined) one.services.add(service);
  if (port !== undefined) one.ports.add(port);
}

/** The field of a PeerAuthentication that decides, for evidence. */
const fieldOf = ({ ports }: TurnedOff): string =>
  ports.size === 0 ? 'mtls.mode' : `portLevelMtls of port ${firstFew([...ports].map(String))}`;

/** A command that turns mutual TLS on again where a policy turns it off. */
function turnOn({ ports }: TurnedOff): string {
  const on = { mode: 'PERMISSIVE' };
  const spec =
    ports.size === 0
      ? { mtls: on }
      : { portLevelMtls: Object.fromEntries([...ports].map((port) => [port, on])) };
  return `kubectl --context <cluster> -n <namespace> patch peerauthentication <name> --type=merge -p '${JSON.stringify({ spec })}'`;
}

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
    if (!turnsOff(cluster)) return;
    const modeOf = decidedModes(cluster);
    const policies = authorizations(cluster).filter(({ needsIdentity }) => needsIdentity);
    const off = new Map<PeerPolicy, TurnedOff>();
    for (const pod of policies.length > 0 ? cluster.whole('pods') : []) {
      const decided = modeOf(pod);
      if (pod.sidecar && decided.mode === 'DISABLE') note(off, decided, pod);
    }
    for (const one of off.values()) {
      const affected = policies.filter((policy) =>
        [...one.pods].some((pod) => protects(cluster, policy, pod)),
      );
      const first = affected[0];
      if (!first) continue;
      yield {
        object: `PeerAuthentication ${keyOf(one.policy)}`,
        subject: keyOf(one.policy),
        evidence: [
          { what: 'mtls.mode', seen: 'DISABLE', expected: 'PERMISSIVE or STRICT' },
          {
            what: 'policies by identity for the same pods',
            seen: firstFew(affected.map(keyOf)),
            expected: 'none',
          },
        ],
        cause: `${keyOf(one.policy)} turns mutual TLS off for ${one.pods.size} pods of ${cluster.name}, but ${firstFew(affected.map(keyOf))} (${first.action}) judges callers by their identity.`,
      };
    }
  }),
};

const crossNetworkWithout: Check = {
  code: 'MP5202',
  title: 'Mutual TLS is off for pods that other networks call',
  severity: 'error',
  explanation:
    'Calls from another network come through an east-west gateway, which routes by the TLS handshake. With mutual TLS off for a workload or one of its ports, istiod does not send its endpoints to clients on other networks. The istiod of the callers reads the PeerAuthentications of its own cluster, and the pods obey those of their cluster: either turns the calls off. If other ports of the service can be called, the finding is a warning.',
  remedy: on,
  reference,
  needs: ['resources', 'pods', 'services', 'installs'],
  explains: { subject: ['MP5101'], 'cluster and subject': ['MP3602'], 'target and subject': ['MP3402'] },
  run: perCluster(function* (cluster, view) {
    if (!view.multiNetwork || !turnsOff(cluster)) return;
    const off = new Map<PeerPolicy, TurnedOff>();
    const whole = new Set<string>();
    const modesIn = keptByCluster(decidedModes);
    for (const service of meshServices(view)) {
      const closed = closedPorts(view, cluster, service, modesIn);
      for (const { decided, pod } of closed) note(off, decided, pod, service.key);
      const ports = new Set(closed.map(({ port }) => port));
      if (service.in.some((one) => one.service.ports.length <= ports.size)) whole.add(service.key);
    }
    for (const one of off.values())
      yield {
        ...([...one.services].some((key) => whole.has(key)) ? {} : { severity: 'warning' as const }),
        object: `PeerAuthentication ${keyOf(one.policy)}`,
        subject: keyOf(one.policy),
        covers: [...one.services].flatMap((key) => [key, callsThrough('*', key)]),
        evidence: [
          { what: fieldOf(one), seen: 'DISABLE', expected: 'PERMISSIVE or STRICT' },
          { what: 'services that other networks call', seen: one.services.size, expected: 0 },
        ],
        cause: `${keyOf(one.policy)} of ${cluster.name} turns mutual TLS off for ${firstFew([...one.services])}${one.ports.size === 0 ? '' : ` (port ${firstFew([...one.ports].map(String))})`}, which other networks can then not call.`,
        remedy: turnOn(one),
      };
  }),
};

interface ClosedPort {
  pod: PodRecord;
  port: number;
  decided: DecidedMode;
}

/**
 * The ports of a service that the policies of a cluster close for calls between networks: ports of its own pods, and, for its own callers,
 * ports of pods elsewhere that the policies there leave open. A port to which callers send plain text on purpose is left out. Throws NotRead.
 */
function closedPorts(
  view: MeshView,
  cluster: ClusterView,
  service: MeshService,
  modesIn: (cluster: ClusterView) => ModeOf,
): ClosedPort[] {
  const modeOf = modesIn(cluster);
  const closed: ClosedPort[] = [];
  for (const { cluster: at, service: record } of service.in) {
    const isOwn = at === cluster;
    const callers = service.in.filter(
      (one) => (isOwn || one.cluster === cluster) && areApart(view, at, one.cluster),
    );
    if (!service.meshed.includes(at) || callers.length === 0) continue;
    const ofServer = isOwn ? undefined : modesIn(at);
    for (const pod of at.podsOf(record).filter(({ sidecar }) => sidecar))
      for (const port of record.ports) {
        const decided = modeOf(pod, port);
        if (decided.mode !== 'DISABLE' || ofServer?.(pod, port).mode === 'DISABLE') continue;
        if (callers.every((one) => isPlain(view, one.cluster, service, port.port))) continue;
        closed.push({ pod, port: port.port, decided });
      }
  }
  return closed;
}

/** Whether a rule of a cluster sends plain text to one port of a service. Throws NotRead. */
const isPlain = (view: MeshView, cluster: ClusterView, { fqdn }: MeshService, wanted: number): boolean =>
  destinationRules(view, cluster).some(
    ({ host, parts }) =>
      covers(host, fqdn) &&
      parts.some(({ subset, port, tls }) => subset === undefined && port === wanted && tls === 'DISABLE'),
  );

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
      const rules = destinationRules(view, cluster);
      for (const rule of rules) {
        const off = rule.parts.filter(({ tls }) => tls === 'DISABLE');
        const covered =
          off.length > 0
            ? services.filter((one) => covers(rule.host, one.fqdn) && isApplied(cluster, rules, rule, one))
            : [];
        const refused = (part: PolicyPart) =>
          covered.filter((one) => isRefused(view, cluster, one, (port) => holdsFor(rule, part, port)));
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

/** Whether pods of a service that callers of a cluster reach without a gateway accept only mutual TLS at one of the ports. */
const isRefused = (
  view: MeshView,
  cluster: ClusterView,
  { in: all }: MeshService,
  isPort: (port: number) => boolean,
): boolean =>
  all.some(({ cluster: at, service }) => {
    if (areApart(view, cluster, at)) return false;
    const modeAt = modesByPort(at);
    return service.ports
      .filter(({ port }) => isPort(port))
      .some((port) => at.podsOf(service).some((pod) => pod.sidecar && modeAt(pod, port) === 'STRICT'));
  });

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
