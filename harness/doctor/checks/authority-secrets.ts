import type { Check } from '../check.ts';
import { perCluster } from '../per-cluster.ts';
import { replaceAuthority, restartIstiod } from '../remedies.ts';
import { authorityOf, isSignedElsewhere } from '../trust.ts';
import { fromReadable, separately } from '../unread.ts';
import { firstFew } from '../format-values.ts';

const pluginDocs = 'https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/';
const requiredEntries = ['ca-cert.pem', 'ca-key.pem', 'root-cert.pem', 'cert-chain.pem'];

const unusable: Check = {
  code: 'MP1106',
  title: 'The secret with the certificate authority is not usable',
  severity: 'error',
  explanation:
    'The secret `cacerts` lacks an entry, an entry cannot be read, or the key does not belong to the certificate. With such a secret, istiod does not start, or creates its own root that other clusters do not trust. A running istiod keeps the old authority.',
  remedy: replaceAuthority,
  reference: pluginDocs,
  needs: ['authorities', 'installs'],
  explains: { cluster: ['MP1107', 'MP1108'], 'cluster and subject': ['MP2206'] },
  run: perCluster(function* (cluster) {
    const authority = authorityOf(cluster);
    if (authority?.secret !== 'cacerts') return;
    // A secret of type kubernetes.io/tls, as cert-manager writes it, has entries with other names.
    const absent = authority.keys.includes('tls.crt')
      ? []
      : requiredEntries.filter((key) => !authority.keys.includes(key));
    const problems = [
      ...absent.map((key) => `lacks ${key}`),
      ...authority.problems,
      ...(authority.keyFits === false ? ['ca-key.pem is not the key of ca-cert.pem'] : []),
    ];
    if (problems.length === 0) return;
    yield {
      object: `Secret ${authority.namespace}/cacerts`,
      covers: ['istiod that does not start'],
      evidence: [
        { what: 'entries', seen: firstFew(authority.keys, 6), expected: requiredEntries.join(', ') },
      ],
      cause: `The secret cacerts of ${cluster.name} is not usable: ${firstFew(problems)}.`,
    };
  }),
};

const madeOwnRoot: Check = {
  code: 'MP1109',
  title: 'A cluster does not have the secret cacerts, but other clusters do',
  severity: 'error',
  explanation:
    'Without the secret `cacerts`, istiod creates its own root, which other clusters do not trust. The secret was not created before istiod was installed, or it is in another namespace.',
  remedy: `${replaceAuthority}\n${restartIstiod}`,
  reference: pluginDocs,
  needs: ['authorities', 'installs'],
  explains: { cluster: ['MP1101', 'MP1107', 'MP1112', 'MP1108'], target: ['MP3403'] },
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
        cause: `${cluster.name} does not have a secret cacerts in ${cluster.systemNamespace}, so its istiod uses its own root.`,
      };
    });
  },
};

const notAuthority: Check = {
  code: 'MP1110',
  title: 'The certificate that istiod signs with is not a certificate authority',
  severity: 'error',
  explanation:
    'The basic constraints of the certificate in `ca-cert.pem` do not have CA:TRUE, so it may not sign. OpenSSL and BoringSSL reject the certificates that it signs.',
  remedy:
    'openssl x509 -in ca-cert.pem -noout -text | grep -A1 "Basic Constraints"   # issue one with CA:TRUE and keyCertSign',
  reference: pluginDocs,
  needs: ['authorities', 'installs'],
  explains: { target: ['MP3402'] },
  run: perCluster(function* (cluster, view) {
    const signing = view.certificate(authorityOf(cluster)?.certificate[0]);
    if (!signing || signing.isCa) return;
    yield {
      object: `Secret ${cluster.systemNamespace}/${authorityOf(cluster)?.secret}`,
      evidence: [{ what: 'basic constraints', seen: 'CA:FALSE', expected: 'CA:TRUE' }],
      cause: `The certificate that istiod of ${cluster.name} signs with is not a certificate authority.`,
    };
  }),
};

const weak: Check = {
  code: 'MP1114',
  title: 'A certificate authority has a weak key or signature',
  severity: 'warning',
  explanation:
    'A root or intermediate has an RSA key below 2048 bits, or a SHA-1 or MD5 signature. Newer TLS libraries reject it, so an update of the proxies can end all calls.',
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
        cause: `The certificate authority ${one.subject} of ${cluster.name} has a weak key or signature.`,
      };
    }
  }),
};

export const authoritySecretChecks = [unusable, madeOwnRoot, notAuthority, weak];
