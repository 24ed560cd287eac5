import { sampleSnapshot } from '../../harness/snapshot/sample/sample.ts';
import type {
  ClusterSnapshot,
  PodRecord,
  ServiceRecord,
  ShardRecord,
  Snapshot,
} from '../../harness/snapshot/schema.ts';

/** The shape of a {@link largeSnapshot}. */
export interface Size {
  clusters: number;
  /** In every cluster, with the same names; each Service has one pod with a sidecar. */
  services: number;
  /** The most shards of each istiod; if the mesh has more, the snapshot reports the rest as missing. */
  shardsPerIstiod: number;
}

/** A healthy mesh of a given size for benchmarks: the sample with more Services. */
export function largeSnapshot({ clusters, services, shardsPerIstiod }: Size): Snapshot {
  const names = Array.from({ length: clusters }, (_, i) => `c${i}`);
  const snapshot = sampleSnapshot(names);
  snapshot.limits.shardsPerIstiod = shardsPerIstiod;
  for (const cluster of snapshot.clusters) grow(cluster, services);
  for (const cluster of snapshot.clusters) giveShards(cluster, snapshot, services, shardsPerIstiod);
  return snapshot;
}

/** Ten services for each namespace. */
const namespaceOf = (index: number): string => `team-${Math.floor(index / 10)}`;
const nameOf = (index: number): string => `service-${index}`;
const addressOf = (index: number): string =>
  `10.${100 + Math.floor(index / 65_536)}.${Math.floor(index / 256) % 256}.${index % 256}`;

function grow(cluster: ClusterSnapshot, services: number): void {
  // Each record is parsed again, so that it takes as much memory as a record of a file.
  const service = JSON.stringify(cluster.services.find(({ name }) => name === 'catalog'));
  const pod = JSON.stringify(cluster.pods.find(({ labels }) => labels['app'] === 'catalog'));
  for (let index = 0; index < services; index++) {
    const [namespace, name] = [namespaceOf(index), nameOf(index)];
    if (index % 10 === 0) {
      cluster.namespaces.push({
        name: namespace,
        labels: { 'istio-injection': 'enabled' },
        terminating: false,
      });
      cluster.serviceAccounts.push({ namespace, name: 'default' });
    }
    cluster.services.push({
      ...(JSON.parse(service) as ServiceRecord),
      namespace,
      name,
      selector: { app: name },
      labels: { app: name },
    });
    cluster.pods.push({
      ...(JSON.parse(pod) as PodRecord),
      namespace,
      name: `${name}-1`,
      labels: { app: name },
      ip: addressOf(index),
    });
    const [istiod] = cluster.istiods;
    istiod?.connected?.push({
      ...{ proxy: `${name}-1.${namespace}`, cluster: cluster.name, version: istiod.version ?? '' },
      ...{ stale: [], oldestStaleMs: 0, rejected: [] },
    });
  }
}

function giveShards(cluster: ClusterSnapshot, { declared }: Snapshot, services: number, most: number): void {
  const istiod = cluster.istiods[0];
  for (const { name, network, region, zone } of istiod ? declared.clusters : [])
    for (let index = 0; index < services && (istiod?.shards?.length ?? 0) < most; index++) {
      const [namespace, own] = [namespaceOf(index), nameOf(index)];
      const shard: ShardRecord = {
        ...{
          host: `${own}.${namespace}.svc.cluster.local`,
          namespace,
          cluster: name,
          provider: 'Kubernetes',
        },
        ...{ ports: { http: 1, tcp: 1 }, addresses: [addressOf(index)], unhealthy: 0 },
        ...{ networks: [network], localities: [`${region}/${zone}/`], mtls: 2 },
      };
      istiod?.shards?.push(shard);
    }
  if (declared.clusters.length * services > most)
    cluster.missing.push({ what: 'istiods', reason: 'limit', why: `${most} shards are kept of each istiod` });
}
