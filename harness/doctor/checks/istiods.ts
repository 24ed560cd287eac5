import { isIP } from 'node:net';
import type { IstiodRecord } from '../../snapshot/schema.ts';
import type { Check } from '../check.ts';
import { eastWestGateways } from '../gateways.ts';
import type { MeshView } from '../mesh-view.ts';
import { perCluster, perDataPlane, perPrimary } from '../per-cluster.ts';
import { isSettled, isYoung } from '../recent-changes.ts';
import { fromReadable, separately } from '../unread.ts';
import { firstFew, span } from '../format-values.ts';

const troubleshooting = 'https://istio.io/latest/docs/ops/diagnostic-tools/multicluster/';

const sameName: Check = {
  code: 'MP2113',
  title: 'Two clusters have the same clusterName',
  severity: 'error',
  explanation:
    'Istio tells clusters apart by their clusterName alone. Where two have one name, each istiod takes the remote secret of the other for one of itself, and ignores it; endpoints, gateways and telemetry of the two are one. It comes about when a cluster is installed with the settings of another.',
  remedy:
    'istioctl --context <cluster> install -f <operator.yaml> --set values.global.multiCluster.clusterName=<a name of its own>\n# then restart all workloads, and make the remote secrets for it anew',
  reference: 'https://istio.io/latest/docs/setup/install/multicluster/before-you-begin/',
  needs: ['installs'],
  explains: {
    cluster: [
      'MP2101',
      'MP2202',
      'MP2204',
      'MP2203',
      'MP2119',
      'MP2115',
      'MP3501',
      'MP2201',
      'MP2105',
      'MP3506',
    ],
  },
  run: function* (view) {
    const named = fromReadable(view.dataPlanes, (cluster) => {
      const name = cluster.install?.clusterName;
      return name === undefined ? [] : [{ cluster, name }];
    });
    for (const [name, group] of Map.groupBy(named, (one) => one.name)) {
      const [first, ...others] = group.map(({ cluster }) => cluster);
      const wrong = [first, ...others].find((one) => one && one.name !== name);
      if (others.length === 0 || !wrong || !first) continue;
      yield {
        cluster: wrong.name,
        peer: wrong === first ? (others[0]?.name ?? '') : first.name,
        object: `Deployment ${wrong.systemNamespace}/istiod`,
        evidence: [{ what: `clusters named ${name}`, seen: group.length, expected: 1 }],
        cause: `${group.map(({ cluster }) => cluster.name).join(' and ')} are installed with the same clusterName, ${name}.`,
      };
    }
  },
};

const otherName: Check = {
  code: 'MP2119',
  title: 'A cluster is installed under another name than the mesh file has',
  severity: 'warning',
  explanation:
    'The clusterName of istiod is not the name of the cluster in the mesh file. The mesh may be in order and the file wrong; but remote secrets are usually made with the name in the file, and then name a cluster that nobody is.',
  remedy:
    'istioctl --context <cluster> install -f <operator.yaml> --set values.global.multiCluster.clusterName=<cluster>   # or correct the mesh file',
  reference: 'https://istio.io/latest/docs/setup/install/multicluster/before-you-begin/',
  needs: ['installs'],
  explains: { cluster: ['MP2202', 'MP2204'] },
  run: perDataPlane(function* (cluster) {
    const name = cluster.install?.clusterName;
    if (name === undefined || name === cluster.name) return;
    yield {
      object: `Deployment ${cluster.systemNamespace}/istiod`,
      evidence: [{ what: 'clusterName', seen: name, expected: cluster.name }],
      cause: `The mesh file calls this cluster ${cluster.name}, its istiod calls it ${name}.`,
    };
  }),
};

/** The networks with a gateway that has, or may have, a host name instead of an address. */
function networksByName(view: MeshView): Set<string> {
  const names = view.clusterNames.flatMap((name) => {
    const read = fromReadable([name], (one) => [eastWestGateways(view.answered(one))]);
    // The gateways of a cluster whose Services were not read may have host names.
    if (!read[0]) return [view.declaredNetwork(name) ?? ''];
    return read[0].flatMap(({ network, service }) =>
      network !== undefined && service.external.some((address) => isIP(address) === 0) ? [network] : [],
    );
  });
  return new Set(names);
}

/** What a replica of istiod knows, a list a page, in words that can be compared; undefined where the page was not read. */
const pagesOf = ({ clusters, networks, held }: IstiodRecord, byName: ReadonlySet<string>) => [
  clusters?.map(({ id, syncStatus }) => `cluster ${id} ${syncStatus}`),
  networks?.map(({ network, address, port }) =>
    // Each replica asks the DNS by itself for a gateway that has but a name, and need not get the same answer.
    byName.has(network) ? `gateway ${network}` : `gateway ${network} ${address}:${port}`,
  ),
  held && Object.keys(held).flatMap((id) => ((held[id]?.endpoints ?? 0) > 0 ? [`endpoints of ${id}`] : [])),
];

