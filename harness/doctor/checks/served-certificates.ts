import type { ProxyRecord } from '../../snapshot/schema.ts';
import type { Check } from '../check.ts';
import { keyOf } from '../cluster-view.ts';
import { shareRoot } from '../facts/chains.ts';
import { certified } from '../facts/workload-certificates.ts';
import { perCluster, perPrimary } from '../per-cluster.ts';
import { restartIstiod } from '../remedies.ts';
import { isDiscovered } from '../selectors.ts';
import { authorityOf, rootsOfAuthority, secretOf } from '../trust.ts';
import { short, firstFew, span } from '../format-values.ts';

const restart = `${restartIstiod}\n# then restart the workloads, or wait until they renew their certificates`;

const named = (proxies: readonly { proxy: Pick<ProxyRecord, 'namespace' | 'pod'> }[]): string =>
  firstFew(proxies.map(({ proxy }) => keyOf({ namespace: proxy.namespace, name: proxy.pod })));

const notServed: Check = {
  code: 'MP1107',
  title: 'Proxies have certificates of another authority than cacerts',
  severity: 'warning',
  explanation:
    'Everything works today. The authority in `cacerts` did not sign the certificates of these proxies. Either istiod still signs with the old authority, or the workloads have not renewed since. When the old root expires or is removed, calls fail.',
  remedy: restart,
  reference: 'https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/',
  needs: ['authorities', 'proxies', 'installs', 'roots', 'workloads'],
  run: perPrimary(function* (cluster, view) {
    const used = authorityOf(view, cluster);
    const signing = used?.signing;
    const all = certified(view, cluster);
    if (!used || !signing || all.length === 0) return;
    const signed = all.filter(({ leaf }) => leaf.signedBy.includes(signing.fingerprint));
    if (signed.length === all.length) return;
    const others = all.filter((one) => !signed.includes(one));
    yield {
      // Some proxies have renewed: the change is in progress.
      severity: signed.length > 0 ? 'info' : 'warning',
      object: secretOf(used),
      evidence: [
        { what: 'proxies with its certificate', seen: signed.length, expected: all.length },
        {
          what: `issuer, in ${named(others.slice(0, 1))}`,
          seen: others[0]?.leaf.issuer ?? '',
          expected: signing.subject,
        },
      ],
      cause: `The authority in ${used.authority.secret} of ${cluster.name} (${signing.subject}) signed ${signed.length} of the ${all.length} certificates of its proxies.`,
    };
  }),
};

const staleConfigMaps: Check = {
  code: 'MP1108',
  title: 'Namespaces get a root that does not belong to the authority',
  severity: 'warning',
  explanation:
    'istiod writes its root to the ConfigMap istio-ca-root-cert of each namespace, and workloads verify istiod with it. With a wrong root, new pods do not get a certificate. Either istiod did not load the new authority, or it cannot write ConfigMaps.',
  remedy: restartIstiod,
  reference: 'https://istio.io/latest/docs/concepts/security/#pki',
  needs: ['authorities', 'roots', 'installs', 'proxies', 'workloads', 'namespaces', 'istiods'],
  run: perPrimary(function* (cluster, view) {
    const used = authorityOf(view, cluster);
    const roots = used ? rootsOfAuthority(view, used.authority) : [];
    if (roots.length === 0) return;
    // istiod does not update the ConfigMap of a namespace that it does not discover.
    // istiod does not update the ConfigMap of a namespace that it does not discover.
    const stale = cluster
      .seen('roots')
      .filter((given) => !shareRoot(view.certificatesOf(given.roots), roots))
      .filter(({ namespace }) => isDiscovered(cluster, namespace));
    if (stale.length === 0) return;
    yield {
      object: `ConfigMap ${keyOf(stale[0] as { namespace: string; name: string })}`,
      evidence: [
        { what: 'namespaces with another root', seen: stale.length, expected: 0 },
        {
          what: 'root in the first of them',
          seen: short(stale[0]?.roots[0]),
          expected: short(roots[0]?.fingerprint),
        },
      ],
      cause: `${stale.length} of ${cluster.seen('roots').length} namespaces of ${cluster.name} have a root that does not belong to its authority.`,
    };
  }),
};

const leafNotRenewed: Check = {
  code: 'MP1111',
  title: 'A proxy does not renew its certificate',
  severity: 'warning',
  explanation:
    'Proxies renew a certificate after half of its lifetime. A proxy with less than a quarter left could not renew: istiod does not answer or refuses. When the certificate expires, all calls to and from the workload fail.',
  remedy:
    'kubectl --context <cluster> -n <namespace> logs <pod> -c istio-proxy | grep -i -E "sds|csr|ca client"',
  reference: 'https://istio.io/latest/docs/reference/commands/pilot-agent/#envvars',
  needs: ['proxies'],
  run: perCluster(function* (cluster, view) {
    const late = certified(view, cluster).flatMap(({ proxy, leaf }) => {
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
        { what: 'proxies that did not renew', seen: late.length, expected: 0 },
        {
          what: 'lifetime left of the oldest certificate',
          seen: `${worst.left < 0 ? '-' : ''}${span(worst.left)}`,
          expected: 'at least a quarter of its lifetime',
        },
      ],
      cause: `${named(late)} of ${cluster.name} ${worst.left < 0 ? 'did not renew its certificate, which has expired' : 'did not renew its certificate in time'}.`,
    };
  }),
};

export const servedCertificateChecks = [notServed, staleConfigMaps, leafNotRenewed];
