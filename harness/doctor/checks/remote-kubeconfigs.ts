import type { RemoteSecret } from '../../snapshot/schema.ts';
import type { Check } from '../check.ts';
import type { ClusterView } from '../cluster-view.ts';
import { perItem } from '../per-cluster.ts';
import { secretRef, secretsWithAccess } from '../remote-secrets.ts';

const reference = 'https://istio.io/latest/docs/reference/commands/istioctl/#istioctl-create-remote-secret';
const make =
  'istioctl create-remote-secret --context <read cluster> --name <read cluster> --server https://<API server> | kubectl --context <cluster> apply -f -';

/** What a secret asks for that istiod takes only where this setting names it: pkg/kube/multicluster, sanitizeKubeConfig. */
function refusedBy(cluster: ClusterView, { credential, files = [] }: RemoteSecret): string[] {
  const asked = [...(credential === 'exec' ? ['exec'] : []), ...files];
  if (asked.length === 0) return [];
  const allowed = cluster.install?.env['PILOT_INSECURE_MULTICLUSTER_KUBECONFIG_OPTIONS'] ?? '';
  return asked.filter((one) => !allowed.split(',').includes(one));
}

const noKubeconfig: Check = {
  code: 'MP2117',
  title: 'A remote secret holds no usable kubeconfig',
  severity: 'error',
  explanation:
    'istiod cannot make a client of what is in the secret: it is no kubeconfig, names no server or no user, or asks for a program or a file, which istiod refuses. The cluster is registered under its name, and never read.',
  remedy: make,
  reference,
  needs: ['remoteSecrets', 'installs', 'readerAccess'],
  explains: { pair: ['MP2202', 'MP2204', 'MP3501', 'MP2201'] },
  run: perItem(secretsWithAccess, function* ({ cluster, secret }) {
    const refused = refusedBy(cluster, secret);
    const none = secret.credential === 'none' && (secret.files ?? []).length === 0;
    const problem = secret.problem ?? (none ? 'it names no credential' : undefined);
    if (problem === undefined && refused.length === 0) return;
    yield {
      peer: secret.cluster,
      object: secretRef(secret),
      evidence: [
        { what: 'credential', seen: refused[0] ?? secret.credential, expected: 'token or certificate' },
      ],
      cause:
        problem === undefined
          ? `The remote secret of ${cluster.name} for ${secret.cluster} asks for a program or a file (${refused.join(', ')}), which istiod refuses.`
          : `The remote secret of ${cluster.name} for ${secret.cluster} is no usable kubeconfig: ${problem}.`,
    };
  }),
};

const unverified: Check = {
  code: 'MP2118',
  title: 'A remote secret tells istiod not to verify the API server',
  severity: 'warning',
  explanation:
    'Everything works. But with insecure-skip-tls-verify istiod takes services and endpoints from whoever answers, and gives its token away to them.',
  remedy: make,
  reference: 'https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/#Cluster',
  needs: ['remoteSecrets', 'installs', 'readerAccess'],
  run: perItem(secretsWithAccess, function* ({ cluster, secret }) {
    if (secret.skipsVerification)
      yield {
        peer: secret.cluster,
        object: secretRef(secret),
        evidence: [{ what: 'insecure-skip-tls-verify', seen: 'true', expected: 'false' }],
        cause: `The remote secret of ${cluster.name} for ${secret.cluster} does not verify the API server.`,
      };
  }),
};

export const remoteKubeconfigChecks = [noKubeconfig, unverified];
