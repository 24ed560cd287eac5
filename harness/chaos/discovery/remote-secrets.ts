import { KubeConfig, type V1Secret } from '@kubernetes/client-node';
import type { Mesh, MeshCluster } from '../../mesh/attach.ts';
import { istiodsOf } from '../../mesh/istiod.ts';
import { selectorOf } from '../../mesh/label-selector.ts';
import { placements } from '../../mesh/placement.ts';
import { observeSync } from '../../mesh/sync-evidence.ts';
import { waitUntil } from '../../mesh/wait-until.ts';
import { whileWaiting } from '../../waiting.ts';

/** What makes a Secret a remote secret to istiod (https://istio.io/latest/docs/reference/commands/istioctl/#istioctl-create-remote-secret). */
export const remoteLabel = { 'istio/multiCluster': 'true' } as const;

/** The name of the Secret by which a cluster's istiods discover another. Throws when there is none. */
export async function remoteSecretName(mesh: Mesh, holder: MeshCluster, discovered: string): Promise<string> {
  const namespace = mesh.file.rootNamespace;
  const labelSelector = selectorOf(remoteLabel);
  const { items } = await whileWaiting(() =>
    holder.api.core.listNamespacedSecret({ namespace, labelSelector }),
  );
  const found = items.find(({ data }) => data?.[discovered] !== undefined);
  if (found?.metadata?.name !== undefined) return found.metadata.name;
  throw new Error(`Cluster ${holder.name} has no remote secret of ${discovered} in ${namespace}.`);
}

/**
 * The account that a remote secret's token is of, as its subject says. Throws, without quoting the secret, when it holds no
 * token of a service account.
 */
export function accountIn(
  secret: V1Secret,
  discovered: string,
): { namespace: string; name: string; config: KubeConfig } {
  const config = new KubeConfig();
  try {
    config.loadFromString(Buffer.from(secret.data?.[discovered] ?? '', 'base64').toString());
    const [, claims = ''] = (config.getCurrentUser()?.token ?? '').split('.');
    const { sub } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { sub?: string };
    const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(sub ?? '') ?? [];
    if (namespace && name) return { namespace, name, config };
  } catch {
    // The cause would quote the secret.
  }
  throw new Error(
    `Secret ${secret.metadata?.name} holds no token of a service account for ${discovered}: it cannot be rotated.`,
  );
}

/** What the istiods of a cluster say of another, and how many endpoints of meshproof's services they hold of it. */
interface Known {
  status: string | undefined;
  held: number;
  wanted: number;
}

async function knownOf(mesh: Mesh, holder: MeshCluster, discovered: string): Promise<Known> {
  const [istiod] = await istiodsOf(holder, mesh.file.rootNamespace);
  if (!istiod) throw new Error(`Cluster ${holder.name} has no istiod.`);
  await using debug = istiod;
  const { status, pods, shards } = await observeSync(mesh, holder, mesh.cluster(discovered), debug);
  const sum = (of: Record<string, number>) => Object.values(of).reduce((total, one) => total + one, 0);
  return { status, held: sum(shards), wanted: sum(pods) };
}

/** Waits until istiod neither lists a cluster nor holds an endpoint of it. @returns the evidence as a sentence. */
export async function proveForgotten(
  mesh: Mesh,
  holder: MeshCluster,
  discovered: string,
  withinMs: number,
): Promise<string> {
  const isForgotten = async () => {
    const { status, held } = await knownOf(mesh, holder, discovered);
    return status === undefined && held === 0;
  };
  await waitUntil(isForgotten, `istiod of ${holder.name} to forget ${discovered}`, withinMs);
  return `istiod of ${holder.name} lists no cluster ${discovered} in clusterz and holds none of its endpoints in endpointShardz`;
}

/** Waits until istiod lists a cluster that it is not synced with. @returns the evidence as a sentence. */
export async function proveNotSynced(
  mesh: Mesh,
  holder: MeshCluster,
  discovered: string,
  withinMs: number,
): Promise<string> {
  let status: string | undefined;
  const isNot = async () => {
    ({ status } = await knownOf(mesh, holder, discovered));
    return status !== undefined && status !== 'synced';
  };
  await waitUntil(isNot, `istiod of ${holder.name} not to be synced with ${discovered}`, withinMs);
  return `istiod of ${holder.name} calls ${discovered} ${status} in clusterz`;
}

/** Waits until istiod is synced with a cluster and holds its endpoints. @returns the evidence as a sentence. */
export async function proveSynced(
  mesh: Mesh,
  holder: MeshCluster,
  discovered: string,
  withinMs: number,
): Promise<string> {
  let known: Known | undefined;
  const isSynced = async () => {
    known = await knownOf(mesh, holder, discovered);
    return known.status === 'synced' && known.held === known.wanted;
  };
  await waitUntil(isSynced, `istiod of ${holder.name} to be synced with ${discovered}`, withinMs);
  const services = placements(mesh.file).filter(({ pods }) => (pods[discovered] ?? 0) > 0);
  return `istiod of ${holder.name} calls ${discovered} synced and holds its ${known?.held} endpoints of ${services.length} services`;
}
