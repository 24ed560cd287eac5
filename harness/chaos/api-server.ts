import { timeouts } from '../base/timeouts.ts';
import { waitUntil } from '../base/wait-until.ts';
import { whileWaiting } from '../base/waiting.ts';
import type { Mesh, MeshCluster } from '../mesh/attach.ts';
import { podsOf } from './scale.ts';

/** The answer of an API server to a request for an object that each cluster has. */
export interface ApiAnswer {
  answered: boolean;
  /** In words: `answered after 12 ms`, `ECONNRESET after 3 ms`, `silent for 1500 ms`. */
  words: string;
}

/** Sends a request to an API server from this machine, with the kubeconfig of the mesh file. */
export async function askApiServer(cluster: MeshCluster): Promise<ApiAnswer> {
  const beganMs = performance.now();
  const late = Promise.withResolvers<'late'>();
  const timer = setTimeout(() => late.resolve('late'), timeouts.silenceMs);
  const asked = cluster.api.core.readNamespace({ name: 'default' }).then(
    () => 'answered' as const,
    (error: unknown) => error,
  );
  const came = await whileWaiting(() => Promise.race([asked, late.promise]));
  clearTimeout(timer);
  const afterMs = Math.round(performance.now() - beganMs);
  if (came === 'answered') return { answered: true, words: `answered after ${afterMs} ms` };
  if (came === 'late') return { answered: false, words: `silent for ${afterMs} ms` };
  return { answered: false, words: `${codeOf(came)} after ${afterMs} ms` };
}

/** The code of an error or of its cause; its message without a code. */
function codeOf(error: unknown): string {
  for (let each = error; each instanceof Error; each = each.cause) {
    const { code } = each as NodeJS.ErrnoException;
    if (code !== undefined) return String(code);
  }
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
}

/** Waits until an API server answers. @returns the evidence as a sentence. */
export async function proveAnswering(cluster: MeshCluster, withinMs: number): Promise<string> {
  let last: ApiAnswer | undefined;
  const answers = async () => (last = await askApiServer(cluster)).answered;
  await waitUntil(answers, `the API server of ${cluster.name} to answer`, withinMs);
  return `the API server of ${cluster.name} ${last?.words}`;
}

/** The number of successful checks in a row. One check alone can be the last before a failure. */
const inARow = 3;

/**
 * Waits until a cluster works again: its API server answers, its nodes are ready, and each Deployment in the
 * namespaces of meshproof and Istio has its pods, three times in a row.
 */
export async function proveAtWork(mesh: Mesh, cluster: MeshCluster, withinMs: number): Promise<string> {
  let good = 0;
  const isAtWork = async () => {
    try {
      good = (await isWhole(mesh, cluster)) ? good + 1 : 0;
    } catch (error) {
      good = 0;
      throw error;
    }
    return good >= inARow;
  };
  await waitUntil(isAtWork, `cluster ${cluster.name} to be at work again`, withinMs);
  return `${cluster.name}: its API server answers, its nodes and every Deployment are ready`;
}

async function isWhole({ file }: Mesh, cluster: MeshCluster): Promise<boolean> {
  const { answered } = await askApiServer(cluster);
  if (!answered) return false;
  const nodes = await whileWaiting(() => cluster.api.core.listNode());
  const ready = nodes.items.every(({ status }) =>
    status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True'),
  );
  if (!ready) return false;
  for (const namespace of new Set([cluster.namespace, file.rootNamespace])) {
    const { items } = await whileWaiting(() => cluster.api.apps.listNamespacedDeployment({ namespace }));
    for (const { metadata, spec, status } of items) {
      if ((status?.readyReplicas ?? 0) !== (spec?.replicas ?? 1)) return false;
      const pods = await podsOf(cluster, { namespace, name: metadata?.name ?? '' });
      if (pods.length !== (spec?.replicas ?? 1) || pods.some((pod) => !pod.ready)) return false;
    }
  }
  return true;
}
