import type { KubeConfig, V1Secret } from '#kubernetes-client';
import { timeouts } from '../base/timeouts.ts';
import { whileWaiting } from '../base/waiting.ts';
import { KubeReader, Refused } from '../kube/kube-reader.ts';
import { askNeeded, askRules, type ListedRule, neededResources } from './access-review.ts';
import type { MeshFileCluster } from '../config/mesh-file.ts';
import type { Mesh, MeshCluster } from './attach.ts';
import {
  actsAs,
  actsAsAnother,
  clientConfigOf,
  parseRemoteKubeconfig,
  reasonNotToUse,
  withServerOf,
} from './remote-kubeconfig.ts';

/** A rule of an account in one namespace. */
export interface AccessRule extends Readonly<ListedRule> {
  namespace: string;
}

/** The rights of an account in one cluster. */
export interface ReaderAccess {
  rules: readonly AccessRule[];
  /** The server could not list all rules: an absent rule proves nothing. */
  incomplete: boolean;
  /** By "verb resource": whether the account may do so in the whole cluster. */
  mayEverywhere: Readonly<Record<string, boolean>>;
  /** The role of the cluster in the mesh file; absent: a primary. The istiod of a primary writes into a remote cluster. */
  role?: MeshFileCluster['role'];
}

/** The account that the istiods of one cluster read another with. Holds a credential: never print or record it. */
export interface ReaderAccount {
  /** The cluster whose istiods use it. */
  of: string;
  /** The cluster that it reads. */
  reads: string;
  /** Asks the cluster that it reads, in its name, what it may do. */
  access(): Promise<ReaderAccess>;
}

const label = 'istio/multiCluster=true';

/**
 * The reader accounts of a cluster's istiods: one for each kubeconfig in its remote secrets
 * (https://istio.io/latest/docs/reference/commands/istioctl/#istioctl-create-remote-secret) that is of a cluster in
 * the mesh file. Throws, without quoting a secret, if a kubeconfig is invalid, or would make this
 * machine run a program or read a file.
 */
export async function readerAccounts(mesh: Mesh, cluster: MeshCluster): Promise<ReaderAccount[]> {
  const namespace = mesh.file.rootNamespace;
  const { items } = await whileWaiting(() =>
    cluster.api.core.listNamespacedSecret({ namespace, labelSelector: label }),
  );
  return items.flatMap((secret) => accountsIn(secret, mesh, cluster.name));
}

function accountsIn(secret: V1Secret, mesh: Mesh, of: string): ReaderAccount[] {
  return Object.entries(secret.data ?? {}).flatMap(([reads, encoded]) => {
    const target = mesh.clusters.find(({ name }) => name === reads);
    if (!target || reads === of) return [];
    const kubeconfig = parseRemoteKubeconfig(Buffer.from(encoded, 'base64').toString());
    const where = `Secret ${secret.metadata?.name} of cluster ${of}`;
    if ('problem' in kubeconfig) throw new Error(`${where} holds no kubeconfig for ${reads}.`);
    const reason = reasonNotToUse(kubeconfig) ?? (actsAsAnother(kubeconfig) ? actsAs : undefined);
    if (reason !== undefined) throw new Error(`${where} cannot be used here to read ${reads}: ${reason}.`);
    const config = clientConfigOf(kubeconfig);
    const { role } = target.file;
    const access = async () => ({ ...(await whileWaiting(() => askAccess(config, target))), role });
    return [{ of, reads, access }];
  });
}

/**
 * Asks the API server that the kubeconfig of the account names. If that server does not answer, because only istiods can reach its address,
 * asks the server of the mesh file with the credential of the account.
 */
async function askAccess(config: KubeConfig, target: MeshCluster): Promise<ReaderAccess> {
  const { items } = await target.api.core.listNamespace();
  const namespaces = items.map(({ metadata }) => metadata?.name ?? '');
  const known = target.api.config.getCurrentCluster();
  if (!known) throw new Error(`The kubeconfig of cluster ${target.name} does not name a server.`);
  try {
    return await accessOf(config, namespaces).catch((error: unknown) => {
      if (error instanceof Refused) throw error;
      return accessOf(withServerOf(known, config), namespaces);
    });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    throw new Error(`Cluster ${target.name} refused its reader account: status ${error.status}.`);
  }
}

async function accessOf(config: KubeConfig, namespaces: readonly string[]): Promise<ReaderAccess> {
  using reader = new KubeReader(config, timeouts.apiMs, timeouts.connectMs);
  const [listed, mayEverywhere] = await Promise.all([askRules(reader, namespaces), askNeeded(reader)]);
  return {
    rules: listed.flatMap(({ namespace, resourceRules }) =>
      resourceRules.map((rule) => ({ namespace, ...rule })),
    ),
    incomplete:
      listed.some(({ incomplete }) => incomplete) ||
      Object.keys(mayEverywhere).length < 2 * neededResources.length, // list and watch of each
    mayEverywhere,
  };
}
