import { ApiException, type V1Namespace } from '#kubernetes-client';
import { timeouts } from '../base/timeouts.ts';
import { waitUntil } from '../base/wait-until.ts';
import { managedBy } from '../config/workload-names.ts';
import { deleteIfThere } from '../kube/cluster-api.ts';
import { adviceOn, serverSaid } from '../kube/server-said.ts';
import type { MeshCluster } from '../mesh/attach.ts';
import { NotOurs } from '../mesh/foreign.ts';

export { NotOurs } from '../mesh/foreign.ts';

/** The state of meshproof's namespace in a cluster; `leaving` means that it is being deleted. */
export type Standing = 'absent' | 'ours' | 'leaving' | 'foreign';

const [ownLabel, ownValue] = Object.entries(managedBy)[0] as [string, string];
const mark = `${ownLabel}=${ownValue}`;

/** The owner of a namespace, by meshproof's label only. */
export function standingOf(namespace: V1Namespace | undefined): Standing {
  if (!namespace) return 'absent';
  if (namespace.metadata?.labels?.[ownLabel] !== ownValue) return 'foreign';
  return namespace.metadata.deletionTimestamp === undefined ? 'ours' : 'leaving';
}

/**
 * Looks at meshproof's namespace of a cluster, to put something into it or to remove it.
 *
 * @throws NotOurs when it does not carry our label; Error when the cluster does not let it be read, naming both.
 */
export async function lookAtNamespace(cluster: MeshCluster): Promise<Exclude<Standing, 'foreign'>> {
  const standing = standingOf(await readNamespace(cluster));
  if (standing === 'foreign') throw notOurs(cluster);
  return standing;
}

/**
 * Deletes meshproof's namespace of a cluster, with all that is in it, and waits until it is gone.
 *
 * @returns whether there was one.
 * @throws as {@link lookAtNamespace} does; Error when it is not gone in time, with what Kubernetes says is left.
 */
export async function removeNamespace(cluster: MeshCluster): Promise<boolean> {
  const name = cluster.namespace;
  const namespace = await readNamespace(cluster);
  const standing = standingOf(namespace);
  if (standing === 'foreign') throw notOurs(cluster);
  const uid = namespace?.metadata?.uid;
  if (uid === undefined) return false;
  if (standing === 'ours')
    await asking(cluster, 'be deleted', () =>
      // Only the one that was looked at: its name may be someone else's a moment later.
      deleteIfThere(() => cluster.api.core.deleteNamespace({ name, body: { preconditions: { uid } } })),
    );
  await awaitGone(cluster, uid);
  return true;
}

/** What Kubernetes says is left of a namespace that is being deleted; empty when it says nothing. */
export function leftIn({ status }: V1Namespace): string {
  return (status?.conditions ?? [])
    .filter((one) => one.status === 'True' && one.message !== undefined)
    .map((one) => one.message)
    .join('; ');
}

async function awaitGone(cluster: MeshCluster, uid: string): Promise<void> {
  let seen: V1Namespace | undefined;
  const gone = async () => (seen = await readNamespace(cluster))?.metadata?.uid !== uid;
  const what = `namespace ${cluster.namespace} of cluster ${cluster.name} to be gone`;
  try {
    await waitUntil(gone, what, timeouts.namespaceGoneMs);
  } catch (error) {
    const left = (seen && leftIn(seen)) || 'it does not say what is left in it';
    throw new Error(
      `Cluster ${cluster.name} (context ${cluster.file.context}) is still deleting namespace ${cluster.namespace} after ` +
        `${timeouts.namespaceGoneMs / 1000} s: ${left}. It goes on by itself; \`meshproof undeploy\` waits once more.`,
      { cause: error },
    );
  }
}

async function readNamespace(cluster: MeshCluster): Promise<V1Namespace | undefined> {
  return asking(cluster, 'be read', async () => {
    try {
      return await cluster.api.core.readNamespace({ name: cluster.namespace });
    } catch (error) {
      if (error instanceof ApiException && error.code === 404) return undefined;
      throw error;
    }
  });
}

async function asking<T>(cluster: MeshCluster, what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw new Error(
      `Cluster ${cluster.name} (context ${cluster.file.context}) did not let namespace ${cluster.namespace} ${what}: ` +
        `${serverSaid(error)}. ${adviceOn(error, cluster.file)}`.trim(),
      { cause: error },
    );
  }
}

const notOurs = ({ name, namespace, file: { context } }: MeshCluster): NotOurs =>
  new NotOurs(
    `Cluster ${name} (context ${context}) has a namespace ${namespace} that is not meshproof's: it lacks the label ${mark}. ` +
      'Nothing was changed. Give another `namespace` in the mesh file. Or, if meshproof shall own this one, and delete it with ' +
      `all that is in it: \`kubectl --context ${context} label namespace ${namespace} ${mark}\`.`,
  );
