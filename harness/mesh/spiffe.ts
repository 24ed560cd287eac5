import type { MeshFile } from '../config/mesh-file.ts';
import type { Mesh } from './attach.ts';

/** The identity of one of meshproof's workloads as policies name it: each runs as the account of its own name. */
export const principalOf = (
  { trustDomain, namespace }: Pick<MeshFile, 'trustDomain' | 'namespace'>,
  account: string,
  accountNamespace: string = namespace,
): string => `${trustDomain}/ns/${accountNamespace}/sa/${account}`;

/** The same as certificates say it. */
export const spiffeIdOf = (file: Pick<MeshFile, 'trustDomain' | 'namespace'>, account: string): string =>
  `spiffe://${principalOf(file, account)}`;

/** The identities of the mesh's ingress gateways, as policies name them. */
export async function ingressPrincipals(mesh: Mesh): Promise<string[]> {
  const namespace = mesh.file.rootNamespace;
  const pods = await Promise.all(
    mesh.clusters.map((cluster) => cluster.findPods({ namespace, labels: { istio: 'ingressgateway' } })),
  );
  const accounts = new Set(pods.flat().map(({ object }) => object.spec?.serviceAccountName ?? 'default'));
  return [...accounts].map((account) => principalOf(mesh.file, account, namespace));
}
