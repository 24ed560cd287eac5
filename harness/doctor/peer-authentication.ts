import type { PodRecord, ResourceRecord, ServiceRecord } from '../snapshot/schema.ts';
import type { ClusterView } from './cluster-view.ts';
import { selects } from './pod-index.ts';
import { labels, table, text } from './spec-reader.ts';

/** A PeerAuthentication, as far as it can be read. UNSET modes are absent. */
export interface PeerPolicy {
  namespace: string;
  name: string;
  mode: string | undefined;
  selector: Record<string, string>;
  /** Modes by port of the pod. */
  ports: ReadonlyMap<number, string>;
}

/** The mode of a pod for a port, and the policy that decides it. */
export interface DecidedMode {
  mode: string;
  /** Absent: no policy decides it, so it is Istio's default. */
  by?: PeerPolicy;
  /** The port of the pod, if a mode by port decides it. */
  port?: number;
}

type Pod = Pick<PodRecord, 'namespace' | 'labels' | 'containers'>;

/** The mode of a pod of any cluster for a port of a Service; without a port, the mode of the whole pod. */
export type ModeOf = (pod: Pod, port?: ServiceRecord['ports'][number]) => DecidedMode;

const modeOf = (given: unknown): string | undefined => {
  const mode = text(table(given)['mode']);
  return mode === 'UNSET' ? undefined : mode;
};

const policyOf = ({ namespace, name, spec }: ResourceRecord): PeerPolicy => ({
  namespace,
  name,
  mode: modeOf(spec['mtls']),
  selector: labels(table(spec['selector'])['matchLabels']),
  ports: new Map(
    Object.entries(table(spec['portLevelMtls'])).flatMap(([port, given]) => {
      const mode = modeOf(given);
      return mode === undefined ? [] : [[Number(port), mode] as const];
    }),
  ),
});

/**
 * The modes that the PeerAuthentications of a cluster set, as Istio's ComposePeerAuthentication merges them: mesh, namespace, pod, port.
 * In each scope, only the oldest policy counts. In the root namespace, a policy with a selector does not apply. Throws NotRead.
 */
export function decidedModes(cluster: ClusterView): ModeOf {
  const root = cluster.rootNamespace;
  const policies = cluster
    .resources('PeerAuthentication')
    .toSorted((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt))
    .map(policyOf);
  const byNamespace = Map.groupBy(policies, ({ namespace }) => namespace);
  const wholeOf = (namespace: string) =>
    byNamespace.get(namespace)?.find(({ selector }) => Object.keys(selector).length === 0);
  return (pod, port) => {
    const own = pod.namespace === root ? [] : (byNamespace.get(pod.namespace) ?? []);
    const ofPod = own.find(
      ({ selector }) => Object.keys(selector).length > 0 && selects(selector, pod.labels),
    );
    const target = port && targetOf(pod, port);
    const atPort = target === undefined ? undefined : ofPod?.ports.get(target);
    // A policy by port cannot be judged for a port name that no container has.
    if (ofPod && ofPod.ports.size > 0 && port && target === undefined) return { mode: 'PERMISSIVE' };
    if (ofPod && target !== undefined && atPort !== undefined)
      return { mode: atPort, by: ofPod, port: target };
    const decider = [ofPod, wholeOf(pod.namespace), wholeOf(root)].find((one) => one?.mode !== undefined);
    return { mode: decider?.mode ?? 'PERMISSIVE', ...(decider ? { by: decider } : {}) };
  };
}

/** The mTLS mode of a pod for calls to a port of a Service. */
export type ModeAt = (pod: Pod, port: ServiceRecord['ports'][number]) => string;

/** The modes that a cluster's PeerAuthentications set by port. Throws NotRead. */
export function modesByPort(cluster: ClusterView): ModeAt {
  const decided = decidedModes(cluster);
  return (pod, port) => decided(pod, port).mode;
}

/** The port of a pod for a port of a Service; undefined if no container of the pod has a port with that name. */
const targetOf = (pod: Pod, { targetPort }: ServiceRecord['ports'][number]): number | undefined =>
  typeof targetPort === 'number'
    ? targetPort
    : pod.containers.flatMap(({ ports }) => ports).find(({ name }) => name === targetPort)?.port;
