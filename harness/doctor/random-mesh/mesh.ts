import type { SampleCluster } from '../broken-sample.ts';
import { itemOf } from '../broken-sample.ts';
import type { Snapshot } from '../../snapshot/schema.ts';

/** A healthy mesh while it gets spellings unlike the lab. */
export interface Mesh {
  snapshot: Snapshot;
  clusters: SampleCluster[];
}

/** A way to set up a mesh: it changes every place of a snapshot that shows it, so that the mesh stays healthy. */
export interface Spelling {
  id: string;
  apply: (mesh: Mesh) => void;
}

export const networkLabel = 'topology.istio.io/network';
export const gatewayName = 'istio-eastwestgateway';

export const isGateway = (name: string): boolean => name.includes('eastwestgateway');

export const gatewayOf = ({ services }: SampleCluster) => itemOf(services, ({ name }) => isGateway(name));

/** The declared cluster of the same name. */
export const declaredOf = ({ snapshot }: Mesh, { name }: SampleCluster) =>
  itemOf(snapshot.declared.clusters, (one) => one.name === name);

/** The Gateway for other networks of a cluster. */
export const crossNetworkGateway = ({ resources }: SampleCluster) =>
  itemOf(resources, ({ kind, name }) => kind === 'Gateway' && name === 'cross-network-gateway');

/** Every part of the MeshConfig of a cluster: as written, and in force in each istiod. */
export const settingsOf = ({ installs, istiods }: SampleCluster) => [
  ...installs.flatMap(({ settings }) => settings ?? []),
  ...istiods.flatMap(({ settings }) => settings),
];

/** Replaces texts everywhere in the snapshot. */
export function replaceEverywhere({ snapshot, clusters }: Mesh, replace: (text: string) => string): void {
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return replace(value);
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [replace(key), walk(one)]));
  };
  for (const [i, cluster] of clusters.entries()) {
    Object.assign(cluster, walk(cluster));
    snapshot.clusters[i] = cluster;
  }
  Object.assign(snapshot.declared, walk(snapshot.declared));
}

/** Every endpoint of every proxy of a cluster. */
export const endpointsOf = ({ proxies }: SampleCluster) =>
  proxies.flatMap(({ upstreams }) => upstreams.flatMap(({ endpoints }) => endpoints));

/** Gives the gateway of a cluster another address or port, in every place that has it. */
export function moveGateway(mesh: Mesh, cluster: SampleCluster, to: { address: string; port: number }): void {
  const from = declaredOf(mesh, cluster).eastWestGateway;
  if (!from) return;
  const isOld = (one: { address: string; port: number }) =>
    one.address === from.address && one.port === from.port;
  for (const one of mesh.clusters) {
    const known = one.istiods.flatMap(({ networks }) => networks);
    const probes = one.probes.filter(({ target }) => target === 'eastWestGateway');
    for (const at of [...known, ...endpointsOf(one), ...probes]) if (isOld(at)) Object.assign(at, to);
  }
  Object.assign(from, to);
}
