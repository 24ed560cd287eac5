import { once } from '../base/once.ts';
import { settleAll } from '../base/settle-all.ts';
import { timeouts } from '../base/timeouts.ts';
import { waitUntil } from '../base/wait-until.ts';
import { whileWaiting } from '../base/waiting.ts';
import { mark } from '../kube/cluster-api.ts';
import { type MeshCluster, type Pod, selectorOf } from '../mesh/attach.ts';
import { clusterIdentity, isSigned, signatureAnnotation, signed } from '../mesh/mark-signature.ts';
import { awaitDeployment } from '../workloads/apply.ts';
import { ChangedSince } from './heal/changed-since.ts';

/** A Deployment, by name. */
export interface DeploymentRef {
  namespace: string;
  name: string;
}

/** A Deployment with another number of pods. `restore()`, or the end of an `await using`, restores the number. */
export interface Scaled extends AsyncDisposable {
  deployment: DeploymentRef;
  /** Its number of pods before. */
  before: number;
  /** Restores the number of pods and waits until they are ready. A second call does nothing. */
  restore(): Promise<void>;
}

/**
 * Gives a Deployment another number of pods and does not wait for them. It writes the number only, through the
 * `scale` subresource: other fields keep their owners.
 *
 * @throws Error that names the cluster and the Deployment when the API server refuses.
 */
export async function scale(cluster: MeshCluster, deployment: DeploymentRef, pods: number): Promise<Scaled> {
  await note(cluster, deployment, pods);
  const before = await setReplicas(cluster, deployment, pods);
  const restore = once(() => restoreReplicas(cluster, deployment, before));
  return { deployment, before, restore, [Symbol.asyncDispose]: restore };
}

/** As {@link scale}, and waits until all pods are ready. If that fails, the number is restored. */
export async function resize(cluster: MeshCluster, deployment: DeploymentRef, pods: number): Promise<Scaled> {
  const scaled = await scale(cluster, deployment, pods);
  try {
    await awaitPods(cluster, deployment);
  } catch (error) {
    await scaled.restore();
    throw error;
  }
  return scaled;
}

/** Waits until a Deployment has all its pods. Throws an error that names the Deployment if that takes too long. */
export async function awaitPods(cluster: MeshCluster, { namespace, name }: DeploymentRef): Promise<void> {
  await whileWaiting(() => awaitDeployment(cluster, { metadata: { name, namespace } }));
}

/**
 * Waits until a Deployment has all its pods, without the pods that were deleted. The status of the Deployment counts
 * deleted pods until its controller has noticed.
 */
export async function awaitSuccessors(
  cluster: MeshCluster,
  deployment: DeploymentRef,
  ended: readonly { uid: string }[],
): Promise<void> {
  const uids = new Set(ended.map(({ uid }) => uid));
  const wanted = await replicasNow(cluster, deployment);
  const haveFollowed = async () => {
    const ready = (await podsOf(cluster, deployment)).filter((pod) => pod.ready && !uids.has(pod.uid));
    return ready.length >= wanted;
  };
  const { namespace, name } = deployment;
  const what = `the pods of ${namespace}/${name} in ${cluster.name} that replace the deleted pods`;
  await waitUntil(haveFollowed, what, timeouts.podReadyMs);
}

/**
 * Deletes pods side by side without a grace period: the API server forgets them before their processes end. `options`
 * can give another grace period; without a value it is the one of the pod.
 *
 * @throws Error that names the cluster and the pod.
 */
export async function killPods(
  cluster: MeshCluster,
  pods: readonly Pick<Pod, 'namespace' | 'name'>[],
  options: { gracePeriodSeconds?: number } = { gracePeriodSeconds: 0 },
): Promise<void> {
  await whileWaiting(() =>
    settleAll(
      pods.map(async ({ namespace, name }) => {
        try {
          await cluster.api.core.deleteNamespacedPod({ namespace, name, ...options });
        } catch (error) {
          if ((error as { code?: unknown }).code === 404) return;
          throw new Error(`Cluster ${cluster.name} did not delete pod ${namespace}/${name}.`, {
            cause: error,
          });
        }
      }),
    ),
  );
}

/**
 * Kills all pods of a Deployment and scales it to zero, until `restore()`. Resolves when the API server lists no pod.
 */
