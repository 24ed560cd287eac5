import { settleAll } from '../../base/settle-all.ts';
import { waitUntil } from '../../base/wait-until.ts';
import { whileWaiting } from '../../base/waiting.ts';
import { placements } from '../../config/placement.ts';
import { type Mesh, type MeshCluster, selectorOf } from '../../mesh/attach.ts';
import { istiodsOf } from '../../mesh/istiod.ts';
import { observeSync } from '../../mesh/sync-evidence.ts';

/**
 * The label that makes a Secret a remote secret
 * (https://istio.io/latest/docs/reference/commands/istioctl/#istioctl-create-remote-secret).
 */
export const remoteLabel = { 'istio/multiCluster': 'true' } as const;

/** The name of the Secret by which the istiods of a cluster discover another. Throws if it does not exist. */
export async function remoteSecretName(mesh: Mesh, holder: MeshCluster, discovered: string): Promise<string> {
  const namespace = mesh.file.rootNamespace;
  const labelSelector = selectorOf(remoteLabel);
  const { items } = await whileWaiting(() =>
    holder.api.core.listNamespacedSecret({ namespace, labelSelector }),
  );
  const found = items.find(({ data }) => data?.[discovered] !== undefined);
  if (found?.metadata?.name !== undefined) return found.metadata.name;
  throw new Error(
    `Cluster ${holder.name} has no remote secret of ${discovered} in namespace ${namespace}. Create one with \`istioctl create-remote-secret\`.`,
  );
}

/** The state of another cluster by an istiod, and the number of endpoints of meshproof that it has from there. */
interface Known {
  status: string | undefined;
  held: number;
  wanted: number;
}

/** The state by each ready istiod: each serves other proxies, and reads remote secrets at its own pace. */
async function knownOf(mesh: Mesh, holder: MeshCluster, discovered: string): Promise<Known[]> {
  const istiods = await istiodsOf(holder, mesh.file.rootNamespace);
  const sum = (of: Record<string, number>) => Object.values(of).reduce((total, one) => total + one, 0);
  const known = istiods.map(async (istiod) => {
    await using debug = istiod;
    const { status, pods, shards } = await observeSync(mesh, holder, mesh.cluster(discovered), debug);
    return { status, held: sum(shards), wanted: sum(pods) };
  });
  return settleAll(known);
}

/**
 * Waits until the state of another cluster is as expected in all istiods. @returns the istiods in words, and their
 * states.
 */
async function awaitKnown(
  mesh: Mesh,
  { holder, discovered, withinMs }: { holder: MeshCluster; discovered: string; withinMs: number },
  what: string,
  isSo: (known: Known) => boolean,
): Promise<{ who: string; known: Known[] }> {
  let known: Known[] = [];
  const areSo = async () => {
    known = await knownOf(mesh, holder, discovered);
    return known.every(isSo);
  };
  await waitUntil(areSo, `every istiod of ${holder.name} ${what} ${discovered}`, withinMs);
  const who = known.length === 1 ? 'istiod' : `each of the ${known.length} istiods`;
  return { who: `${who} of ${holder.name}`, known };
}

/** Waits until no istiod lists a cluster or has an endpoint of it. @returns the evidence as a sentence. */
export async function proveForgotten(
  mesh: Mesh,
  holder: MeshCluster,
  discovered: string,
  withinMs: number,
): Promise<string> {
  const isForgotten = ({ status, held }: Known) => status === undefined && held === 0;
  const { who } = await awaitKnown(mesh, { holder, discovered, withinMs }, 'to forget', isForgotten);
  return `${who} lists no cluster ${discovered} in clusterz and has no endpoint of it in endpointShardz`;
}

/** Waits until every istiod lists a cluster, but is not synced with it. @returns the evidence as a sentence. */
export async function proveNotSynced(
  mesh: Mesh,
  holder: MeshCluster,
  discovered: string,
  withinMs: number,
): Promise<string> {
  const isNot = ({ status }: Known) => status !== undefined && status !== 'synced';
  const of = { holder, discovered, withinMs };
  const { who, known } = await awaitKnown(mesh, of, 'not to be synced with', isNot);
  const statuses = [...new Set(known.map(({ status }) => status))].join(' or ');
  return `${who} calls ${discovered} ${statuses} in clusterz`;
}

/** Waits until every istiod is synced with a cluster and has its endpoints. @returns the evidence as a sentence. */
export async function proveSynced(
  mesh: Mesh,
  holder: MeshCluster,
  discovered: string,
  withinMs: number,
): Promise<string> {
  const isSynced = ({ status, held, wanted }: Known) => status === 'synced' && held === wanted;
  const of = { holder, discovered, withinMs };
  const { who, known } = await awaitKnown(mesh, of, 'to be synced with', isSynced);
  const services = placements(mesh.file).filter(({ pods }) => (pods[discovered] ?? 0) > 0);
  return `${who} calls ${discovered} synced and holds its ${known[0]?.held} endpoints of ${services.length} services`;
}
