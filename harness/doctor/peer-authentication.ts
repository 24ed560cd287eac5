import type { PodRecord, ServiceRecord } from '../snapshot/schema.ts';
import type { ClusterView } from './cluster-view.ts';
import { labels, table, text } from './spec-reader.ts';

export interface PeerMode {
  namespace: string;
  name: string;
  mode: string;
  /** The pods whose mode it decides; a narrower policy overrides a wider one. */
  pods: readonly PodRecord[];
}

/** The mode of each pod with a sidecar: by its own policy, the policy of its namespace, or the policy of the mesh. Throws NotRead. */
export function modesOf(cluster: ClusterView): PeerMode[] {
  const policies = cluster.resources('PeerAuthentication').map(({ namespace, name, spec }) => ({
    namespace,
    name,
    mode: text(table(spec['mtls'])['mode']) ?? 'UNSET',
    selector: labels(table(spec['selector'])['matchLabels']),
  }));
  const rank = (one: (typeof policies)[number]) =>
    Object.keys(one.selector).length > 0 ? 0 : one.namespace === cluster.rootNamespace ? 2 : 1;
  const decided = new Set<PodRecord>();
  return policies
    .filter(({ mode }) => mode !== 'UNSET')
    .toSorted((a, b) => rank(a) - rank(b))
    .map((policy) => {
      const own =
        rank(policy) === 2 ? cluster.whole('pods') : cluster.pods.matching(policy.namespace, policy.selector);
      const pods = own.filter((pod) => pod.sidecar && !decided.has(pod));
      for (const pod of pods) decided.add(pod);
      return { ...policy, pods };
    });
}

/** The mTLS mode of a pod for calls to a port of a Service. */
export type ModeAt = (pod: PodRecord, port: ServiceRecord['ports'][number]) => string;

/** The modes of a cluster's PeerAuthentications by port: the policy of a pod may set another mode for a port. Throws NotRead. */
export function modesByPort(cluster: ClusterView): ModeAt {
  const modes = new Map(modesOf(cluster).flatMap(({ mode, pods }) => pods.map((pod) => [pod, mode])));
  const own = cluster.resources('PeerAuthentication').flatMap(({ namespace, spec }) => {
    const selector = labels(table(spec['selector'])['matchLabels']);
    const ports = Object.entries(table(spec['portLevelMtls'])).flatMap(([port, given]) => {
      const mode = text(table(given)['mode']) ?? 'UNSET';
      return mode === 'UNSET' ? [] : [[Number(port), mode] as const];
    });
    const pods = Object.keys(selector).length > 0 ? cluster.pods.matching(namespace, selector) : [];
    return ports.length === 0 ? [] : pods.map((pod) => [pod, new Map(ports)] as const);
  });
  const byPort = new Map(own);
  return (pod, port) => {
    const ports = byPort.get(pod);
    const target = targetOf(pod, port);
    const whole = modes.get(pod) ?? 'PERMISSIVE';
    if (!ports) return whole;
    return target === undefined ? 'PERMISSIVE' : (ports.get(target) ?? whole);
  };
}

/** The port of a pod for a port of a Service; undefined if no container of the pod has a port with that name. */
const targetOf = (pod: PodRecord, { targetPort }: ServiceRecord['ports'][number]): number | undefined =>
  typeof targetPort === 'number'
    ? targetPort
    : pod.containers.flatMap(({ ports }) => ports).find(({ name }) => name === targetPort)?.port;