export async function endPods(cluster: MeshCluster, deployment: DeploymentRef): Promise<Scaled> {
  // The identity signs the note. Reading it first takes no time between the two requests that follow.
  await clusterIdentity(cluster);
  const pods = await podsOf(cluster, deployment);
  // Pods that only leave take their time and remove their endpoints first. So they are killed while the number is
  // set.
  const [scaling, killing] = await Promise.allSettled([
    scale(cluster, deployment, 0),
    killPods(cluster, pods),
  ]);
  if (scaling.status === 'rejected') throw scaling.reason;
  try {
    if (killing.status === 'rejected') throw killing.reason;
    await killSuccessors(cluster, deployment);
    return scaling.value;
  } catch (error) {
    await scaling.value.restore();
    throw error;
  }
}

/**
 * A controller can create another pod before it sees the new number. That pod starts while it terminates, and gets
 * requests: if a Service does not have a ready pod, kube-proxy uses terminating pods
 * (https://kubernetes.io/docs/reference/networking/virtual-ips/#external-traffic-policy, terminating endpoints).
 */
async function killSuccessors(cluster: MeshCluster, deployment: DeploymentRef): Promise<void> {
  const { namespace, name } = deployment;
  const labelSelector = selectorOf(await podLabelsOf(cluster, deployment));
  const isEmpty = async () => {
    const { items } = await cluster.api.core.listNamespacedPod({ namespace, labelSelector });
    await killPods(
      cluster,
      items.map(({ metadata }) => ({ namespace, name: metadata?.name ?? '' })),
    );
    const { status } = await cluster.api.apps.readNamespacedDeployment(deployment);
    return items.length === 0 && (status?.replicas ?? 0) === 0;
  };
  await waitUntil(isEmpty, `no pod of ${namespace}/${name} in ${cluster.name}`, timeouts.endpointMs);
}

/** The pods of a Deployment, by its own selector. */
export const podsOf = async (cluster: MeshCluster, deployment: DeploymentRef): Promise<Pod[]> =>
  cluster.findPods({ namespace: deployment.namespace, labels: await podLabelsOf(cluster, deployment) });

/** Without labels, a list of pods has all pods of the namespace: a fault would delete the pods of other Deployments. */
async function podLabelsOf(cluster: MeshCluster, deployment: DeploymentRef): Promise<Record<string, string>> {
  const { spec } = await whileWaiting(() => cluster.api.apps.readNamespacedDeployment(deployment));
  const { matchLabels = {}, matchExpressions = [] } = spec?.selector ?? {};
  if (Object.keys(matchLabels).length > 0 && matchExpressions.length === 0) return matchLabels;
  throw new Error(
    `Deployment ${deployment.namespace}/${deployment.name} of cluster ${cluster.name} cannot be disturbed: ` +
      'it does not select its pods by labels alone. Give it a selector with matchLabels only.',
  );
}

/** The number of pods of a Deployment before a fault. `heal` restores it after the process was killed. */
export const beforeAnnotation = 'meshproof.dev/replicas-before';

/** The numbers that faults of meshproof set, or were about to set. Somebody else set any other number. */
export const setAnnotation = 'meshproof.dev/replicas-set';

async function note(cluster: MeshCluster, deployment: DeploymentRef, pods: number): Promise<void> {
  const { noted, now, given, isForeign } = await readReplicas(cluster, deployment);
  if (isForeign)
    throw new Error(
      `Deployment ${deployment.namespace}/${deployment.name} of ${cluster.name} has an annotation ${beforeAnnotation} that this machine ` +
        'did not write. Run `meshproof heal`: it shows the annotation and how to remove it.',
    );
  // The note of an outer fault stays: its number is the first.
  const notes = { before: String(noted ?? now), set: [...given, pods].join(' ') };
  await annotate(cluster, deployment, {
    ...{ [beforeAnnotation]: notes.before, [setAnnotation]: notes.set },
    ...(await signed(cluster, 'replicas', deploymentHeader(deployment), [notes.before, notes.set])),
  });
}

/** A Deployment as marks are signed for it. */
export const deploymentHeader = (deployment: DeploymentRef) => ({
  ...{ apiVersion: 'apps/v1', kind: 'Deployment' },
  ...deployment,
});

/** The notes on a Deployment. Numbers of pods have at most four digits. */
export interface ReplicasNote {
  before: number;
  given: number[];
}

/** Reads the notes on a Deployment; undefined when they are not numbers of pods. */
export function parseReplicas(annotations: Readonly<Record<string, string>>): ReplicasNote | undefined {
  const { [beforeAnnotation]: before = '', [setAnnotation]: given = '' } = annotations;
  if (!/^\d{1,4}$/.test(before) || !/^(\d{1,4}( |$))*$/.test(given)) return undefined;
  return { before: Number(before), given: given.split(' ').filter(Boolean).map(Number) };
}

