import { setTimeout as delay } from 'node:timers/promises';
import type { KubernetesObject, V1Deployment, V1Pod } from '@kubernetes/client-node';
import { timeouts } from '../base/timeouts.ts';
import { whileWaiting } from '../base/waiting.ts';
import { managedBy, plainProbe } from '../config/workload-names.ts';
import { serverSaid } from '../kube/server-said.ts';
import type { MeshCluster, Pod } from '../mesh/attach.ts';
import { isRolledOut } from './apply.ts';

/** Options of {@link awaitRollout}. */
export interface RolloutOptions {
  /** Hears what is still missing, whenever that changes. */
  onProgress?: (line: string) => void;
  /** Ends the wait with its reason. */
  signal?: AbortSignal;
}

/** States that every pod passes through on its way. */
const passing = new Set(['ContainerCreating', 'PodInitializing']);

/** What keeps Deployments from having all their pods, a line each, with what Kubernetes says of it; empty when they do. */
export function rolloutProblems(
  names: readonly string[],
  deployments: readonly V1Deployment[],
  pods: readonly V1Pod[],
): string[] {
  return names.flatMap((name) => {
    const deployment = deployments.find(({ metadata }) => metadata?.name === name);
    if (!deployment) return [`${name} is not there`];
    if (isRolledOut(deployment)) return [];
    const { spec, status } = deployment;
    const refused = (status?.conditions ?? [])
      .filter((one) => one.type === 'ReplicaFailure' && one.status === 'True')
      .map(({ message }) => message ?? 'no pod can be made');
    const troubled = pods.filter(({ metadata }) => metadata?.labels?.['app'] === name).flatMap(podTrouble);
    const why = [...refused, ...troubled].join('; ');
    return [
      `${name} has ${status?.availableReplicas ?? 0} of ${spec?.replicas ?? 1} pods ready${why && `: ${why}`}`,
    ];
  });
}

/** What Kubernetes says about a pod that does not start, each once. */
function podTrouble({ metadata, status }: V1Pod): string[] {
  const unscheduled = (status?.conditions ?? [])
    .filter((one) => one.type === 'PodScheduled' && one.status === 'False')
    .map(({ reason, message }) => `${reason}: ${message}`);
  const waiting = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].flatMap(
    ({ name, state }) => {
      const { reason, message } = state?.waiting ?? {};
      if (reason === undefined || passing.has(reason)) return [];
      return [`container ${name}: ${reason}${message === undefined ? '' : `: ${message}`}`];
    },
  );
  return [...unscheduled, ...waiting].map((words) => `${metadata?.name}: ${words}`);
}

/** Pods of meshproof that should have a sidecar and do not have one. */
export const withoutSidecar = (pods: readonly Pod[]): Pod[] =>
  pods.filter(({ sidecar, object }) => !sidecar && object.metadata?.labels?.['app'] !== plainProbe);

/**
 * Waits until every Deployment among the objects has all its pods ready, for as long as pulling their image may take.
 *
 * @throws Error when that is not so in time: each line names what is missing, with what Kubernetes says of it.
 */
export async function awaitRollout(
  cluster: MeshCluster,
  objects: readonly KubernetesObject[],
  options: RolloutOptions = {},
): Promise<void> {
  const names = objects.flatMap(({ kind, metadata }) =>
    kind === 'Deployment' ? [metadata?.name ?? ''] : [],
  );
  const deadlineMs = performance.now() + timeouts.deployMs;
  let reported = '';
  await whileWaiting(async () => {
    for (;;) {
      options.signal?.throwIfAborted();
      const problems = await readProblems(cluster, names).catch((error: unknown) => [serverSaid(error)]);
      const [first] = problems;
      if (first === undefined) return;
      if (first !== reported) options.onProgress?.((reported = first));
      if (performance.now() > deadlineMs) throw notRolledOut(cluster, problems);
      await delay(timeouts.pollMs);
    }
  });
}

async function readProblems(cluster: MeshCluster, names: readonly string[]): Promise<string[]> {
  const { namespace } = cluster;
  const { items } = await cluster.api.apps.listNamespacedDeployment({ namespace });
  if (rolloutProblems(names, items, []).length === 0) return [];
  const pods = await cluster.findPods({ labels: managedBy });
  return rolloutProblems(
    names,
    items,
    pods.map(({ object }) => object),
  );
}

const notRolledOut = ({ name, namespace, file }: MeshCluster, problems: readonly string[]): Error =>
  new Error(
    `Cluster ${name} (context ${file.context}) has not started all pods of namespace ${namespace} within ` +
      `${timeouts.deployMs / 1000} s:\n${problems.map((problem) => `  - ${problem}`).join('\n')}\n` +
      `\`kubectl --context ${file.context} -n ${namespace} describe pods\` shows more.`,
  );
