import type { Check } from '../check.ts';
import { networkLabel } from '../cluster-view.ts';
import { callsThrough } from '../gateways.ts';
import { perCluster } from '../per-cluster.ts';
import { isDiscovered } from '../selectors.ts';
import { firstFew } from '../format-values.ts';

const reference = 'https://istio.io/latest/docs/ops/configuration/mesh/configuration-scoping/';

const label = 'kubectl --context <cluster> label namespace <namespace> <label of the selector>';

const hidesGateways: Check = {
  code: 'MP2501',
  title: 'Discovery selectors hide the east-west gateway',
  severity: 'error',
  explanation:
    'With discoverySelectors, istiod reads only the namespaces that a selector selects; that includes istio-system. If the namespace of the east-west gateway is not selected, or the namespace of istiod with the Gateway or other rules, istiod does not know the gateway to the network of the cluster. It drops the endpoints behind the gateway, or proxies send to them directly.',
  remedy: label,
  reference,
  needs: ['installs', 'namespaces', 'services', 'resources', 'istiods'],
  // The selectors of a cluster apply to everything that its istiod reads, also in other clusters.
  explains: {
    source: ['MP3501', 'MP3502'],
    'source and subject': ['MP2204'],
    target: ['MP3401', 'MP3402'],
  },
  run: perCluster(function* (cluster, view) {
    if (!view.multiNetwork) return;
    const gateways = cluster
      .seen('services')
      .filter(({ labels }) => labels[networkLabel] !== undefined)
      .map(({ namespace }) => namespace);
    // istiod reads the network label of its own namespace in any case; only rules in the namespace are lost.
    const rules = cluster.seen('resources').some(({ namespace }) => namespace === cluster.systemNamespace);
    const hidden = [...new Set([...(rules ? [cluster.systemNamespace] : []), ...gateways])].filter(
      (namespace) => cluster.namespaces.has(namespace) && !isDiscovered(cluster, namespace),
    );
    if (hidden.length > 0)
      yield {
        object: `Namespace ${hidden[0]}`,
        covers: hidden,
        evidence: [
          { what: 'discovery selectors', seen: JSON.stringify(cluster.settings?.discoverySelectors) },
          {
            what: `labels of ${hidden[0]}`,
            seen: JSON.stringify(cluster.namespaces.get(hidden[0] ?? '')?.labels ?? {}),
          },
        ],
        cause: `The discovery selectors of ${cluster.name} hide ${firstFew(hidden)}, the namespace of the east-west gateway or of istiod.`,
      };
  }),
};

const hidesWorkloads: Check = {
  code: 'MP2502',
  title: 'Discovery selectors hide a namespace with workloads of the mesh',
  severity: 'error',
  explanation:
    'Pods with sidecars run in a namespace that the discovery selectors do not select. istiod does not know their services: calls to them fail or leave the mesh, and other clusters do not see them.',
  remedy: label,
  reference,
  needs: ['installs', 'namespaces', 'pods', 'istiods'],
  explains: { 'source and subject': ['MP2204'], 'target and subject': ['MP3402'] },
  run: perCluster(function* (cluster) {
    const hidden = [...cluster.namespaces.keys()].filter(
      (name) => !isDiscovered(cluster, name) && cluster.pods.in(name).some(({ sidecar }) => sidecar),
    );
    if (hidden.length > 0)
      yield {
        object: `Namespace ${hidden[0]}`,
        covers: [...hidden, ...hidden.map((name) => callsThrough('*', `${name}/*`))],
        evidence: [
          { what: 'namespaces with sidecars that are hidden', seen: hidden.length, expected: 0 },
          { what: 'discovery selectors', seen: JSON.stringify(cluster.settings?.discoverySelectors) },
        ],
        cause: `The discovery selectors of ${cluster.name} hide ${firstFew(hidden)}, where pods with sidecars run.`,
      };
  }),
};

const silent: Check = {
  code: 'MP2301',
  title: 'The API server of a cluster does not answer',
  severity: 'warning',
  explanation:
    'The API server did not answer meshproof, so this cluster was not judged. The fault may be only in the path from this machine. If the istiods of other clusters cannot reach the API server either, they keep the endpoints that they had and do not learn of changes.',
  remedy: 'kubectl --context <cluster> get --raw /readyz?verbose',
  reference: 'https://kubernetes.io/docs/tasks/debug/debug-cluster/',
  needs: ['apiServer'],
  explains: { target: ['MP2202', 'MP2203', 'MP2204', 'MP3404'] },
  run: function* (view) {
    for (const { name, reachable, unreachable, missing } of view.snapshot.clusters)
      // Without a credential, no request was sent.
      if (!reachable && !missing.some(({ reason }) => reason === 'noWay'))
        yield {
          cluster: name,
          object: 'API server',
          evidence: [{ what: 'answer', seen: unreachable ?? 'nothing', expected: 'an answer' }],
          cause: `The API server of ${name} did not answer, so this cluster was not judged.`,
        };
  },
};

export const discoveryScopeChecks = [hidesGateways, hidesWorkloads, silent];
