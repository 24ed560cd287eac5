import type { Check } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import type { MeshView } from '../mesh-view.ts';
import { perCluster } from '../per-cluster.ts';
import { isInjected } from '../selectors.ts';
import { isYoung } from '../recent-changes.ts';
import { separately } from '../unread.ts';
import { firstFew } from '../format-values.ts';

const reference = 'https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/';
const system = new Set(['kube-system', 'kube-public', 'kube-node-lease']);

/** The namespaces of workloads: without those of Kubernetes and of the control plane. */
const ordinary = (cluster: ClusterView): string[] =>
  [...cluster.namespaces.keys()].filter((name) => !system.has(name) && name !== cluster.systemNamespace);

/** The clusters whose namespaces and webhooks were read. */
const reading = (view: MeshView): ClusterView[] =>
  view.clusters.filter((cluster) => cluster.readWhole('namespaces', 'webhooks'));

const oneSided: Check = {
  code: 'MP6101',
  title: 'A namespace gets sidecars in one cluster but not in another',
  severity: 'error',
  explanation:
    'The namespace has the label for sidecar injection in only one cluster. Existing pods keep their sidecars until they are replaced. New pods are outside the mesh: other clusters cannot reach them through gateways, and their calls do not carry an identity.',
  remedy:
    'kubectl --context <cluster> label namespace <namespace> istio-injection=enabled\nkubectl --context <cluster> -n <namespace> rollout restart deployment',
  reference,
  needs: ['namespaces', 'webhooks', 'pods', 'services', 'installs'],
  run: function* (view) {
    const clusters = reading(view).filter((cluster) => cluster.whole('webhooks').length > 0);
    const names = new Set(clusters.flatMap(ordinary));
    for (const name of names) {
      const having = clusters.filter(({ namespaces }) => namespaces.has(name));
      const asking = having.filter((cluster) => isInjected(cluster, name));
      if (asking.length === 0 || asking.length === having.length) continue;
      yield* separately(having, function* (cluster) {
        if (asking.includes(cluster) || isAmbient(cluster, name) || !hasWorkloads(cluster, name)) return;
        const pods = cluster.pods.in(name);
        // Pods may ask for sidecars themselves.
        if (pods.length > 0 && pods.every((pod) => pod.sidecar || pod.proxy !== undefined)) return;
        yield {
          cluster: cluster.name,
          peer: asking[0]?.name ?? '',
          object: `Namespace ${name}`,
          subject: name,
          evidence: [
            {
              what: `labels in ${cluster.name}`,
              seen: injectionLabels(cluster, name),
              expected: `${injectionLabels(asking[0] as ClusterView, name)} as in ${asking[0]?.name}`,
            },
            {
              what: 'pods with a sidecar',
              seen: pods.filter(({ sidecar }) => sidecar).length,
              expected: pods.length,
            },
          ],
          cause: `Namespace ${name} gets sidecars in ${firstFew(asking.map((one) => one.name))}, but not in ${cluster.name}.`,
        };
      });
    }
  },
};

/** Whether a namespace has pods, or a Service with a selector for future pods; default/kubernetes does not have a selector. */
const hasWorkloads = (cluster: ClusterView, namespace: string): boolean =>
  cluster.pods.in(namespace).length > 0 ||
  [...cluster.services.values()].some(
    (one) => one.namespace === namespace && Object.keys(one.selector).length > 0,
  );

/** Its pods are in the mesh without a sidecar of their own (https://istio.io/latest/docs/ambient/usage/add-workloads/). */
const isAmbient = (cluster: ClusterView, namespace: string): boolean =>
  cluster.namespaces.get(namespace)?.labels['istio.io/dataplane-mode'] === 'ambient';

function injectionLabels(cluster: ClusterView, namespace: string): string {
  const labels = Object.entries(cluster.namespaces.get(namespace)?.labels ?? {}).filter(([key]) =>
    key.startsWith('istio'),
  );
  return labels.map(([key, value]) => `${key}=${value}`).join(', ') || 'none';
}

const notInjected: Check = {
  code: 'MP6102',
  title: 'Pods have no sidecar, though their namespace asks for one',
  severity: 'warning',
  explanation:
    'These pods were created before the namespace was labelled, or while the webhook did not answer. They are outside the mesh: gateways cannot reach them, they do not encrypt, and policies by identity do not match them.',
  remedy: 'kubectl --context <cluster> -n <namespace> rollout restart deployment <deployment>',
  reference,
  needs: ['namespaces', 'webhooks', 'pods', 'installs'],
  run: perCluster(function* (cluster, view) {
    yield* separately(ordinary(cluster), function* (name) {
      const pods = cluster.pods
        .in(name)
        .filter((pod) => pod.phase === 'Running' && !pod.hostNetwork && !isYoung(view, pod));
      const without = pods.filter(
        (pod) =>
          !pod.sidecar && pod.proxy === undefined && isInjected(cluster, name, pod.labels) && !refuses(pod),
      );
      if (without.length === 0) return;
      yield {
        object: `Pod ${keyOf(without[0] as { namespace: string; name: string })}`,
        subject: name,
        ...restartOwner(without[0]?.owner),
        evidence: [
          {
            what: `pods of ${name} with a sidecar`,
            seen: pods.length - without.length,
            expected: pods.length,
          },
        ],
        cause: `${without.length} pods of ${name} in ${cluster.name} do not have a sidecar: ${firstFew(without.map((pod) => pod.name))}.`,
      };
    });
  }, reading),
};

