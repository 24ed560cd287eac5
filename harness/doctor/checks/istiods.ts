import { isIP } from 'node:net';
import type { IstiodRecord } from '../../snapshot/schema.ts';
import type { Check } from '../check.ts';
import { eastWestGateways } from '../gateways.ts';
import type { MeshView } from '../mesh-view.ts';
import { restartIstiod, restartOf } from '../remedies.ts';
import { fromReadable, separately } from '../unread.ts';
import { firstFew } from '../format-values.ts';

const troubleshooting = 'https://istio.io/latest/docs/ops/diagnostic-tools/multicluster/';

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
      for (const [, replicas] of Map.groupBy(
        cluster.seen('istiods'),
        ({ namespace, revision }) => `${namespace}/${revision}`,
      )) {
        const worst = lackingOf(replicas, byName).toSorted((a, b) => b.lacks.length - a.lacks.length)[0];
        if (!worst || worst.lacks.length === 0) continue;
        yield {
          cluster: cluster.name,
          object: `Pod ${worst.namespace}/${worst.pod}`,
          remedy: restartOf(worst.namespace, replicas[0]?.revision),
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

/** istiod reads a remote secret within seconds. After this time, it does not read the secret without a restart. */
const takenWithinMs = 60_000;

const notSynced: Check = {
  code: 'MP2202',
  title: 'An istiod does not read another cluster',
  severity: 'error',
  explanation:
    'istiod does not list the other cluster, or has not synced it, so its workloads do not learn of that cluster. The usual reason is the remote secret or the path to the API server. If no other finding explains this, look in the log of istiod. If the remote secret is valid and older than a minute, restart istiod.',
  remedy:
    'kubectl --context <cluster> -n <namespace> logs <name> | grep -i <peer>\nistioctl --context <cluster> remote-clusters',
  reference: troubleshooting,
  needs: ['istiods', 'installs', 'remoteSecrets'],
  explains: { pair: ['MP2204', 'MP3501'] },
  run: function* (view) {
    yield* separately(view.pairs(), function* ({ reader, read }) {
      const isOld = reader
        .seen('remoteSecrets')
        .some(
          (secret) =>
            secret.cluster === read &&
            secret.labelled &&
            view.now - Date.parse(secret.createdAt) > takenWithinMs,
        );
      for (const { namespace, pod, revision, clusters } of reader.seen('istiods')) {
        if (clusters === undefined) continue;
        const status = clusters.find(({ id }) => id === read)?.syncStatus;
        if (status === 'synced') continue;
        yield {
          cluster: reader.name,
          peer: read,
          object: `Pod ${namespace}/${pod}`,
          ...(status === undefined && isOld ? { remedy: restartOf(namespace, revision) } : {}),
          evidence: [
            { what: `${read} in /debug/clusterz`, seen: status ?? 'not listed', expected: 'synced' },
          ],
          cause: `istiod ${pod} of ${reader.name} ${status === undefined ? 'does not know' : `has not read (${status})`} the cluster ${read}.`,
        };
      }
    });
  },
};

export const istiodChecks = [disagree, notSynced];
