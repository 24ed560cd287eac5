import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { itemOf, type BrokenSample, type SampleCluster } from '../broken-sample.ts';
import type { ProbeRecord } from '../../snapshot/schema.ts';

/** A fault of a mesh, as a change of a snapshot with its effects, and the cause that the doctor has to find. */
export interface Breakage {
  /** In kebab case, unique. */
  id: string;
  /** The code of the cause. */
  code: string;
  /** The clusters of the cause; absent: any. */
  cluster?: 'west' | 'east';
  peer?: 'west' | 'east';
  /** The cause is only an info. */
  isInfo?: true;
  /** It is only an observation, so another breakage may explain it, or remove it. */
  isEffect?: true;
  /** The ids of breakages that explain this one, or that leave nothing of it to judge. */
  follows?: readonly string[];
  /** With it, the doctor does not judge anything else. */
  leavesNothing?: true;
  /** Fails if the mesh does not have what it breaks. */
  break: (sample: BrokenSample) => void;
}

/** Several changes as one. */
export const all =
  (...breaks: ((sample: BrokenSample) => void)[]) =>
  (sample: BrokenSample): void =>
    breaks.forEach((one) => one(sample));

const gatewayPort = 15443;

/** The probes from west to the gateway of east. */
const probesOfGateway = ({ west, east }: BrokenSample): ProbeRecord[] =>
  west.probes.filter(({ target, cluster }) => target === 'eastWestGateway' && cluster === east.name);

/** The gateway of east refuses connections from west. */
export const refused = (sample: BrokenSample): void => {
  for (const probe of probesOfGateway(sample)) {
    Object.assign(probe, { tcp: 'refused', tls: 'notTried', chain: [] });
    delete probe.alert;
  }
};

/** The gateway of east resets the TLS handshakes of west. */
export const reset = (sample: BrokenSample): void => {
  for (const probe of probesOfGateway(sample)) {
    Object.assign(probe, { tls: 'reset', chain: [] });
    delete probe.alert;
  }
};

/** The gateway pods of east do not listen for other networks. */
export const deaf = ({ east }: BrokenSample): void => {
  for (const proxy of east.proxies) if (proxy.type === 'gateway') proxy.listeners = [];
};

/** The istiods of west do not know the gateway of east, so its proxies lose the endpoints behind it. */
export const unknownGateway = (sample: BrokenSample): void => {
  const { west, east } = sample;
  withoutRemote(sample);
  for (const istiod of west.istiods)
    istiod.networks = istiod.networks.filter(({ cluster }) => cluster !== east.name);
};

/** The proxies of west do not have the gateway of east as an endpoint, for the hosts that a test chooses. */
export const withoutRemote = (
  { west, east }: BrokenSample,
  concerns: (host: string) => boolean = () => true,
): void => {
  const gateways = new Set(
    west.istiods.flatMap(({ networks }) =>
      networks.filter(({ cluster }) => cluster === east.name).map(({ address }) => address),
    ),
  );
  for (const { upstreams } of west.proxies)
    for (const upstream of upstreams)
      if (concerns(upstream.host))
        upstream.endpoints = upstream.endpoints.filter(
          ({ address, port }) => !(gateways.has(address) && port === gatewayPort),
        );
};

/** The istiods of west do not read east. */
export const unread = (sample: BrokenSample): void => {
  const { west, east } = sample;
  unknownGateway(sample);
  for (const istiod of west.istiods) {
    istiod.clusters = istiod.clusters.filter(({ id }) => id !== east.name);
    istiod.shards = istiod.shards.filter(({ cluster }) => cluster !== east.name);
  }
};

const gatewayName = 'istio-eastwestgateway';
const networkLabel = 'topology.istio.io/network';
export const gatewayService = (cluster: SampleCluster) =>
  itemOf(cluster.services, ({ name }) => name === gatewayName);
/** The gateway of a cluster, if istiods find it by the label of its Service. */
export const labelledGateway = (cluster: SampleCluster) =>
  itemOf([gatewayService(cluster)], ({ labels }) => labels[networkLabel] !== undefined);
/** The gateway of a cluster, if its Service has an address that istiods can know. */
export const gatewayWithAddress = (cluster: SampleCluster) =>
  itemOf([gatewayService(cluster)], ({ external }) => external.some((one) => isIP(one) !== 0));
/** Fails if a cluster has a resource of a kind, which may change the effect of another. */
export const without = ({ resources }: SampleCluster, wanted: string) =>
  assert.ok(!resources.some(({ kind }) => kind === wanted), `the mesh has a ${wanted}`);
export const gatewayPods = (cluster: SampleCluster) => {
  const pods = cluster.pods.filter(({ labels }) => labels['istio'] === 'eastwestgateway');
  itemOf(pods);
  return pods;
};
/** The resources of a cluster whose istiod reads them. */
export const resourcesOf = ({ installs, resources }: SampleCluster) => {
  itemOf(installs, ({ istiod }) => istiod);
  return resources;
};
export const namespaceOf = (cluster: SampleCluster, name: string) =>
  itemOf(cluster.namespaces, (one) => one.name === name);
export const settingsOf = (cluster: SampleCluster) =>
  itemOf(cluster.installs.flatMap(({ settings }) => settings ?? []));
export const serviceOf = (cluster: SampleCluster, name: string) =>
  itemOf(cluster.services, (one) => one.namespace === 'meshproof' && one.name === name);
