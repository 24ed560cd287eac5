import { itemOf, type BrokenSample, type SampleCluster } from '../broken-sample.ts';
import {
  gatewayService,
  labelledGateway,
  namespaceOf,
  serviceOf,
  settingsOf,
  unknownGateway,
  withoutRemote,
  type Breakage,
} from './breakage.ts';
import { notCalling } from './discovery.ts';

/** West selects namespaces by a label, which all its namespaces have, and in other clusters all but one of east. */
function hide({ snapshot, west, east }: BrokenSample, hidden: string): void {
  namespaceOf(east, hidden);
  settingsOf(west).discoverySelectors = [{ matchLabels: { picked: 'yes' }, matchExpressions: [] }];
  for (const cluster of snapshot.clusters)
    for (const { name, labels } of cluster.namespaces)
      if (cluster.name !== east.name || name !== hidden) labels['picked'] = 'yes';
}

const startsWith = (name: string) => (host: string) => host.startsWith(`${name}.meshproof.`);
const podsOf = ({ pods }: SampleCluster, name: string) => {
  itemOf(pods, ({ labels }) => labels['app'] === name);
  return pods.filter(({ labels }) => labels['app'] === name);
};

export const scopeBreakages: readonly Breakage[] = [
  {
    id: 'selectors-hide-the-gateway-of-the-peer',
    follows: ['selectors-hide-workloads-of-the-peer', 'gateway-without-label'],
    code: 'MP2220',
    cluster: 'west',
    peer: 'east',
    break: (sample) => {
      hide(sample, labelledGateway(sample.east).namespace);
      unknownGateway(sample);
    },
  },
  {
    id: 'selectors-hide-workloads-of-the-peer',
    follows: ['selectors-hide-the-gateway-of-the-peer'],
    code: 'MP2221',
    cluster: 'west',
    peer: 'east',
    break: (sample) => {
      hide(sample, 'meshproof');
      const { west, east } = sample;
      for (const istiod of west.istiods)
        istiod.shards = istiod.shards.filter(
          ({ cluster, namespace }) => cluster !== east.name || namespace !== 'meshproof',
        );
      withoutRemote(sample);
    },
  },
  {
    id: 'export-hides-a-service-from-the-gateway',
    follows: ['pods-without-sidecar-on-another-network', 'gateway-without-pods', 'service-missing'],
    code: 'MP3610',
    cluster: 'east',
    break: ({ snapshot, east }) => {
      gatewayService(east);
      for (const { services } of snapshot.clusters)
        for (const { name, namespace, annotations } of services)
          if (name === 'inventory' && namespace === 'meshproof')
            annotations['networking.istio.io/exportTo'] = '.';
      for (const proxy of east.proxies)
        proxy.upstreams = proxy.upstreams.filter(({ name }) => !/^outbound_\..*inventory\./.test(name));
    },
  },
  {
    id: 'pods-without-sidecar-on-another-network',
    follows: [...notCalling, 'gateway-without-port', 'network-label-of-another', 'headless-without-own-pods'],
    code: 'MP6210',
    cluster: 'west',
    peer: 'east',
    break: (sample) => {
      const { snapshot, east } = sample;
      gatewayService(east);
      for (const pod of podsOf(east, 'inventory')) {
        pod.sidecar = false;
        delete pod.proxy;
        pod.labels['sidecar.istio.io/inject'] = 'false';
      }
      for (const { istiods } of snapshot.clusters)
        for (const shard of istiods.flatMap(({ shards = [] }) => shards))
          if (shard.cluster === east.name && startsWith('inventory')(shard.host)) shard.mtls = 0;
      east.proxies = east.proxies.filter(({ pod }) => !pod.startsWith('inventory'));
      withoutRemote(sample, startsWith('inventory'));
    },
  },
  {
    id: 'headless-without-own-pods',
    follows: ['service-missing'],
    code: 'MP6211',
    cluster: 'west',
    peer: 'east',
    break: (sample) => {
      gatewayService(sample.east);
      itemOf([settingsOf(sample.west)], ({ serviceSettings = [] }) => serviceSettings.length === 0);
      for (const { services } of sample.snapshot.clusters)
        for (const one of services)
          if (one.name === 'inventory' && one.namespace === 'meshproof') one.headless = true;
      itemOf([serviceOf(sample.east, 'inventory')], ({ headless }) => headless);
      withoutRemote(sample, startsWith('inventory'));
    },
  },
];
