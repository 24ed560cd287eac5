import type { Certificate } from '../../snapshot/schema.ts';
import type { Check, Sighting } from '../check.ts';
import type { ClusterView } from '../cluster-view.ts';
import type { MeshView } from '../mesh-view.ts';
import { perCluster } from '../per-cluster.ts';
import { replaceAuthority, restartIstiod } from '../remedies.ts';
import { authorityOf, pathOfAuthority, pathTo, rootsOf, sameRoot } from '../trust.ts';
import { fromReadable, separately } from '../unread.ts';
import { dayMs, short, firstFew, span } from '../format-values.ts';

const pluginDocs = 'https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/';

const secretOf = (cluster: ClusterView): string => {
  const authority = authorityOf(cluster);
  return `Secret ${authority?.namespace ?? cluster.systemNamespace}/${authority?.secret ?? 'cacerts'}`;
};

/** Judges each certificate between an authority and its root. */
function* eachAuthority(
  view: MeshView,
  see: (certificate: Certificate) => Pick<Sighting, 'evidence' | 'cause' | 'severity'> | undefined,
): Iterable<Sighting> {
  yield* separately(view.clusters, function* (cluster) {
    for (const certificate of pathOfAuthority(view, cluster)) {
      const seen = see(certificate);
      if (seen) yield { cluster: cluster.name, object: secretOf(cluster), ...seen };
    }
  });
}

const nameOf = ({ subject, fingerprint }: Certificate): string => subject || short(fingerprint);

const rootsDiffer: Check = {
  code: 'MP1101',
  title: 'The roots of two clusters differ',
  severity: 'error',
  explanation:
    'Workloads accept only certificates that chain to the roots of their cluster. These clusters do not have a common root, so every call between them fails in the TLS handshake. Either istiod created its own root, or `cacerts` comes from another root. The finding names the cluster whose root fewer clusters have.',
  remedy: `# sign the intermediate of <cluster> with the root of the other clusters, then\n${replaceAuthority}\n${restartIstiod}`,
  reference: pluginDocs,
  needs: ['authorities', 'roots', 'installs'],
  explains: { cluster: ['MP1112', 'MP1107', 'MP1108'], target: ['MP3403'] },
  run: function* (view) {
    const known = fromReadable(view.clusters, (cluster) => {
      const roots = rootsOf(view, cluster);
      return roots.length > 0 ? [{ cluster, roots }] : [];
    });
    const share = (a: Certificate[], b: Certificate[]) =>
      a.some((one) => b.some((other) => sameRoot(one, other)));
    const support = known.map((one) => known.filter((other) => share(one.roots, other.roots)).length);
    const usual = known[support.indexOf(Math.max(...support))];
    if (!usual) return;
    yield* separately(known, function* ({ cluster, roots }) {
      if (share(roots, usual.roots)) return;
      const extra = view.certificatesOf(usual.cluster.settings?.caCertificates ?? []);
      if (share(roots, extra)) return;
      yield {
        cluster: cluster.name,
        peer: usual.cluster.name,
        object: secretOf(cluster),
        evidence: [
          {
            what: `root of ${cluster.name}`,
            seen: `${nameOf(roots[0] as Certificate)} ${short(roots[0]?.fingerprint)}`,
            expected: `${nameOf(usual.roots[0] as Certificate)} ${short(usual.roots[0]?.fingerprint)}`,
          },
        ],
        cause: `${cluster.name} and ${usual.cluster.name} have no root certificate in common.`,
      };
    });
  },
};

const notSigned: Check = {
  code: 'MP1102',
  title: 'An intermediate is not signed by its root',
  severity: 'error',
  explanation:
    'The certificate with which istiod signs does not chain to the root in the same secret. Workloads of all clusters reject the certificates that it signs. The files come from different authorities, or `cert-chain.pem` lacks a certificate.',
  remedy:
    'openssl verify -CAfile root-cert.pem -untrusted cert-chain.pem ca-cert.pem   # make this hold, then replace cacerts and restart istiod',
  reference: pluginDocs,
  needs: ['authorities', 'installs'],
  explains: { cluster: ['MP1107', 'MP1108'], target: ['MP1112', 'MP3402', 'MP3403'] },
  run: perCluster(function* (cluster, view) {
    const authority = authorityOf(cluster);
    const signing = view.certificate(authority?.certificate[0]);
    const roots = view.certificatesOf(authority?.roots ?? []);
    if (!authority || !signing || roots.length === 0) return;
    const via = new Set([...authority.certificate, ...authority.chain, ...authority.roots]);
    if (pathTo(view, signing, via, roots)) return;
    yield {
      object: secretOf(cluster),
      evidence: [
        { what: 'issuer of ca-cert.pem', seen: signing.issuer, expected: firstFew(roots.map(nameOf)) },
        {
          what: 'key of its signer',
          seen: short(signing.authorityKeyId),
          expected: firstFew(roots.map(({ subjectKeyId }) => short(subjectKeyId))),
        },
      ],
      cause: `The authority of ${cluster.name} (${nameOf(signing)}) is not signed by the root in the same secret.`,
    };
  }),
};