/** By replica: what others know, and it does not, of the pages that were read of it. */
function lackingOf(
  replicas: readonly IstiodRecord[],
  byName: ReadonlySet<string>,
): { pod: string; namespace: string; lacks: string[] }[] {
  const all = replicas.map(({ pod, namespace, ...rest }) => ({
    ...{ pod, namespace },
    pages: pagesOf({ pod, namespace, ...rest }, byName),
  }));
  return all.map(({ pod, namespace, pages }) => ({
    ...{ pod, namespace },
    lacks: pages.flatMap((own, index) => {
      if (own === undefined) return [];
      const known = new Set(all.flatMap((one) => one.pages[index] ?? []));
      return [...known.difference(new Set(own))];
    }),
  }));
}

const disagree: Check = {
  code: 'MP2201',
  title: 'The istiods of one cluster do not know the same clusters or gateways',
  severity: 'error',
  explanation:
    'Every proxy is connected to one replica of istiod. Where the replicas differ in the clusters that they read, the gateways that they know or the endpoints that they hold, some proxies reach other clusters and some do not, and which ones changes by chance.',
  remedy: 'kubectl --context <cluster> -n istio-system rollout restart deployment istiod',
  reference: 'https://github.com/istio/istio/issues/38440',
  needs: ['istiods', 'services'],
  explains: { source: ['MP2202', 'MP2203', 'MP2204', 'MP3501'] },
  run: function* (view) {
    const byName = networksByName(view);
    yield* separately(view.clusters, function* (cluster) {
      for (const [, replicas] of Map.groupBy(cluster.seen('istiods'), ({ revision }) => revision)) {
        const worst = lackingOf(replicas, byName).toSorted((a, b) => b.lacks.length - a.lacks.length)[0];
        if (!worst || worst.lacks.length === 0) continue;
        yield {
          cluster: cluster.name,
          object: `Pod ${worst.namespace}/${worst.pod}`,
          evidence: [
            { what: 'replicas', seen: replicas.length },
            { what: `known to others, not to ${worst.pod}`, seen: firstFew(worst.lacks) },
          ],
          cause: `The ${replicas.length} istiods of ${cluster.name} do not agree: ${worst.pod} lacks ${firstFew(worst.lacks)}.`,
        };
      }
    });
  },
};

const notSynced: Check = {
  code: 'MP2202',
  title: 'An istiod does not read another cluster',
  severity: 'error',
  explanation:
    "istiod does not list the other cluster, or says that it is not synced: it has not read the other cluster's services and pods, or lost the connection at the first try. Its workloads do not learn of that cluster. The reason is usually in the remote secret or on the way to the API server; where none is found, istiod's log has it.",
  remedy:
    'kubectl --context <cluster> -n istio-system logs deploy/istiod | grep -i <read cluster>\nistioctl --context <cluster> remote-clusters',
  reference: troubleshooting,
  needs: ['istiods', 'installs'],
  explains: { pair: ['MP2204', 'MP3501'] },
  run: function* (view) {
    yield* separately(view.pairs(), function* ({ reader, read }) {
      for (const { namespace, pod, clusters } of reader.seen('istiods')) {
        if (clusters === undefined) continue;
        const status = clusters.find(({ id }) => id === read)?.syncStatus;
        if (status === 'synced') continue;
        yield {
          cluster: reader.name,
          peer: read,
          object: `Pod ${namespace}/${pod}`,
          evidence: [
            { what: `${read} in /debug/clusterz`, seen: status ?? 'not listed', expected: 'synced' },
          ],
          cause: `istiod ${pod} of ${reader.name} ${status === undefined ? 'does not know' : `has not read (${status})`} the cluster ${read}.`,
        };
      }
    });
  },
};

