import type { Check, Sighting } from '../check.ts';
import type { MeshView } from '../mesh-view.ts';
import { authorityCertificates, type AuthorityCertificate } from '../facts/authority-certificates.ts';
import { nameOf } from '../facts/chains.ts';
import { certified } from '../facts/workload-certificates.ts';
import { perCluster } from '../per-cluster.ts';
import { authorityOf, pathOfAuthority, rootsOfAuthority, secretOf } from '../trust.ts';
import { dayMs, firstFew, hourMs, short, span } from '../format-values.ts';

const pluginDocs = 'https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/';

/** Judges each certificate between the workloads and their roots, and between an authority and its root. */
function* eachCertificate(
  view: MeshView,
  see: (one: AuthorityCertificate) => Omit<Sighting, 'cluster' | 'object'> | undefined,
): Iterable<Sighting> {
  for (const one of authorityCertificates(view)) {
    const seen = see(one);
    if (seen) yield { cluster: one.cluster.name, object: one.object, ...seen };
  }
}

/** The end of a sentence about a certificate that is only in a Secret. */
const notServed = (cluster: string): string =>
  `; proxies do not show it yet, and calls fail after istiod of ${cluster} loads it`;

const notSigned: Check = {
  code: 'MP1102',
  title: 'An intermediate is not signed by its root',
  severity: 'error',
  explanation:
    'The certificate with which istiod signs does not chain to the root in the same secret. Workloads of all clusters reject the certificates that it signs, and istiod does not start with these files. They come from different authorities, or `cert-chain.pem` lacks a certificate. A running istiod keeps the authority that it loaded, so the finding is a warning until proxies have certificates of the new one.',
  remedy:
    'openssl verify -CAfile root-cert.pem -untrusted cert-chain.pem ca-cert.pem   # make this hold, then replace cacerts and restart istiod',
  reference: pluginDocs,
  needs: ['authorities', 'installs', 'proxies', 'roots', 'workloads'],
  explains: { cluster: ['MP1107', 'MP1108'], target: ['MP1112'] },
  run: perCluster(function* (cluster, view) {
    const used = authorityOf(view, cluster);
    if (!used?.signing || used.authority.roots.length === 0 || pathOfAuthority(view, used)) return;
    const roots = rootsOfAuthority(view, used.authority);
    yield {
      severity: used.use === 'served' ? 'error' : 'warning',
      object: secretOf(used),
      evidence: [
        { what: 'issuer of ca-cert.pem', seen: used.signing.issuer, expected: firstFew(roots.map(nameOf)) },
        {
          what: 'key of its signer',
          seen: short(used.signing.authorityKeyId),
          expected: firstFew(roots.map(({ subjectKeyId }) => short(subjectKeyId))),
        },
      ],
      cause: `The authority of ${cluster.name} (${nameOf(used.signing)}) is not signed by the root in the same secret${used.use === 'served' ? '' : ', so istiod does not start with it'}.`,
    };
  }),
};

const expired: Check = {
  code: 'MP1103',
  title: 'A certificate authority has expired',
  severity: 'error',
  explanation:
    'A certificate between istiod and the root has expired. istiod does not sign certificates any more. Proxies cannot renew, and calls fail when their certificates expire. If the expired certificate is in the Secret only, the running istiod does not use it yet, and the finding is a warning.',
  remedy: 'openssl x509 -in ca-cert.pem -noout -dates   # issue a new one, replace cacerts, restart istiod',
  reference: pluginDocs,
  needs: ['authorities', 'installs', 'roots', 'proxies', 'workloads'],
  explains: { cluster: ['MP1111', 'MP1107'], target: ['MP3402'] },
  run: (view) =>
    eachCertificate(view, ({ cluster, certificate: one, isServed }) =>
      Date.parse(one.notAfter) < view.now
        ? {
            severity: isServed ? 'error' : 'warning',
            evidence: [
              {
                what: `expiry of ${nameOf(one)}`,
                seen: one.notAfter,
                expected: `after ${view.snapshot.takenAt}`,
              },
            ],
            cause: `The certificate authority ${nameOf(one)} expired ${span(view.now - Date.parse(one.notAfter))} ago${isServed ? '' : notServed(cluster.name)}.`,
          }
        : undefined,
    ),
};

/** Enough time to issue and roll out an authority; public certificate monitors warn at the same time. */
const soonMs = 30 * dayMs;
/** Too little time for the next working day. */
const nearMs = 12 * hourMs;