/** Whether this machine wrote the notes on a Deployment. */
export const areReplicasSigned = (
  cluster: MeshCluster,
  deployment: DeploymentRef,
  annotations: Readonly<Record<string, string>>,
): Promise<boolean> =>
  isSigned(annotations, cluster, 'replicas', deploymentHeader(deployment), [
    annotations[beforeAnnotation],
    annotations[setAnnotation],
  ]);

interface Replicas {
  /** The number of pods that it asks for. */
  now: number;
  /** The number before the first change of this machine. */
  noted: number | undefined;
  /** The numbers that changes of this machine set. */
  given: number[];
  /** Another machine or a person wrote the notes, so they are ignored. */
  isForeign: boolean;
}

async function readReplicas(cluster: MeshCluster, deployment: DeploymentRef): Promise<Replicas> {
  const { metadata, spec } = await whileWaiting(() => cluster.api.apps.readNamespacedDeployment(deployment));
  const { annotations = {} } = metadata ?? {};
  const now = spec?.replicas ?? 1;
  const isMarked = annotations[beforeAnnotation] !== undefined;
  const isOwn = isMarked && (await areReplicasSigned(cluster, deployment, annotations));
  const note = isOwn ? parseReplicas(annotations) : undefined;
  return { now, noted: note?.before, given: note?.given ?? [], isForeign: isMarked && !isOwn };
}

/** The number of pods that a Deployment asks for now: a fault within another fault restores this number. */
export const replicasNow = async (cluster: MeshCluster, deployment: DeploymentRef): Promise<number> =>
  (await readReplicas(cluster, deployment)).now;

const annotate = (
  cluster: MeshCluster,
  deployment: DeploymentRef,
  annotations: Record<string, string | null>,
): Promise<void> => mark(cluster.api, deploymentHeader(deployment), { annotations });

/**
 * As {@link restoreReplicas}, for a fault that removed all pods, possibly in a process that has ended.
 *
 * @param known the numbers that a fault set, if the notes of this machine do not give them.
 * @throws ChangedSince if somebody has set another number since: then the number stays.
 */
export async function healReplicas(
  cluster: MeshCluster,
  deployment: DeploymentRef,
  pods: number,
  known?: readonly number[],
): Promise<void> {
  const { now, noted, given } = await readReplicas(cluster, deployment);
  if ([pods, ...(known ?? given)].includes(now) || (noted === undefined && now === 0))
    return restoreReplicas(cluster, deployment, pods);
  // Without the note, somebody has decided on the number.
  if (noted === undefined && known === undefined) return awaitPods(cluster, deployment);
  throw new ChangedSince(
    `The number of pods (${now}) of Deployment ${deployment.namespace}/${deployment.name} of ${cluster.name}`,
    `the annotations ${beforeAnnotation} and ${setAnnotation} there`,
  );
}

/**
 * Sets the number of pods of a Deployment, waits until they are ready, and removes the note unless an outer fault
 * needs it.
 */
export async function restoreReplicas(
  cluster: MeshCluster,
  deployment: DeploymentRef,
  pods: number,
): Promise<void> {
  const { namespace, name } = deployment;
  // A busy API server must not keep a fault from being healed.
  const what = `deployment ${namespace}/${name} of cluster ${cluster.name} to be scaled to ${pods}`;
  await waitUntil(() => setReplicas(cluster, deployment, pods).then(() => true), what, timeouts.apiMs);
  await awaitPods(cluster, deployment);
  const { noted } = await readReplicas(cluster, deployment);
  if (noted === undefined || noted === pods) await removeNote(cluster, deployment);
}

const removeNote = (cluster: MeshCluster, deployment: DeploymentRef): Promise<void> =>
  annotate(cluster, deployment, {
    ...{ [beforeAnnotation]: null, [setAnnotation]: null, [signatureAnnotation('replicas')]: null },
  });

/** Sets the number of pods. Returns the number before. */
async function setReplicas(
  cluster: MeshCluster,
  deployment: DeploymentRef,
  replicas: number,
): Promise<number> {
  try {
    return await whileWaiting(async () => {
      const scaled = await cluster.api.apps.readNamespacedDeploymentScale(deployment);
      const before = scaled.spec?.replicas ?? 0;
      // Without a resource version: the controller writes to the Deployment all the time.
      const body = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: deployment, spec: { replicas } };
      await cluster.api.apps.replaceNamespacedDeploymentScale({ ...deployment, body });
      return before;
    });
  } catch (error) {
    const { namespace, name } = deployment;
    throw new Error(`Cluster ${cluster.name} did not scale Deployment ${namespace}/${name} to ${replicas}.`, {
      cause: error,
    });
  }
}
