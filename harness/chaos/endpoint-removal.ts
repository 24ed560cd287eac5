import type { KubernetesObject } from '@kubernetes/client-node';
import { waitUntil } from '../base/wait-until.ts';
import { whileWaiting } from '../base/waiting.ts';
import type { MeshCluster, Pod } from '../mesh/attach.ts';
import { podsOf, type DeploymentRef } from './scale.ts';

interface EndpointSlice extends KubernetesObject {
  endpoints?: { addresses: string[]; conditions?: { ready?: boolean }; targetRef?: { name?: string } }[];
}

/** Pods by name that the EndpointSlices of a namespace send traffic to: what Kubernetes tells everyone who balances. */
export async function servedPods(cluster: MeshCluster, namespace: string): Promise<Set<string>> {
  const { items } = await whileWaiting(() =>
    cluster.api.objects.list('discovery.k8s.io/v1', 'EndpointSlice', namespace),
  );
  const endpoints = (items as EndpointSlice[]).flatMap(({ endpoints = [] }) => endpoints ?? []);
  const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false);
  return new Set(ready.flatMap(({ targetRef }) => (targetRef?.name === undefined ? [] : [targetRef.name])));
}

/** A pod as the journal and the proofs know it. */
export interface KnownPod {
  name: string;
  uid: string;
}

/**
 * Waits until the API server lists none of these pods but as leaving, and no EndpointSlice sends anyone to them. Without
 * `successors` there must be no other pod either.
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
  await waitUntil(isGone, `the end of pods ${gone.map(({ name }) => name).join(', ')} of ${where}`, withinMs);
  const now = left.length === 0 ? 'none' : left.map(({ name }) => name).join(', ');
  return `${where}: no EndpointSlice names ${gone.map(({ name }) => name).join(', ')} any more; its pods are ${now}`;
}

/** Waits until a Deployment's pods are all served again. @returns the evidence as a sentence. */
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
  await waitUntil(isServed, `every pod of ${where} to be served`, withinMs);
  return `${where}: ${pods.length} pods are ready and in the EndpointSlices`;
}
