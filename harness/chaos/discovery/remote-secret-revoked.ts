import { z } from 'zod';
import { mark } from '../../kube/cluster-api.ts';
import type { MeshCluster } from '../../mesh/attach.ts';
import { signatureAnnotation, signed } from '../../mesh/mark-signature.ts';
import { bounds } from '../bounds.ts';
import { defineFault } from '../fault.ts';
import { proveForgotten, proveSynced, remoteLabel, remoteSecretName } from './remote-secrets.ts';

/** On a remote secret without its label: the id of the fault that removed it. */
export const revokedAnnotation = 'meshproof.dev/revoked';

const parameters = z.object({
  cluster: z.string().describe('The cluster whose istiods forget another.'),
  to: z.string().describe('The cluster that they forget.'),
});

/**
 * Istiod finds remote secrets by their label. Without the label it forgets the cluster. The Secret keeps its data,
 * and anyone with the right to patch it can restore the label.
 */
export const remoteSecretRevoked = defineFault({
  id: 'remote-secret-revoked',
  title: 'The remote secret by which one cluster discovers another loses its label',
  disturbs: 'control-plane',
  needsLab: false,
  stage: 'rest',
  bounds: bounds.discovery,
  parameters,
  undo: z.object({ secret: z.string() }),
  clusters: ({ cluster }) => [cluster],
  prepare: async (mesh, { cluster, to }) => ({
    secret: await remoteSecretName(mesh, mesh.cluster(cluster), to),
  }),
  inject: ({ mesh, id, parameters: { cluster }, undo: { secret } }) =>
    setRevoked(mesh.cluster(cluster), mesh.file.rootNamespace, secret, id),
  prove: ({ mesh, parameters: { cluster, to } }) =>
    proveForgotten(mesh, mesh.cluster(cluster), to, bounds.discovery.injectMs),
  heal: ({ mesh, parameters: { cluster }, undo: { secret } }) =>
    setRevoked(mesh.cluster(cluster), mesh.file.rootNamespace, secret, null),
  proveHealed: ({ mesh, parameters: { cluster, to } }) =>
    proveSynced(mesh, mesh.cluster(cluster), to, bounds.discovery.healMs),
});

/** Removes the label of a remote secret and leaves a mark; with `null` the reverse. */
export async function setRevoked(
  cluster: MeshCluster,
  namespace: string,
  name: string,
  by: string | null,
): Promise<void> {
  const [label] = Object.keys(remoteLabel);
  const labels = { [label ?? '']: by === null ? remoteLabel['istio/multiCluster'] : null };
  const object = { apiVersion: 'v1', kind: 'Secret', namespace, name };
  const signature =
    by === null ? { [signatureAnnotation('revoked')]: null } : await signed(cluster, 'revoked', object, [by]);
  await mark(cluster.api, object, { labels, annotations: { [revokedAnnotation]: by, ...signature } });
}
