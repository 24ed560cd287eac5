import type { Check } from '../check.ts';
import { perCluster } from '../per-cluster.ts';
import { authorityOf, isSignedElsewhere } from '../trust.ts';
import { fromReadable, separately } from '../unread.ts';
import { firstFew } from '../format-values.ts';

const pluginDocs = 'https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/';
const wanted = ['ca-cert.pem', 'ca-key.pem', 'root-cert.pem', 'cert-chain.pem'];

const unusable: Check = {
  code: 'MP1106',
  title: 'The secret with the certificate authority is not usable',
  severity: 'error',
  explanation:
    'The secret `cacerts` lacks an entry, or one of them cannot be read, or its key does not belong to its certificate. An istiod that starts with it does not start, or makes an authority of its own that no other cluster trusts; one that runs keeps what it had.',
  remedy:
    'kubectl --context <cluster> -n istio-system create secret generic cacerts --from-file=ca-cert.pem --from-file=ca-key.pem --from-file=root-cert.pem --from-file=cert-chain.pem --dry-run=client -o yaml | kubectl --context <cluster> apply -f -',
  reference: pluginDocs,
  needs: ['authorities', 'installs'],
  explains: { cluster: ['MP1107', 'MP1108', 'MP2206'] },
  run: perCluster(function* (cluster) {
    const authority = authorityOf(cluster);
    if (authority?.secret !== 'cacerts') return;
    // A secret of type kubernetes.io/tls, as cert-manager writes it, has entries of its own names.
    const absent = authority.keys.includes('tls.crt')
      ? []
      : wanted.filter((key) => !authority.keys.includes(key));
    const problems = [
      ...absent.map((key) => `lacks ${key}`),
      ...authority.problems,
      ...(authority.keyFits === false ? ['ca-key.pem is not the key of ca-cert.pem'] : []),
    ];
    if (problems.length === 0) return;
    yield {
      object: `Secret ${authority.namespace}/cacerts`,
      evidence: [{ what: 'entries', seen: firstFew(authority.keys, 6), expected: wanted.join(', ') }],
      cause: `The secret cacerts of ${cluster.name} is not usable: ${firstFew(problems)}.`,
    };
  }),
};

const madeOwnRoot: Check = {
  code: 'MP1109',
  title: 'A cluster has no certificate authority from outside, others have one',
  severity: 'error',
  explanation:
    'Without the secret `cacerts`, istiod makes a root of its own, which the other clusters do not know. It comes about when istiod is installed before the secret is there, or when the secret is in another namespace.',
  remedy:
    'kubectl --context <cluster> -n istio-system create secret generic cacerts --from-file=ca-cert.pem --from-file=ca-key.pem --from-file=root-cert.pem --from-file=cert-chain.pem\nkubectl --context <cluster> -n istio-system rollout restart deployment istiod',
  reference: pluginDocs,
  needs: ['authorities', 'installs'],
  explains: { cluster: ['MP1101', 'MP1107', 'MP1112', 'MP3402', 'MP1108'] },
  run: function* (view) {
    const others = fromReadable(view.primaries, (one) =>
      authorityOf(one)?.secret === 'cacerts' ? [one] : [],
    );
    if (others.length === 0) return;
    yield* separately(view.primaries, function* (cluster) {
      if (authorityOf(cluster)?.secret === 'cacerts') return;
      if (cluster.install?.pilotCertProvider !== undefined && cluster.install.pilotCertProvider !== 'istiod')
        return;
      if (isSignedElsewhere(cluster)) return;
      yield {
        cluster: cluster.name,
        object: `Secret ${cluster.systemNamespace}/cacerts`,
        evidence: [
          { what: 'clusters with cacerts', seen: firstFew(others.map(({ name }) => name)), expected: 'all' },
        ],
        cause: `${cluster.name} has no secret cacerts in ${cluster.systemNamespace}, so its istiod uses a root of its own.`,
      };
    });
  },
};

const noAuthority: Check = {
  code: 'MP1110',
  title: 'A certificate that should sign others is no authority',
  severity: 'error',
  explanation:
    'The certificate in `ca-cert.pem` is not allowed to sign: its basic constraints do not say CA. OpenSSL and BoringSSL refuse what it issues.',
  remedy:
    'openssl x509 -in ca-cert.pem -noout -text | grep -A1 "Basic Constraints"   # issue one with CA:TRUE and keyCertSign',
  reference: pluginDocs,
  needs: ['authorities', 'installs'],
  explains: { cluster: ['MP3402'] },
  run: perCluster(function* (cluster, view) {
    const signing = view.certificate(authorityOf(cluster)?.certificate[0]);
    if (!signing || signing.isCa) return;
    yield {
      object: `Secret ${cluster.systemNamespace}/${authorityOf(cluster)?.secret}`,
      evidence: [{ what: 'basic constraints', seen: 'CA:FALSE', expected: 'CA:TRUE' }],
      cause: `The certificate that istiod of ${cluster.name} signs with is no certificate authority.`,
    };
  }),
};

const weak: Check = {
  code: 'MP1114',
  title: 'A certificate authority is weak',
  severity: 'warning',
  explanation:
    'A root or intermediate has an RSA key below 2048 bits or was signed with SHA-1 or MD5. Recent TLS libraries refuse it, so an update of the proxies ends all calls.',
  remedy: 'openssl x509 -in root-cert.pem -noout -text | grep -E "Signature Algorithm|Public-Key"',
  reference: pluginDocs,
  needs: ['authorities', 'installs'],
  run: perCluster(function* (cluster, view) {
    const authority = authorityOf(cluster);
    for (const one of view.certificatesOf([...(authority?.certificate ?? []), ...(authority?.roots ?? [])])) {
      const bits = /^rsa (\d+)/i.exec(one.keyType)?.[1];
      const old = /sha-?1(?!\d)|md5/i.test(one.signatureAlgorithm ?? '') && !one.selfSigned;
      if (!(bits !== undefined && Number(bits) < 2048) && !old) return;
      yield {
        object: `Secret ${cluster.systemNamespace}/${authority?.secret}`,
        evidence: [
          { what: 'key', seen: one.keyType, expected: 'rsa 2048 or more, or an elliptic curve' },
          { what: 'signature', seen: one.signatureAlgorithm ?? 'unknown', expected: 'SHA-256 or better' },
        ],
        cause: `The certificate authority ${one.subject} of ${cluster.name} is weak.`,
      };
    }
  }),
};

export const authoritySecretChecks = [unusable, madeOwnRoot, noAuthority, weak];