const noneReady: Check = {
  code: 'MP2206',
  title: 'A cluster has no istiod that is ready',
  severity: 'error',
  explanation:
    'Without istiod, running proxies keep what they have; new pods do not start, certificates are not renewed, and nothing that changes in any cluster is heard of.',
  remedy:
    'kubectl --context <cluster> -n istio-system get pods -l app=istiod\nkubectl --context <cluster> -n istio-system logs deploy/istiod --previous',
  reference: 'https://istio.io/latest/docs/ops/deployment/architecture/#istiod',
  needs: ['installs', 'pods'],
  explains: { cluster: ['MP1111', 'MP2208', 'MP2205'] },
  run: perPrimary(function* (cluster) {
    const pods = cluster.pods.in(cluster.systemNamespace).filter(({ labels }) => labels['app'] === 'istiod');
    if (pods.some(({ ready }) => ready)) return;
    yield {
      object: `Deployment ${cluster.systemNamespace}/istiod`,
      evidence: [{ what: 'istiods that are ready', seen: 0, expected: Math.max(1, pods.length) }],
      cause: `${cluster.name} has ${pods.length} pods of istiod, and none is ready.`,
    };
  }),
};

const unconnected: Check = {
  code: 'MP2208',
  title: 'Proxies are not connected to any istiod',
  severity: 'warning',
  explanation:
    'These pods have a sidecar that no istiod knows. They keep the endpoints that they had, so they go on sending to pods and gateways that are gone. It comes about when the discovery address or the trust in istiod changed after they started.',
  remedy: 'kubectl --context <cluster> -n <namespace> logs <pod> -c istio-proxy --tail=50',
  reference: 'https://istio.io/latest/docs/ops/diagnostic-tools/proxy-cmd/',
  needs: ['istiods', 'pods', 'installs'],
  run: function* (view) {
    const connected = new Map<string, Set<string>>(); // names of proxies, by the cluster that they say they are of
    for (const each of view.everyCluster())
      for (const { proxy, cluster } of each.pages('connected').flat()) {
        const known = connected.get(cluster);
        if (known) known.add(proxy);
        else connected.set(cluster, new Set([proxy]));
      }
    yield* separately(view.primaries, function* (cluster) {
      const istiods = cluster.pods
        .in(cluster.systemNamespace)
        .filter(({ labels }) => labels['app'] === 'istiod');
      // Proxies of an istiod that ended a moment ago are looking for another.
      if (cluster.istiods.length === 0 || istiods.some((pod) => isYoung(view, pod))) return;
      const ids = new Set([cluster.name, cluster.install?.clusterName ?? cluster.name]);
      const known = [...ids].flatMap((id) => connected.get(id) ?? []);
      const lost = cluster.seen('pods').filter((pod) => {
        if (!pod.sidecar || !isSettled(view, pod)) return false;
        const proxy = `${pod.name}.${pod.namespace}`;
        return !known.some((one) => one.has(proxy));
      });
      if (lost.length === 0) return;
      yield {
        cluster: cluster.name,
        object: `Pod ${lost[0]?.namespace}/${lost[0]?.name}`,
        evidence: [
          { what: 'ready pods with a sidecar that no istiod knows', seen: lost.length, expected: 0 },
        ],
        cause: `${lost.length} sidecars of ${cluster.name} are not connected to istiod: ${firstFew(lost.map(({ name }) => name))}.`,
      };
    });
  },
};

/** Far above a push and its answer, which take milliseconds, and above what a machine under load makes of them. */
const slowAnswerMs = 15_000;

const behind: Check = {
  code: 'MP2205',
  title: 'Proxies refuse, or do not acknowledge, what istiod sends',
  severity: 'warning',
  explanation:
    'istiod sent configuration that these proxies refused, or did not answer for 15 s. They go on with what they had before. A refusal usually comes from an EnvoyFilter, or from a proxy that is older than what it is sent.',
  remedy:
    'istioctl --context <cluster> proxy-status\nkubectl --context <cluster> -n <namespace> logs <pod> -c istio-proxy | grep -i reject',
  reference: 'https://istio.io/latest/docs/ops/diagnostic-tools/proxy-cmd/',
  needs: ['istiods'],
  run: perCluster(function* (cluster) {
    const all = cluster.seen('istiods').flatMap(({ connected = [] }) => connected);
    const late = all.filter(
      ({ rejected, stale, oldestStaleMs }) =>
        rejected.length > 0 || (stale.length > 0 && oldestStaleMs > slowAnswerMs),
    );
    const first = late[0];
    if (!first) return;
    yield {
      object: `Pod ${first.proxy}`,
      evidence: [
        { what: 'proxies that are behind', seen: late.length, expected: 0 },
        {
          what: first.proxy,
          seen: first.rejected[0] ?? `${firstFew(first.stale)} for ${span(first.oldestStaleMs)}`,
        },
      ],
      cause: `${late.length} of ${all.length} proxies of ${cluster.name} have not taken what istiod sent: ${firstFew(late.map(({ proxy }) => proxy))}.`,
    };
  }),
};

export const istiodChecks = [sameName, otherName, disagree, notSynced, noneReady, unconnected, behind];
