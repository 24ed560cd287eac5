import { isIP } from 'node:net';
import type { IstiodRecord } from '../../snapshot/schema.ts';
import type { Check } from '../check.ts';
import { eastWestGateways } from '../gateways.ts';
import type { MeshView } from '../mesh-view.ts';
import { perCluster, perDataPlane, perPrimary } from '../per-cluster.ts';
import { isSettled, isYoung } from '../recent-changes.ts';
import { restartIstiod } from '../remedies.ts';
import { fromReadable, separately } from '../unread.ts';
import { firstFew, span } from '../format-values.ts';

const troubleshooting = 'https://istio.io/latest/docs/ops/diagnostic-tools/multicluster/';

const sameName: Check = {
  code: 'MP2113',
  title: 'Two clusters have the same clusterName',
  severity: 'error',
  explanation:
    'Istio identifies clusters by their clusterName only. With the same name, each istiod ignores the remote secret of the other cluster. Endpoints, gateways and telemetry of both clusters are mixed. Usually a cluster was installed with the settings of another.',
  remedy:
    'istioctl --context <cluster> install -f <operator.yaml> --set values.global.multiCluster.clusterName=<unique name>\n# then restart all workloads, and recreate the remote secrets for the cluster',
  reference: 'https://istio.io/latest/docs/setup/install/multicluster/before-you-begin/',
  needs: ['installs'],
  explains: {
    cluster: ['MP2202', 'MP2204', 'MP2203', 'MP2119', 'MP2115', 'MP3501', 'MP2201', 'MP3506'],
    // The secrets of the cluster itself for other clusters are not affected.
    target: ['MP2101', 'MP2105'],
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
  title: 'The clusterName of a cluster differs from the mesh file',
  severity: 'warning',
  explanation:
    'The clusterName of istiod is not the name of the cluster in the mesh file. The mesh may be right and the file wrong. Remote secrets with the name in the file refer to a cluster that does not exist.',
  remedy:
    'istioctl --context <cluster> install -f <operator.yaml> --set values.global.multiCluster.clusterName=<cluster>   # or correct the mesh file',
  reference: 'https://istio.io/latest/docs/setup/install/multicluster/before-you-begin/',
  needs: ['installs'],
  explains: { target: ['MP2202', 'MP2204'] },
  run: perDataPlane(function* (cluster) {
    const name = cluster.install?.clusterName;
    if (name === undefined || name === cluster.name || !cluster.declares('name')) return;
    yield {
      object: `Deployment ${cluster.systemNamespace}/istiod`,
      evidence: [{ what: 'clusterName', seen: name, expected: cluster.name }],
      cause: `The mesh file names this cluster ${cluster.name}, but its istiod has the clusterName ${name}.`,
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

/** The contents of each page of an istiod, as texts that can be compared; undefined for a page that was not read. */
const pagesOf = ({ clusters, networks, held }: IstiodRecord, byName: ReadonlySet<string>) => [
  clusters?.map(({ id, syncStatus }) => `cluster ${id} ${syncStatus}`),
  networks?.map(({ network, address, port }) =>
    // Each replica resolves the host name of a gateway by itself, and may get another address.
    byName.has(network) ? `gateway ${network}` : `gateway ${network} ${address}:${port}`,
  ),
  held && Object.keys(held).flatMap((id) => ((held[id]?.endpoints ?? 0) > 0 ? [`endpoints of ${id}`] : [])),
];

/** By replica: the entries that it lacks and another replica has, in the pages that were read. */
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
    'Each proxy is connected to one replica of istiod. The replicas differ in the clusters, gateways or endpoints that they know. So some proxies reach other clusters and some do not, and a reconnect can change that.',
  remedy: restartIstiod,
  reference: 'https://github.com/istio/istio/issues/38440',
  needs: ['istiods', 'services'],
  explains: { object: ['MP2202', 'MP2203', 'MP2204', 'MP3501'] },
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
    'istiod does not list the other cluster, or has not synced it, so its workloads do not learn of that cluster. The usual reason is the remote secret or the path to the API server. If no other finding explains this, look in the log of istiod.',
  remedy:
    'kubectl --context <cluster> -n istio-system logs deploy/istiod | grep -i <peer>\nistioctl --context <cluster> remote-clusters',
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
  title: 'A cluster does not have a ready istiod',
  severity: 'error',
  explanation:
    'Without istiod, running proxies keep their configuration. New pods do not start, certificates are not renewed, and proxies do not learn of changes in any cluster.',
  remedy:
    'kubectl --context <cluster> -n istio-system get pods -l app=istiod\nkubectl --context <cluster> -n istio-system logs deploy/istiod --previous',
  reference: 'https://istio.io/latest/docs/ops/deployment/architecture/#istiod',
  needs: ['installs', 'pods'],
  explains: { cluster: ['MP1111', 'MP2208'] },
  run: perPrimary(function* (cluster) {
    const pods = cluster.pods.in(cluster.systemNamespace).filter(({ labels }) => labels['app'] === 'istiod');
    if (pods.some(({ ready }) => ready)) return;
    yield {
      object: `Deployment ${cluster.systemNamespace}/istiod`,
      // An istiod that was stopped does not need another cause.
      ...(pods.length > 0 ? { subject: 'istiod that does not start' } : {}),
      evidence: [{ what: 'istiods that are ready', seen: 0, expected: Math.max(1, pods.length) }],
      cause: `0 of the ${pods.length} istiod pods of ${cluster.name} are ready.`,
    };
  }),
};

const unconnected: Check = {
  code: 'MP2208',
  title: 'Proxies are not connected to any istiod',
  severity: 'warning',
  explanation:
    'istiod does not know the sidecars of these pods. They keep their old endpoints, so they send to pods and gateways that do not exist any more. Usually the discovery address or the trust in istiod changed after the pods started.',
  remedy: 'kubectl --context <cluster> -n <namespace> logs <pod> -c istio-proxy --tail=50',
  reference: 'https://istio.io/latest/docs/ops/diagnostic-tools/proxy-cmd/',
  needs: ['istiods', 'pods', 'installs'],
  run: function* (view) {
    const connected = new Map<string, Set<string>>(); // names of proxies, by the cluster that they report
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
      // The proxies of an istiod that ended a moment ago are reconnecting.
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
        evidence: [{ what: 'ready sidecars without an istiod', seen: lost.length, expected: 0 }],
        cause: `${lost.length} sidecars of ${cluster.name} are not connected to istiod: ${firstFew(lost.map(({ name }) => name))}.`,
      };
    });
  },
};

/** Far above the time of a push and its answer: milliseconds, or more on a busy machine. */
const slowAnswerMs = 15_000;

const oldConfiguration: Check = {
  code: 'MP2205',
  title: 'Proxies reject or do not acknowledge configuration',
  severity: 'warning',
  explanation:
    'These proxies rejected configuration of istiod, or did not answer for 15 s. They keep their old configuration. The usual reason is an EnvoyFilter, or a proxy that is older than the configuration.',
  remedy:
    'istioctl --context <cluster> proxy-status\nkubectl --context <cluster> -n <namespace of the pod> logs <name of the pod> -c istio-proxy | grep -i reject',
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
        { what: 'proxies with old configuration', seen: late.length, expected: 0 },
        {
          what: first.proxy,
          seen: first.rejected[0] ?? `${firstFew(first.stale)} for ${span(first.oldestStaleMs)}`,
        },
      ],
      cause: `${late.length} of ${all.length} proxies of ${cluster.name} have not accepted the configuration of istiod: ${firstFew(late.map(({ proxy }) => proxy))}.`,
    };
  }),
};

export const istiodChecks = [
  sameName,
  otherName,
  disagree,
  notSynced,
  noneReady,
  unconnected,
  oldConfiguration,
];
