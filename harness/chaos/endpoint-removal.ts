import type { KubernetesObject } from '@kubernetes/client-node';
import { waitUntil } from '../base/wait-until.ts';
import { whileWaiting } from '../base/waiting.ts';
import type { MeshCluster, Pod } from '../mesh/attach.ts';
import { podsOf, type DeploymentRef } from './scale.ts';

interface EndpointSlice extends KubernetesObject {
  endpoints?: { addresses: string[]; conditions?: { ready?: boolean }; targetRef?: { name?: string } }[];
}

/** The names of pods to which the EndpointSlices of a namespace route traffic. */
export async function servedPods(cluster: MeshCluster, namespace: string): Promise<Set<string>> {
  const { items } = await whileWaiting(() =>
    cluster.api.objects.list('discovery.k8s.io/v1', 'EndpointSlice', namespace),
  );
  const endpoints = (items as EndpointSlice[]).flatMap(({ endpoints = [] }) => endpoints ?? []);
  const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false);
  return new Set(ready.flatMap(({ targetRef }) => (targetRef?.name === undefined ? [] : [targetRef.name])));
}

/** A pod as the journal and the proofs identify it. */
export interface KnownPod {
  name: string;
  uid: string;
}

/**
 * Waits until the API server does not list these pods, except as terminating, and no EndpointSlice routes to them. If
 * `successors` is false, other pods must not exist either.
 *
 * @returns the evidence as a sentence.
 */
export async function proveGone(
  cluster: MeshCluster,
  deployment: DeploymentRef,
  gone: readonly KnownPod[],
  { withinMs, successors }: { withinMs: number; successors: boolean },
): Promise<string> {
  const where = `${deployment.namespace}/${deployment.name} in ${cluster.name}`;
  const uids = new Set(gone.map(({ uid }) => uid));
  let left: Pod[] = [];
  const isGone = async () => {
    left = await podsOf(cluster, deployment);
    if (left.some(({ uid }) => !successors || uids.has(uid))) return false;
    const served = await servedPods(cluster, deployment.namespace);
    return gone.every(({ name }) => !served.has(name));
  };
  await waitUntil(
    isGone,
    `the removal of pods ${gone.map(({ name }) => name).join(', ')} of ${where}`,
    withinMs,
  );
  const now = left.length === 0 ? 'none' : left.map(({ name }) => name).join(', ');
  return `${where}: EndpointSlices no longer name ${gone.map(({ name }) => name).join(', ')}; its pods are ${now}`;
}

/** Waits until all pods of a Deployment are ready and in the EndpointSlices. @returns the evidence as a sentence. */
export async function proveServed(
  cluster: MeshCluster,
  deployment: DeploymentRef,
  withinMs: number,
): Promise<string> {
  const where = `${deployment.namespace}/${deployment.name} in ${cluster.name}`;
  let pods: Pod[] = [];
  const isServed = async () => {
    pods = await podsOf(cluster, deployment);
    const served = await servedPods(cluster, deployment.namespace);
    return pods.length > 0 && pods.every(({ name, ready }) => ready && served.has(name));
  };
  await waitUntil(isServed, `all pods of ${where} to be in the EndpointSlices`, withinMs);
  return `${where}: ${pods.length} pods are ready and in the EndpointSlices`;
}
