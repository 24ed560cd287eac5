import type { Check } from '../check.ts';
import { networkLabel } from '../cluster-view.ts';
import { isDiscovered } from '../selectors.ts';
import { some } from '../wording.ts';
import { separately } from '../unread.ts';

const reference = 'https://istio.io/latest/docs/ops/configuration/mesh/configuration-scoping/';

const hidesGateways: Check = {
  code: 'MP2501',
  title: 'Discovery selectors hide the east-west gateway',
  severity: 'error',
  explanation:
    "With discoverySelectors, istiod looks only at namespaces that one of them selects; istio-system is no exception. Where the namespace of the east-west gateway, or of istiod, is not selected, no istiod knows the way into the cluster's network, and endpoints behind it are dropped or sent to directly.",
  remedy: 'kubectl --context <cluster> label namespace <namespace of the gateway> <label of the selector>',
  reference,
  needs: ['installs', 'namespaces', 'services'],
  // The selectors of a cluster hold for all that its istiod reads, of other clusters, too.
  explains: [
    { code: 'MP3501', by: 'cluster' },
    { code: 'MP3502', by: 'cluster' },
    { code: 'MP2204', by: 'cluster' },
    { code: 'MP3401', by: 'target' },
    { code: 'MP3402', by: 'target' },
    { code: 'MP2502', by: 'cluster' },
  ],
  run: function* (view) {
    if (!view.multiNetwork) return;
    yield* separately(view.clusters, function* (cluster) {
      const gateways = cluster
        .seen('services')
        .filter(({ labels }) => labels[networkLabel] !== undefined)
        .map(({ namespace }) => namespace);
      const hidden = [...new Set([cluster.systemNamespace, ...gateways])].filter(
        (namespace) => cluster.namespaces.has(namespace) && !isDiscovered(cluster, namespace),
      );
      if (hidden.length > 0)
        yield {
          cluster: cluster.name,
          object: `Namespace ${hidden[0]}`,
          evidence: [
            { what: 'discovery selectors', seen: JSON.stringify(cluster.settings?.discoverySelectors) },
            {
              what: `labels of ${hidden[0]}`,
              seen: JSON.stringify(cluster.namespaces.get(hidden[0] ?? '')?.labels ?? {}),
            },
          ],
          cause: `The discovery selectors of ${cluster.name} hide ${some(hidden)}, where the east-west gateway or istiod is.`,
        };
    });
  },
};

const hidesWorkloads: Check = {
  code: 'MP2502',
  title: 'Discovery selectors hide a namespace with workloads of the mesh',
  severity: 'error',
  explanation:
    'Pods with sidecars stand in a namespace that no discovery selector selects. No istiod knows their services: calls to them fail or leave the mesh, and other clusters do not see them at all.',
  remedy: 'kubectl --context <cluster> label namespace <namespace> <label of the selector>',
  reference,
  needs: ['installs', 'namespaces', 'pods'],
  explains: [
    { code: 'MP2204', by: 'cluster' },
    { code: 'MP3402', by: 'target' },
  ],
  run: function* (view) {
    yield* separately(view.clusters, function* (cluster) {
      const hidden = [...cluster.namespaces.keys()].filter(
        (name) => !isDiscovered(cluster, name) && cluster.pods.in(name).some(({ sidecar }) => sidecar),
      );
      if (hidden.length > 0)
        yield {
          cluster: cluster.name,
          object: `Namespace ${hidden[0]}`,
          evidence: [
            { what: 'namespaces with sidecars that are hidden', seen: hidden.length, expected: 0 },
            { what: 'discovery selectors', seen: JSON.stringify(cluster.settings?.discoverySelectors) },
          ],
          cause: `The discovery selectors of ${cluster.name} hide ${some(hidden)}, where pods with sidecars run.`,
        };
    });
  },
};

const silent: Check = {
  code: 'MP2301',
  title: 'The API server of a cluster does not answer',
  severity: 'warning',
  explanation:
    'The API server gave no answer to meshproof, so nothing of this cluster was judged. It may be the way from here alone; where the istiods of other clusters cannot reach it either, they keep the endpoints that they had, and hear of no change.',
  remedy: 'kubectl --context <cluster> get --raw /readyz?verbose',
  reference: 'https://kubernetes.io/docs/tasks/debug/debug-cluster/',
  needs: ['apiServer'],
  explains: [
    { code: 'MP2202', by: 'target' },
    { code: 'MP2203', by: 'target' },
    { code: 'MP2204', by: 'target' },
    { code: 'MP3404', by: 'target' },
  ],
  run: function* (view) {
    for (const { name, reachable, unreachable, missing } of view.snapshot.clusters)
      // Where there was no credential, nothing was sent.
      if (!reachable && !missing.some(({ reason }) => reason === 'noWay'))
        yield {
          cluster: name,
          object: 'API server',
          evidence: [{ what: 'what came back', seen: unreachable ?? 'nothing', expected: 'an answer' }],
          cause: `The API server of ${name} did not answer, so nothing of this cluster could be judged.`,
        };
  },
};

export const discoveryScopeChecks = [hidesGateways, hidesWorkloads, silent];
