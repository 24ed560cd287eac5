import type { Check } from '../check.ts';
import type { ClusterView } from '../cluster-view.ts';
import { certified, rejectionOf, trustOfClusters } from '../facts/workload-certificates.ts';
import type { MeshView } from '../mesh-view.ts';
import { perCluster } from '../per-cluster.ts';
import { replaceAuthority, restartIstiod } from '../remedies.ts';
import { authorityOf, isSignedElsewhere, secretOf } from '../trust.ts';
import { fromReadable, separately } from '../unread.ts';
import { firstFew } from '../format-values.ts';

const pluginDocs = 'https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/';
const requiredEntries = ['ca-cert.pem', 'ca-key.pem', 'root-cert.pem', 'cert-chain.pem'];
/** Of a secret of type kubernetes.io/tls. If it has tls.crt, istiod reads these files and no others. */
const requiredOfTls = ['tls.crt', 'tls.key', 'ca.crt'];

const unusable: Check = {
  code: 'MP1106',
  title: 'The secret with the certificate authority is not usable',
  severity: 'warning',
  explanation:
    'The secret `cacerts` lacks an entry, an entry cannot be read, or the key does not belong to the certificate. With such a secret, istiod does not start. A running istiod keeps the old authority, so calls work until it restarts.',
  remedy: replaceAuthority,
  reference: pluginDocs,
  needs: ['authorities', 'installs', 'proxies', 'roots', 'workloads'],
  explains: { cluster: ['MP1107', 'MP1108'], 'cluster and subject': ['MP2206'] },
  run: perCluster(function* (cluster, view) {
    const used = authorityOf(view, cluster);
    if (used?.authority.secret !== 'cacerts') return;
    const { keys, problems, keyFits } = used.authority;
    const required = keys.includes('tls.crt') ? requiredOfTls : requiredEntries;
    const [certificate, key] = required;
    const found = [
      ...required.filter((one) => !keys.includes(one)).map((one) => `lacks ${one}`),
      ...problems,
      ...(keyFits === false ? [`${key} is not the key of ${certificate}`] : []),
    ];
    if (found.length === 0) return;
    yield {
      object: secretOf(used),
      covers: ['istiod that does not start'],
      evidence: [
        { what: 'entries', seen: firstFew(keys, 6), expected: required.join(', ') },
        { what: 'problems', seen: firstFew(found), expected: 0 },
      ],
      cause: `The secret cacerts of ${cluster.name} is not usable, so istiod does not start with it: ${firstFew(found)}.`,
    };
  }),
};

const madeOwnRoot: Check = {
  code: 'MP1109',
  title: 'A cluster does not have the secret cacerts, but other clusters do',
  severity: 'error',
  explanation:
    'Without the secret `cacerts`, istiod creates its own root, which other clusters do not trust. The secret was not created before istiod was installed, it was deleted, or it is in another namespace. If the proxies still show certificates that other clusters accept, istiod loaded the authority before: the finding is a warning, and calls fail after the next restart of istiod.',
  remedy: `${replaceAuthority}\n${restartIstiod}`,
  reference: pluginDocs,
  needs: ['authorities', 'installs', 'proxies', 'roots', 'workloads'],
  explains: { cluster: ['MP1101', 'MP1107', 'MP1112', 'MP1108'] },
  run: function* (view) {
    const others = fromReadable(view.primaries, (one) =>
      authorityOf(view, one)?.authority.secret === 'cacerts' ? [one] : [],
    );
    if (others.length === 0) return;
    yield* separately(view.primaries, function* (cluster) {
      const [object, evidence] = [
        `Secret ${cluster.systemNamespace}/cacerts`,
        [{ what: 'clusters with cacerts', seen: firstFew(others.map(({ name }) => name)), expected: 'all' }],
      ];
      const missing = `${cluster.name} does not have a secret cacerts in ${cluster.systemNamespace}`;
      const effect = effectOf(view, cluster);
      if (effect === 'rejected')
        yield {
          ...{ cluster: cluster.name, object, evidence },
          cause: `${missing}, so its istiod signs with its own root, and other clusters reject its certificates.`,
        };
      if (effect === 'at the next start')
        yield {
          ...{ severity: 'warning', cluster: cluster.name, object, evidence },
          cause: `${missing}, so its istiod creates its own root when it starts again, and calls to other clusters fail.`,
        };
    });
  },
};

/** The effect on callers of a cluster without `cacerts`; undefined if it has the secret or does not need it. Throws NotRead. */
function effectOf(view: MeshView, cluster: ClusterView): 'rejected' | 'at the next start' | undefined {
  const own = cluster.authoritiesIn(cluster.systemNamespace);
  if (own.some(({ secret }) => secret === 'cacerts') || isSignedElsewhere(cluster)) return undefined;
  const { pilotCertProvider = 'istiod', authorityVolume = 'secret cacerts' } = cluster.install ?? {};
  if (pilotCertProvider !== 'istiod') return undefined;
  const used = authorityOf(view, cluster);
  if (used?.use === 'served') {
    const trusts = trustOfClusters(view);
    const shown = trusts.find((one) => one.cluster === cluster);
    const isRejected = trusts.some((one) => one !== shown && shown && rejectionOf(view, one, shown));
    return isRejected ? 'rejected' : undefined;
  }
  // Only the proxies show whether istiod has another authority.
  if (certified(view, cluster).length === 0) cluster.whole('proxies');
  const isIssuedElsewhere = !used && own.some(({ secret }) => secret === 'istio-ca-secret');
  return isIssuedElsewhere || authorityVolume !== 'secret cacerts' ? undefined : 'at the next start';
}

export const authoritySecretChecks = [unusable, madeOwnRoot];
