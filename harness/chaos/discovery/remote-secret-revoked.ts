import { z } from 'zod';
import { mark } from '../../kube/cluster-api.ts';
import type { MeshCluster } from '../../mesh/attach.ts';
import { signatureAnnotation, signed } from '../../mesh/mark-signature.ts';
import { bounds } from '../bounds.ts';
import { defineFault } from '../fault.ts';
import { proveForgotten, proveSynced, remoteLabel, remoteSecretName } from './remote-secrets.ts';

/** On a remote secret whose label was taken: it is to get it back. */
export const revokedAnnotation = 'meshproof.dev/revoked';

const parameters = z.object({
  cluster: z.string().describe('The cluster whose istiods shall not discover another any more.'),
  to: z.string().describe('The cluster that they shall not discover.'),
});

/**
 * istiod looks at Secrets by their label, so without it there is no remote secret to it. The Secret itself stays where it is,
 * with its content, and can be given its label back by anyone.
 */
export const remoteSecretRevoked = defineFault({
  id: 'remote-secret-revoked',
  title: 'The remote secret by which one cluster discovers another is taken away',
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

/** Takes the label of a remote secret and leaves a mark, or with `null` the other way round. */
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
