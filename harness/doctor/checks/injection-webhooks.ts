import type { Certificate, WebhookRecord, WorkloadRecord } from '../../snapshot/schema.ts';
import type { Check } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import type { Evidence } from '../finding.ts';
import { firstFew } from '../format-values.ts';
import type { MeshView } from '../mesh-view.ts';
import { perCluster } from '../per-cluster.ts';
import { istiodName, restartOf } from '../remedies.ts';
import { matches } from '../selectors.ts';
import { sameRoot } from '../facts/chains.ts';
import { fromReadable } from '../unread.ts';

const noWebhook: Check = {
  code: 'MP6106',
  title: 'A webhook for sidecars names a Service that does not exist',
  severity: 'error',
  explanation:
    'The API server calls istiod to inject sidecars into pods. If the Service of the webhook does not exist, pods cannot be created (failurePolicy Fail), or are created without a sidecar (Ignore).',
  remedy:
    'kubectl --context <cluster> get mutatingwebhookconfigurations -l app=sidecar-injector\nkubectl --context <cluster> delete mutatingwebhookconfiguration <name>   # if its revision does not exist any more',
  reference: 'https://istio.io/latest/docs/ops/common-problems/injection/',
  needs: ['webhooks', 'services'],
  run: perCluster(function* (cluster) {
    const lost = cluster
      .seen('webhooks')
      .filter(({ service }) => service && cluster.service(keyOf(service)) === undefined);
    const first = lost[0];
    if (!first) return;
    yield {
      object: `MutatingWebhookConfiguration ${first.configuration}`,
      evidence: [{ what: 'Service', seen: 'not there', expected: first.target }],
      cause: `The webhook ${first.configuration} of ${cluster.name} calls ${first.target}, which does not exist.`,
    };
  }),
};

const controlPlaneClusters = 'topology.istio.io/controlPlaneClusters';

const noCaBundle: Check = {
  code: 'MP6110',
  title: 'A webhook for sidecars does not have a CA bundle',
  severity: 'error',
  explanation:
    'The API server verifies istiod with the CA bundle of the webhook. Without the bundle, the call fails, so pods that need a sidecar cannot be created (failurePolicy Fail), or are created without one (Ignore). istiod writes the bundle. In a remote cluster, the istiod of a primary writes it only if it has EXTERNAL_ISTIOD=true and the annotation topology.istio.io/controlPlaneClusters of the namespace of istiod names the primary. It is a warning if the webhook calls a URL, which may have a public certificate, and no workload lacks pods.',
  remedy:
    "kubectl --context <cluster> annotate namespace istio-system --overwrite topology.istio.io/controlPlaneClusters='*'",
  reference:
    'https://istio.io/latest/docs/setup/install/multicluster/primary-remote_multi-network/#configure-cluster2-as-a-remote',
  needs: ['webhooks', 'namespaces', 'workloads', 'installs', 'istiods'],
  explains: { cluster: ['MP3205', 'MP3303', 'MP6102'] },
  run: perCluster(function* (cluster, view) {
    const bare = cluster.whole('webhooks').filter(({ caBundle }) => caBundle.length === 0);
    for (const { configuration, hooks, asking, lacking } of activeHooks(cluster, bare)) {
      const [first] = hooks;
      const isCertain = hooks.some(({ service, failurePolicy }) => service && failurePolicy !== 'Ignore');
      yield {
        severity: lacking.length > 0 || isCertain ? 'error' : 'warning',
        object: `MutatingWebhookConfiguration ${configuration}`,
        ...(cluster.hasIstiod ? {} : { subject: 'writer in another cluster' }),
        evidence: [
          { what: 'certificates in the CA bundle', seen: 0, expected: 'the root of istiod' },
          { what: 'workloads that ask for sidecars and lack pods', seen: lacking.length, expected: 0 },
          ...reasonsOf(view, cluster),
        ],
        cause: `The webhook ${configuration} of ${cluster.name} does not have a CA bundle, so the API server cannot verify ${first.target}: ${effectOf(lacking, asking)}.`,
        remedy: remedyOf(view, cluster, first),
      };
    }
  }),
};

/** The webhooks by configuration, with the workloads that ask for them, and those of them that lack pods. Throws NotRead. */
function activeHooks(cluster: ClusterView, all: readonly WebhookRecord[]) {
  return [...Map.groupBy(all, (one) => one.configuration)].flatMap(([configuration, [first, ...others]]) => {
    if (!first) return [];
    const hooks = [first, ...others] as const;
    const asking = cluster.whole('workloads').filter((one) => hooks.some((hook) => asks(cluster, hook, one)));
    const lacking = asking.filter(({ wanted, current, updated }) => Math.min(current, updated) < wanted);
    return asking.length > 0 ? [{ configuration, hooks, asking, lacking }] : [];
  });
}

