import type { RemoteSecret } from '../../snapshot/schema.ts';
import type { Check } from '../check.ts';
import type { ClusterView } from '../cluster-view.ts';
import { createRemoteSecret } from '../remedies.ts';
import { perSecret, recreateSecret } from '../remote-secrets.ts';

const reference = 'https://istio.io/latest/docs/reference/commands/istioctl/#istioctl-create-remote-secret';

/** Programs and files that a secret needs, but that istiod does not allow: pkg/kube/multicluster, sanitizeKubeConfig. */
function notAllowedBy(cluster: ClusterView, { credential, files = [] }: RemoteSecret): string[] {
  const asked = [...(credential === 'exec' ? ['exec'] : []), ...files];
  if (asked.length === 0) return [];
  const allowed = cluster.install?.env['PILOT_INSECURE_MULTICLUSTER_KUBECONFIG_OPTIONS'] ?? '';
  return asked.filter((one) => !allowed.split(',').includes(one));
}

const noKubeconfig: Check = {
  code: 'MP2117',
  title: 'A remote secret does not have a usable kubeconfig',
  severity: 'error',
  explanation:
    'istiod cannot create a client from the secret. The secret is not a kubeconfig, or does not name a server or a user. Or it needs a program or a file, which istiod refuses. istiod registers the cluster but never reads it.',
  remedy: createRemoteSecret,
  reference,
  needs: ['remoteSecrets', 'installs', 'readerAccess', 'apiServer'],
  explains: { pair: ['MP2202', 'MP2204', 'MP3501', 'MP2201'] },
  run: perSecret(function* ({ cluster, secret }) {
    const refused = notAllowedBy(cluster, secret);
    const none = secret.credential === 'none' && (secret.files ?? []).length === 0;
    const problem = secret.problem ?? (none ? 'it does not name a credential' : undefined);
    if (problem === undefined && refused.length === 0) return;
    yield {
      evidence: [
        { what: 'credential', seen: refused[0] ?? secret.credential, expected: 'token or certificate' },
      ],
      cause:
        problem === undefined
          ? `The remote secret of ${cluster.name} for ${secret.cluster} needs a program or a file (${refused.join(', ')}), which istiod refuses.`
          : `The remote secret of ${cluster.name} for ${secret.cluster} is not a usable kubeconfig: ${problem}.`,
    };
  }, recreateSecret),
};

const unverified: Check = {
  code: 'MP2118',
  title: 'A remote secret does not verify the API server',
  severity: 'warning',
  explanation:
    'Everything works. But with insecure-skip-tls-verify, istiod accepts services and endpoints from any server that answers, and sends its token to that server.',
  remedy: createRemoteSecret,
  reference: 'https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/#Cluster',
  needs: ['remoteSecrets', 'installs', 'readerAccess', 'apiServer'],
  run: perSecret(function* ({ cluster, secret }) {
    if (secret.skipsVerification)
      yield {
        evidence: [{ what: 'insecure-skip-tls-verify', seen: 'true', expected: 'false' }],
        cause: `The remote secret of ${cluster.name} for ${secret.cluster} does not verify the API server.`,
      };
  }, recreateSecret),
};

export const remoteKubeconfigChecks = [noKubeconfig, unverified];
