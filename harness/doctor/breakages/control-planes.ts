import { itemOf, type BrokenSample } from '../broken-sample.ts';
import { addOtherMesh } from '../other-mesh-sample.ts';
import { labelledGateway, type Breakage } from './breakage.ts';

/** The injector of east sets the network of west: for new pods only, or for all pods. */
const injectNetwork =
  (isInUse: boolean) =>
  ({ snapshot, east }: BrokenSample): void => {
    labelledGateway(east);
    for (const install of east.installs) install.network = 'west-net';
    for (const { labels, proxy } of isInUse ? east.pods.filter(({ sidecar }) => sidecar) : []) {
      labels['topology.istio.io/network'] = 'west-net';
      if (proxy) proxy.network = 'west-net';
    }
    for (const { istiods } of isInUse ? snapshot.clusters : [])
      for (const shard of istiods.flatMap(({ shards = [] }) => shards))
        if (shard.cluster === east.name && shard.mtls > 0) shard.networks = ['west-net'];
  };

export const controlPlaneBreakages: readonly Breakage[] = [
  {
    id: 'root-missing-in-a-namespace',
    follows: ['injection-in-one-cluster', 'unknown-revision'],
    code: 'MP1121',
    cluster: 'east',
    break: ({ east }) => {
      const lost = itemOf(east.roots, ({ namespace }) => namespace === 'meshproof');
      east.roots = east.roots.filter((one) => one !== lost);
    },
  },
  {
    id: 'two-istiods-of-one-revision',
    code: 'MP2120',
    cluster: 'west',
    isInfo: true,
    break: ({ west }) => {
      itemOf(west.installs, ({ revision }) => revision === 'default');
      addOtherMesh(west, { revision: 'default' });
    },
  },
  {
    id: 'other-root-namespace',
    leavesNothing: true,
    code: 'MP2121',
    break: ({ snapshot, west }) => {
      snapshot.declared.rootNamespace = 'istio-control';
      west.remoteSecrets = [];
    },
  },
  {
    id: 'canary-with-another-cluster-name',
    code: 'MP2122',
    cluster: 'west',
    break: ({ west }) => {
      const stable = itemOf(west.istiods);
      const install = { revision: 'canary', clusterName: 'west-2' };
      west.installs.push({ ...structuredClone(itemOf(west.installs)), ...install });
      west.istiods.push({
        ...{ ...structuredClone(stable), pod: 'canary-1', revision: 'canary' },
        connected: stable.connected.splice(0, 2),
      });
      west.pods.push({
        ...structuredClone(itemOf(west.pods, ({ labels }) => labels['app'] === 'istiod')),
        ...{ name: 'canary-1', labels: { app: 'istiod', 'istio.io/rev': 'canary' } },
      });
    },
  },
  {
    id: 'injector-with-another-network',
    follows: ['mesh-ids-differ'],
    code: 'MP3110',
    cluster: 'east',
    break: injectNetwork(true),
  },
  {
    id: 'injector-with-another-network-for-new-pods',
    code: 'MP3112',
    cluster: 'east',
    follows: ['injector-with-another-network'],
    break: injectNetwork(false),
  },
  {
    id: 'webhook-without-ca-bundle',
    code: 'MP6110',
    cluster: 'west',
    break: ({ west }) => {
      for (const hook of west.webhooks) hook.caBundle = [];
    },
  },
];