const expiresSoon: Check = {
  code: 'MP1104',
  title: 'A certificate authority expires soon',
  severity: 'warning',
  explanation:
    'Everything works today. A certificate between workloads and the root expires within 30 days and within a quarter of its lifetime. At that moment, all certificates below it stop working, and calls fail: istiod does not issue a certificate that is valid longer than its authority. If that is less than 12 hours away and workloads show certificates of this authority, the finding is an error.',
  remedy: 'openssl x509 -in ca-cert.pem -noout -enddate   # issue a new one, replace cacerts, restart istiod',
  reference: pluginDocs,
  needs: ['authorities', 'installs', 'roots', 'proxies', 'workloads'],
  explains: { cluster: ['MP1111', 'MP1107'] },
  run: (view) =>
    eachCertificate(view, ({ cluster, certificate: one, isServed }) => {
      const [end, begin] = [Date.parse(one.notAfter), Date.parse(one.notBefore)];
      const left = end - view.now;
      // An authority that a program renews every few weeks always expires soon.
      const enough = Math.min(soonMs, (end - begin) / 4);
      if (!(left >= 0 && left < enough)) return undefined;
      const calls = isServed ? `: then calls to and from ${cluster.name} fail` : '';
      return {
        severity: isServed && left < nearMs ? 'error' : 'warning',
        evidence: [
          {
            what: `expiry of ${nameOf(one)}`,
            seen: one.notAfter,
            expected: `more than ${span(enough)} from now`,
          },
          {
            what: `proxies of ${cluster.name} with a certificate`,
            seen: certified(view, cluster).length,
          },
        ],
        cause: `The certificate authority ${nameOf(one)} expires in ${span(left)}${calls}.`,
      };
    }),
};

const notYetValid: Check = {
  code: 'MP1105',
  title: 'A certificate authority is not valid yet',
  severity: 'error',
  explanation:
    'A certificate between istiod and the root becomes valid in the future. Until then, workloads reject the certificates that it signs. Either the clock was wrong where it was created, or its start date was set on purpose. If it is in the Secret only, the running istiod does not use it yet, and the finding is a warning.',
  remedy:
    'openssl x509 -in ca-cert.pem -noout -startdate   # issue one that is valid now, replace cacerts, restart istiod',
  reference: pluginDocs,
  needs: ['authorities', 'installs', 'roots', 'proxies', 'workloads'],
  explains: { cluster: ['MP1107'] },
  run: (view) =>
    eachCertificate(view, ({ cluster, certificate: one, isServed }) =>
      Date.parse(one.notBefore) > view.now
        ? {
            severity: isServed ? 'error' : 'warning',
            evidence: [
              {
                what: `start of ${nameOf(one)}`,
                seen: one.notBefore,
                expected: `before ${view.snapshot.takenAt}`,
              },
            ],
            cause: `The certificate authority ${nameOf(one)} becomes valid in ${span(Date.parse(one.notBefore) - view.now)}${isServed ? '' : notServed(cluster.name)}.`,
          }
        : undefined,
    ),
};

const weak: Check = {
  code: 'MP1114',
  title: 'A certificate authority has a weak key or signature',
  severity: 'warning',
  explanation:
    'A root or intermediate has an RSA key below 2048 bits, or a SHA-1 or MD5 signature. Newer TLS libraries reject it, so an update of the proxies can end all calls.',
  remedy: 'openssl x509 -in root-cert.pem -noout -text | grep -E "Signature Algorithm|Public-Key"',
  reference: pluginDocs,
  needs: ['authorities', 'installs', 'roots', 'proxies', 'workloads'],
  run: (view) =>
    eachCertificate(view, ({ cluster, certificate: one }) => {
      const bits = /^rsa (\d+)/i.exec(one.keyType)?.[1];
      const isOld = /sha-?1(?!\d)|md5/i.test(one.signatureAlgorithm ?? '') && !one.selfSigned;
      if (!(bits !== undefined && Number(bits) < 2048) && !isOld) return undefined;
      return {
        evidence: [
          { what: 'key', seen: one.keyType, expected: 'rsa 2048 or more, or an elliptic curve' },
          { what: 'signature', seen: one.signatureAlgorithm ?? 'unknown', expected: 'SHA-256 or better' },
        ],
        cause: `The certificate authority ${nameOf(one)} of ${cluster.name} has a weak key or signature.`,
      };
    }),
};

const notAuthority: Check = {
  code: 'MP1110',
  title: 'The certificate that istiod signs with is not a certificate authority',
  severity: 'error',
  explanation:
    'The basic constraints of a certificate above the workloads do not have CA:TRUE, so it may not sign. OpenSSL and BoringSSL reject the certificates that it signs. If it is in the Secret only, the finding is a warning.',
  remedy:
    'openssl x509 -in ca-cert.pem -noout -text | grep -A1 "Basic Constraints"   # issue one with CA:TRUE and keyCertSign',
  reference: pluginDocs,
  needs: ['authorities', 'installs', 'roots', 'proxies', 'workloads'],
  run: (view) =>
    eachCertificate(view, ({ cluster, certificate: one, isServed }) =>
      // A root that works may be of X.509 version 1, without basic constraints.
      one.isCa || (one.selfSigned && isServed)
        ? undefined
        : {
            severity: isServed ? 'error' : 'warning',
            evidence: [
              { what: `basic constraints of ${nameOf(one)}`, seen: 'CA:FALSE', expected: 'CA:TRUE' },
            ],
            cause: `The certificate that signs for ${cluster.name} is not a certificate authority${isServed ? '' : notServed(cluster.name)}.`,
          },
    ),
};

export const authorityChecks = [notSigned, expired, expiresSoon, notYetValid, notAuthority, weak];
