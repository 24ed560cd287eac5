import type { Check } from '../check.ts';
import type { ClusterView } from '../cluster-view.ts';
import { perDataPlane } from '../per-cluster.ts';
import { istiodName } from '../remedies.ts';
import { fromReadable } from '../unread.ts';

const reference = 'https://istio.io/latest/docs/setup/install/multicluster/before-you-begin/';

/** The clusterNames of the revisions of a cluster, each once. Throws NotRead. */
const namesOf = (cluster: ClusterView): string[] => [
  ...new Set(cluster.revisions.flatMap(({ clusterName }) => clusterName ?? [])),
];

/** The Deployment of the istiod with a clusterName. Throws NotRead. */
function deploymentWith(cluster: ClusterView, name: string): string {
  const install = cluster.revisions.find(({ clusterName }) => clusterName === name);
  return `Deployment ${install?.namespace ?? cluster.systemNamespace}/${istiodName(install?.revision)}`;
}

const sameName: Check = {
  code: 'MP2113',
  title: 'Two clusters have the same clusterName',
  severity: 'error',
  explanation:
    'Istio identifies clusters by their clusterName only. With the same name, each istiod ignores the remote secret of the other cluster. Endpoints, gateways and telemetry of both clusters are mixed. Usually a cluster was installed with the settings of another.',
  remedy:
    'istioctl --context <cluster> install -f <operator.yaml> --set values.global.multiCluster.clusterName=<cluster>\n# then restart all workloads, and recreate the remote secrets for the cluster',
  reference,
  needs: ['installs'],
  explains: {
    cluster: ['MP2202', 'MP2204', 'MP2203', 'MP2119', 'MP2115', 'MP3501', 'MP2201', 'MP3506'],
    // The secrets of the cluster itself for other clusters are not affected.
    target: ['MP2101', 'MP2105'],
  },
  run: function* (view) {
    const named = fromReadable(view.dataPlanes, (cluster) =>
      namesOf(cluster).map((name) => ({ cluster, name })),
    );
    for (const [name, group] of Map.groupBy(named, (one) => one.name)) {
      const [first, ...others] = group.map(({ cluster }) => cluster);
      const wrong = [first, ...others].find((one) => one && one.name !== name);
      if (others.length === 0 || !wrong || !first) continue;
      yield {
        cluster: wrong.name,
        peer: wrong === first ? (others[0]?.name ?? '') : first.name,
        object: deploymentWith(wrong, name),
        evidence: [{ what: `clusters named ${name}`, seen: group.length, expected: 1 }],
        cause: `${group.map(({ cluster }) => cluster.name).join(' and ')} are installed with the same clusterName, ${name}.`,
      };
    }
  },
};

const otherName: Check = {
  code: 'MP2119',
  title: 'The clusterName of a cluster differs from the mesh file',
  severity: 'warning',
  explanation:
    'The clusterName of istiod is not the name of the cluster in the mesh file. The mesh may be right and the file wrong. Remote secrets with the name in the file refer to a cluster that does not exist.',
  remedy:
    'istioctl --context <cluster> install -f <operator.yaml> --set values.global.multiCluster.clusterName=<cluster>   # or correct the mesh file',
  reference,
  needs: ['installs'],
  explains: { target: ['MP2202', 'MP2204'] },
  run: perDataPlane(function* (cluster) {
    if (!cluster.declares('name')) return;
    for (const name of namesOf(cluster))
      if (name !== cluster.name)
        yield {
          object: deploymentWith(cluster, name),
          evidence: [{ what: 'clusterName', seen: name, expected: cluster.name }],
          cause: `The mesh file names this cluster ${cluster.name}, but its istiod has the clusterName ${name}.`,
        };
  }),
};

export const clusterNameChecks = [sameName, otherName];