const otherCaBundle: Check = {
  code: 'MP6111',
  title: 'The CA bundle of a webhook for sidecars is not a root of this cluster',
  severity: 'error',
  explanation:
    'The API server verifies istiod with the CA bundle of the webhook. The bundle has neither the root that istiod gives to the namespaces nor a root that a proxy has. So the call fails, and pods that need a sidecar cannot be created (failurePolicy Fail), or are created without one (Ignore). Usually a template has replaced the bundle, or istiod may not update the webhook. It is an info if no workload lacks pods: istiod may have a certificate of another authority.',
  remedy: 'kubectl --context <cluster> get mutatingwebhookconfiguration <name> -o yaml',
  reference: 'https://istio.io/latest/docs/ops/common-problems/injection/',
  needs: ['webhooks', 'namespaces', 'workloads', 'installs', 'roots', 'proxies', 'istiods'],
  explains: { cluster: ['MP3205', 'MP3303', 'MP2209', 'MP6102'] },
  run: perCluster(function* (cluster, view) {
    const { pilotCertProvider = 'istiod' } = cluster.install ?? {};
    const roots = [
      ...cluster.whole('roots').flatMap((one) => one.roots),
      ...cluster.whole('proxies').flatMap((one) => one.roots),
    ];
    const known = view.certificatesOf([...new Set(roots)]);
    // Another provider signs the certificate of istiod with another authority.
    if (pilotCertProvider !== 'istiod' || known.length === 0) return;
    const strange = cluster.whole('webhooks').filter(({ caBundle }) => {
      const bundle = view.certificatesOf(caBundle);
      return bundle.length > 0 && !bundle.some((one) => known.some((root) => sameRoot(root, one)));
    });
    for (const { configuration, hooks, asking, lacking } of activeHooks(cluster, strange)) {
      const [{ caBundle, service, target, revision }] = hooks;
      if (!service && lacking.length === 0) continue; // a URL may have the certificate of another authority
      const named = (all: readonly Certificate[]) => firstFew(all.map(({ subject }) => subject));
      yield {
        severity: lacking.length > 0 ? 'error' : 'info',
        object: `MutatingWebhookConfiguration ${configuration}`,
        evidence: [
          { what: 'CA bundle', seen: named(view.certificatesOf(caBundle)), expected: named(known) },
          { what: 'workloads that ask for sidecars and lack pods', seen: lacking.length, expected: 0 },
        ],
        cause: `The CA bundle of the webhook ${configuration} of ${cluster.name} is not a root of ${cluster.name}, so the API server does not trust ${target}: ${effectOf(lacking, asking)}.`,
        ...(cluster.hasIstiod ? { remedy: restartOf(cluster.systemNamespace, revision || 'default') } : {}),
      };
    }
  }),
};

function effectOf(lacking: readonly WorkloadRecord[], asking: readonly WorkloadRecord[]): string {
  const named = (all: readonly WorkloadRecord[]) => firstFew(all.map(keyOf));
  return lacking.length > 0
    ? `${lacking.length} workloads lack pods (${named(lacking)})`
    : `new pods of ${named(asking)} fail`;
}

/** Whether a webhook is called for the pods of a workload. */
function asks(cluster: ClusterView, hook: WebhookRecord, workload: WorkloadRecord): boolean {
  const labels = cluster.namespaces.get(workload.namespace)?.labels ?? {};
  return (
    workload.wanted > 0 &&
    workload.templateAnnotations['sidecar.istio.io/inject'] !== 'false' &&
    matches(hook.namespaceSelector, labels) &&
    matches(hook.objectSelector, workload.templateLabels)
  );
}

/** The primaries that read a cluster: one of them has to write the CA bundle. */
const primariesOf = (view: MeshView, cluster: ClusterView): ClusterView[] =>
  fromReadable(view.primaries, (one) => {
    const names = [cluster.name, cluster.install?.clusterName];
    const reads = one
      .seen('istiods')
      .some(({ clusters = [] }) => clusters.some(({ id }) => names.includes(id)));
    return one !== cluster && reads ? [one] : [];
  });

/** In a remote cluster, the conditions under which a primary writes the CA bundle. */
function reasonsOf(view: MeshView, cluster: ClusterView): Evidence[] {
  if (cluster.hasIstiod) return [];
  const primaries = primariesOf(view, cluster);
  const { annotations } = cluster.namespaces.get(cluster.systemNamespace) ?? {};
  return [
    {
      what: `annotation ${controlPlaneClusters} of namespace ${cluster.systemNamespace}`,
      seen: annotations ? (annotations[controlPlaneClusters] ?? 'none') : 'not read',
      expected: firstFew(primaries.map(({ name }) => name)) || '*',
    },
    ...primaries.map(({ name, install }) => ({
      what: `EXTERNAL_ISTIOD of istiod of ${name}`,
      seen: install?.env['EXTERNAL_ISTIOD'] ?? 'unset',
      expected: 'true',
    })),
  ];
}

/** In a remote cluster, lets its primaries write the CA bundle; elsewhere, restarts istiod, which writes it when it starts. */
function remedyOf(view: MeshView, cluster: ClusterView, { revision }: WebhookRecord): string {
  const { systemNamespace, hasIstiod } = cluster;
  if (hasIstiod) return restartOf(systemNamespace, revision || 'default');
  const primaries = primariesOf(view, cluster);
  const names = primaries.map(({ install, name }) => install?.clusterName ?? name).join(',');
  const lacking = primaries.filter(({ install }) => install?.env['EXTERNAL_ISTIOD'] !== 'true');
  return [
    `kubectl --context <cluster> annotate namespace ${systemNamespace} --overwrite ${controlPlaneClusters}=${names || "'*'"}`,
    ...lacking.map(
      (one) =>
        `kubectl --context ${one.name} -n ${one.systemNamespace} set env deployment/${istiodName(one.install?.revision)} EXTERNAL_ISTIOD=true`,
    ),
  ].join('\n');
}

export const injectionWebhookChecks = [noWebhook, noCaBundle, otherCaBundle];
