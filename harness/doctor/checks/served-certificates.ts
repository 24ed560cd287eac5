import type { ProxyRecord } from '../../snapshot/schema.ts';
import type { Check } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import type { MeshView } from '../mesh-view.ts';
import { perCluster, perPrimary } from '../per-cluster.ts';
import { authorityOf, rootsOf, sameRoot } from '../trust.ts';
import { separately } from '../unread.ts';
import { short, firstFew, span } from '../format-values.ts';

const restart =
  'kubectl --context <cluster> -n istio-system rollout restart deployment istiod\n# then the workloads, or wait until their certificates renew';

/** The proxies of a cluster with the certificate that each shows. */
const shown = (view: MeshView, cluster: ClusterView) =>
  cluster.seen('proxies').flatMap((proxy) => {
    const leaf = view.certificate(proxy.certificate[0]);
    return leaf ? [{ proxy, leaf }] : [];
  });

const named = (proxies: readonly { proxy: Pick<ProxyRecord, 'namespace' | 'pod'> }[]): string =>
  firstFew(proxies.map(({ proxy }) => keyOf({ namespace: proxy.namespace, name: proxy.pod })));

const notServed: Check = {
  code: 'MP1107',
  title: 'A new certificate authority is in the secret, but what proxies show comes from another',
  severity: 'warning',
  explanation:
    'Everything works today. The authority in `cacerts` did not sign the certificate of any proxy that was read: it was replaced, and istiod still signs with the old one, or no workload has renewed since. When the old authority ends, or its root is taken away, calls fail although the secret looks right.',
  remedy: restart,
  reference: 'https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/',
  needs: ['authorities', 'proxies', 'installs', 'roots'],
  run: perPrimary(function* (cluster, view) {
    const authority = authorityOf(cluster);
    const signing = view.certificate(authority?.certificate[0]);
    const all = shown(view, cluster);
    if (!authority || !signing || all.length === 0) return;
    const byIt = all.filter(({ leaf }) => leaf.signedBy.includes(signing.fingerprint));
    if (byIt.length === all.length) return;
    const others = all.filter((one) => !byIt.includes(one));
    yield {
      // Some have renewed: the change is on its way.
      severity: byIt.length > 0 ? 'info' : 'warning',
      object: `Secret ${authority.namespace}/${authority.secret}`,
      evidence: [
        { what: 'proxies with a certificate of it', seen: byIt.length, expected: all.length },
        {
          what: `issuer, in ${named(others.slice(0, 1))}`,
          seen: others[0]?.leaf.issuer ?? '',
          expected: signing.subject,
        },
      ],
      cause: `The authority in ${authority.secret} of ${cluster.name} (${signing.subject}) signed ${byIt.length} of the ${all.length} certificates that its proxies show.`,
    };
  }),
};

const staleConfigMaps: Check = {
  code: 'MP1108',
  title: 'Namespaces are given a root that is not the authority’s',
  severity: 'warning',
  explanation:
    "istiod writes its root into the ConfigMap istio-ca-root-cert of every namespace; workloads verify istiod with it. Where it is another root than the authority's own, pods that start cannot get a certificate. It comes about when istiod has not taken a new authority, or cannot write ConfigMaps.",
  remedy: 'kubectl --context <cluster> -n istio-system rollout restart deployment istiod',
  reference: 'https://istio.io/latest/docs/concepts/security/#pki',
  needs: ['authorities', 'roots', 'installs'],
  run: perPrimary(function* (cluster, view) {
    if (!authorityOf(cluster)) return;
    const roots = rootsOf(view, cluster);
    if (roots.length === 0) return;
    const stale = cluster
      .seen('roots')
      .filter(
        ({ roots: given }) =>
          !view.certificatesOf(given).some((one) => roots.some((root) => sameRoot(one, root))),
      );
    if (stale.length === 0) return;
    yield {
      object: `ConfigMap ${keyOf(stale[0] as { namespace: string; name: string })}`,
      evidence: [
        { what: 'namespaces with another root', seen: stale.length, expected: 0 },
        { what: 'root there', seen: short(stale[0]?.roots[0]), expected: short(roots[0]?.fingerprint) },
      ],
      cause: `${stale.length} of ${cluster.seen('roots').length} namespaces of ${cluster.name} are given a root that its authority does not lead to.`,
    };
  }),
};

const leafNotRenewed: Check = {
  code: 'MP1111',
  title: 'A proxy does not renew its certificate',
  severity: 'warning',
  explanation:
    'Proxies renew their certificate when half of its life is over. One that has less than a quarter left could not: istiod does not answer it, or refuses. When the certificate ends, every call to and from the workload fails.',
  remedy:
    'kubectl --context <cluster> -n <namespace> logs <pod> -c istio-proxy | grep -i -E "sds|csr|ca client"',
  reference: 'https://istio.io/latest/docs/reference/commands/pilot-agent/#envvars',
  needs: ['proxies'],
  run: perCluster(function* (cluster, view) {
    const late = shown(view, cluster).flatMap(({ proxy, leaf }) => {
      const life = Date.parse(leaf.notAfter) - Date.parse(leaf.notBefore);
      const left = Date.parse(leaf.notAfter) - view.now;
      return left < life / 4 ? [{ proxy, left }] : [];
    });
    const worst = late.toSorted((a, b) => a.left - b.left)[0];
    if (!worst) return;
    yield {
      severity: worst.left < 0 ? 'error' : 'warning',
      object: `Pod ${keyOf({ namespace: worst.proxy.namespace, name: worst.proxy.pod })}`,
      evidence: [
        { what: 'proxies that are late', seen: late.length, expected: 0 },
        {
          what: 'left of the oldest certificate',
          seen: `${worst.left < 0 ? '-' : ''}${span(worst.left)}`,
          expected: 'at least a quarter of its life',
        },
      ],
      cause: `${named(late)} of ${cluster.name} ${worst.left < 0 ? 'shows a certificate that has ended' : 'should have renewed its certificate'}.`,
    };
  }),
};

const distrusts: Check = {
  code: 'MP1112',
  title: 'Proxies of one cluster do not have the root of another',
  severity: 'error',
  explanation:
    'Proxies hold the roots that istiod sent them. Where these do not include the root of another cluster, the handshake with its workloads fails, whatever the secrets say by now. Usually the roots of the clusters differ, or istiod was not restarted since they were made the same.',
  remedy: restart,
  reference: 'https://istio.io/latest/docs/ops/diagnostic-tools/multicluster/#trust-configuration',
  needs: ['proxies', 'authorities', 'installs', 'roots'],
  run: perCluster(function* (cluster, view) {
    yield* separately(view.clusters, function* (other) {
      if (other === cluster) return;
      const roots = rootsOf(view, other);
      const reading = cluster.seen('proxies').filter((proxy) => view.certificatesOf(proxy.roots).length > 0);
      if (roots.length === 0) return;
      const without = reading.filter(
        (proxy) => !view.certificatesOf(proxy.roots).some((one) => roots.some((root) => sameRoot(one, root))),
      );
      if (without.length === 0) return;
      yield {
        peer: other.name,
        object: `Pod ${keyOf({ namespace: without[0]?.namespace ?? '', name: without[0]?.pod ?? '' })}`,
        evidence: [{ what: `proxies without the root of ${other.name}`, seen: without.length, expected: 0 }],
        cause: `${without.length} of ${reading.length} proxies of ${cluster.name} do not hold the root of ${other.name}.`,
      };
    });
  }),
};

export const servedCertificateChecks = [notServed, staleConfigMaps, leafNotRenewed, distrusts];