const expired: Check = {
  code: 'MP1103',
  title: 'A certificate authority has expired',
  severity: 'error',
  explanation:
    'A certificate between istiod and the root has expired. istiod does not sign certificates any more. Proxies cannot renew, and calls fail when their certificates expire.',
  remedy: 'openssl x509 -in ca-cert.pem -noout -dates   # issue a new one, replace cacerts, restart istiod',
  reference: pluginDocs,
  needs: ['authorities', 'installs', 'roots'],
  explains: { cluster: ['MP1111', 'MP1107'], target: ['MP3402'] },
  run: (view) =>
    eachAuthority(view, (one) =>
      Date.parse(one.notAfter) < view.now
        ? {
            evidence: [
              {
                what: `expiry of ${nameOf(one)}`,
                seen: one.notAfter,
                expected: `after ${view.snapshot.takenAt}`,
              },
            ],
            cause: `The certificate authority ${nameOf(one)} expired ${span(view.now - Date.parse(one.notAfter))} ago.`,
          }
        : undefined,
    ),
};

/** Enough time to issue and roll out an authority; public certificate monitors warn at the same time. */
const soonMs = 30 * dayMs;

const expiresSoon: Check = {
  code: 'MP1104',
  title: 'A certificate authority expires soon',
  severity: 'warning',
  explanation:
    'Everything works today. A certificate between istiod and the root expires within 30 days and within a quarter of its lifetime. After that, workloads do not get certificates. Calls fail within a day, the lifetime of a workload certificate.',
  remedy: 'openssl x509 -in ca-cert.pem -noout -enddate   # issue a new one, replace cacerts, restart istiod',
  reference: pluginDocs,
  needs: ['authorities', 'installs', 'roots'],
  run: (view) =>
    eachAuthority(view, (one) => {
      const [end, begin] = [Date.parse(one.notAfter), Date.parse(one.notBefore)];
      const left = end - view.now;
      // An authority that a program renews every few weeks always expires soon.
      if (!(left >= 0 && left < Math.min(soonMs, (end - begin) / 4))) return undefined;
      return {
        evidence: [
          {
            what: `expiry of ${nameOf(one)}`,
            seen: one.notAfter,
            expected: `more than ${span(Math.min(soonMs, (end - begin) / 4))} from now`,
          },
        ],
        cause: `The certificate authority ${nameOf(one)} expires in ${span(left)}.`,
      };
    }),
};

const notYetValid: Check = {
  code: 'MP1105',
  title: 'A certificate authority is not valid yet',
  severity: 'error',
  explanation:
    'A certificate between istiod and the root becomes valid in the future. Until then, workloads reject the certificates that it signs. Either the clock was wrong where it was created, or its start date was set on purpose.',
  remedy:
    'openssl x509 -in ca-cert.pem -noout -startdate   # issue one that is valid now, replace cacerts, restart istiod',
  reference: pluginDocs,
  needs: ['authorities', 'installs', 'roots'],
  explains: { cluster: ['MP1107'], target: ['MP3402'] },
  run: (view) =>
    eachAuthority(view, (one) =>
      Date.parse(one.notBefore) > view.now
        ? {
            evidence: [
              {
                what: `start of ${nameOf(one)}`,
                seen: one.notBefore,
                expected: `before ${view.snapshot.takenAt}`,
              },
            ],
            cause: `The certificate authority ${nameOf(one)} becomes valid in ${span(Date.parse(one.notBefore) - view.now)}.`,
          }
        : undefined,
    ),
};

export const authorityChecks = [rootsDiffer, notSigned, expired, expiresSoon, notYetValid];
