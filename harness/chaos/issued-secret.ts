import { whileWaiting } from '../base/waiting.ts';
import { applyAll } from '../kube/cluster-api.ts';
import type { MeshCluster } from '../mesh/attach.ts';
import { signed } from '../mesh/mark-signature.ts';

/** The type of Secrets that Kubernetes fills with a token. */
export const tokenType = 'kubernetes.io/service-account-token';

/** Creates a Secret that Kubernetes fills with a token of an account. */
export async function issueToken(
  cluster: MeshCluster,
  account: { namespace: string; name: string },
  secretName: string,
): Promise<void> {
  const metadata = await asIssued(cluster, {
    ...{ namespace: account.namespace, name: secretName, labels: {} },
    annotations: { 'kubernetes.io/service-account.name': account.name },
  });
  await whileWaiting(() =>
    applyAll(cluster.api, [{ apiVersion: 'v1', kind: 'Secret', metadata, type: tokenType }]),
  );
}

/** On a token that a fault issued, and on a copy of a remote secret in another namespace. */
export const issuedLabel = 'meshproof.dev/issued';

interface SecretMetadata {
  namespace: string;
  name: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

/** The metadata of a Secret with the label and the signature by which `heal` deletes it. */
export async function asIssued(cluster: MeshCluster, metadata: SecretMetadata): Promise<SecretMetadata> {
  const signature = await signed(cluster, 'issued', secretHeader(metadata), []);
  return {
    ...metadata,
    labels: { ...metadata.labels, [issuedLabel]: 'true' },
    annotations: { ...metadata.annotations, ...signature },
  };
}

/** The header of a Secret, as marks are signed for it. */
export const secretHeader = ({ namespace, name }: { namespace: string; name: string }) => ({
  ...{ apiVersion: 'v1', kind: 'Secret', namespace, name },
});