/** The command that replaces the pods of an owner; undefined if the owner is not a workload. A ReplicaSet has the name of its Deployment and a hash. */
function restartOwner(owner = ''): { remedy?: string } {
  const [, kind = '', name = ''] =
    /^(Deployment|StatefulSet|DaemonSet|ReplicaSet)\/([\w.-]+)$/.exec(owner) ?? [];
  if (name === '') return {};
  const workload =
    kind === 'ReplicaSet' ? `deployment ${name.replace(/-[^-]+$/, '')}` : `${kind.toLowerCase()} ${name}`;
  return { remedy: `kubectl --context <cluster> -n <namespace> rollout restart ${workload}` };
}

const refuses = ({ annotations }: { annotations: Readonly<Record<string, string>> }): boolean =>
  annotations['sidecar.istio.io/inject'] === 'false';

const noRevision: Check = {
  code: 'MP6103',
  title: 'A namespace asks for a revision of Istio that does not exist',
  severity: 'error',
  explanation:
    'The label istio.io/rev names a revision or a tag that the webhooks of this cluster do not serve. New pods do not get a sidecar, without an error. The usual reason is that an old revision was removed before its namespaces were moved.',
  remedy:
    'istioctl --context <cluster> tag list\nkubectl --context <cluster> label namespace <namespace> istio.io/rev=<revision> --overwrite',
  reference: 'https://istio.io/latest/docs/setup/upgrade/canary/',
  needs: ['namespaces', 'webhooks', 'installs'],
  explains: { 'source and subject': ['MP6101'] },
  run: perCluster(function* (cluster) {
    for (const name of ordinary(cluster)) {
      const labels = cluster.namespaces.get(name)?.labels ?? {};
      const revision = labels['istio.io/rev'];
      if (revision === undefined || labels['istio-injection'] === 'disabled' || isInjected(cluster, name))
        continue;
      const served = [
        ...new Set(cluster.whole('webhooks').map((one) => one.tag || one.revision || 'default')),
      ];
      yield {
        object: `Namespace ${name}`,
        subject: name,
        ...(served.length === 1
          ? {
              remedy: `kubectl --context <cluster> label namespace <name> istio.io/rev=${served[0]} --overwrite`,
            }
          : {}),
        evidence: [
          { what: 'label istio.io/rev', seen: revision, expected: firstFew(served) || 'a revision' },
        ],
        cause: `Namespace ${name} of ${cluster.name} asks for revision ${revision}, which does not exist.`,
      };
    }
  }, reading),
};

const bothLabels: Check = {
  code: 'MP6104',
  title: 'A namespace has both labels that ask for sidecars',
  severity: 'warning',
  explanation:
    'istio-injection overrides istio.io/rev. With both labels, the chosen revision is not used. If istio-injection is "disabled", pods do not get sidecars.',
  remedy: 'kubectl --context <cluster> label namespace <namespace> istio-injection-',
  reference:
    'https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#controlling-the-injection-policy',
  needs: ['namespaces'],
  explains: { 'source and subject': ['MP6101'] },
  run: perCluster(function* (cluster) {
    for (const [name, { labels }] of cluster.namespaces) {
      const [injection, revision] = [labels['istio-injection'], labels['istio.io/rev']];
      if (injection === undefined || revision === undefined) continue;
      yield {
        object: `Namespace ${name}`,
        subject: name,
        evidence: [
          { what: 'istio-injection', seen: injection },
          { what: 'istio.io/rev', seen: revision },
        ],
        cause: `Namespace ${name} of ${cluster.name} has istio-injection=${injection}, so its istio.io/rev=${revision} is not used.`,
      };
    }
  }),
};

const crashing: Check = {
  code: 'MP6105',
  title: 'A proxy does not stay up',
  severity: 'warning',
  explanation:
    'The Istio proxy of a pod waits to be restarted, or was killed because it ran out of memory. While the proxy is down, the pod cannot call or answer.',
  remedy:
    'kubectl --context <cluster> -n <namespace> describe pod <pod>\nkubectl --context <cluster> -n <namespace> logs <pod> -c istio-proxy --previous',
  reference: 'https://istio.io/latest/docs/ops/common-problems/injection/',
  needs: ['pods'],
  run: perCluster(function* (cluster) {
    const bad = cluster.seen('pods').flatMap((pod) => {
      const proxy = pod.containers.find(({ name }) => name === 'istio-proxy');
      const why = proxy?.waiting ?? (proxy?.lastEnd === 'OOMKilled' ? 'OOMKilled' : undefined);
      return proxy && why !== undefined && (proxy.restarts > 0 || /BackOff|Err/.test(why))
        ? [{ pod, why, restarts: proxy.restarts }]
        : [];
    });
    const first = bad[0];
    if (!first) return;
    yield {
      object: `Pod ${keyOf(first.pod)}`,
      evidence: [
        { what: 'state of its proxy', seen: first.why },
        { what: 'restarts', seen: first.restarts, expected: 0 },
      ],
      cause: `The proxies of ${firstFew(bad.map(({ pod }) => keyOf(pod)))} in ${cluster.name} do not stay up (${first.why}).`,
    };
  }),
};

export const injectionChecks = [oneSided, notInjected, noRevision, bothLabels, crashing];
