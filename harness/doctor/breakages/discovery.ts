import { itemOf, type BrokenSample, type SampleCluster } from '../broken-sample.ts';
import { all, gatewayService, settingsOf, unread, type Breakage } from './breakage.ts';

/** The remote secret of west for east. */
const secretOf = ({ west, east }: BrokenSample) =>
  itemOf(west.remoteSecrets, ({ cluster }) => cluster === east.name);
const accessOf = ({ west, east }: BrokenSample) =>
  itemOf(west.readerAccess, ({ reads }) => reads === east.name);

/** Secrets that istiod does not read are not judged further. */
const inactive = ['secret-missing', 'secret-in-another-namespace', 'secret-without-label'];
const unjudged = [...inactive, 'secret-with-another-name', 'credential-rejected'];

/** West does not read east for a reason. */
const cut = (
  id: string,
  code: string,
  breakIt: (sample: BrokenSample) => void,
  follows: readonly string[] = [],
): Breakage => ({
  ...{ id, code, follows, cluster: 'west', peer: 'east' },
  break: all(unread, breakIt),
});

/** The endpoints of catalog in east that an istiod of west holds. */
const shardOf = ({ west, east }: BrokenSample) =>
  itemOf(
    itemOf(west.istiods).shards,
    ({ cluster, host }) => cluster === east.name && host.startsWith('catalog.meshproof.'),
  );

/** The istiods of a cluster do not read the namespaces without a label. */
function select(cluster: SampleCluster, label: string, isSelected: (namespace: string) => boolean): void {
  for (const one of cluster.namespaces) if (isSelected(one.name)) one.labels[label] = 'on';
  settingsOf(cluster).discoverySelectors = [{ matchLabels: { [label]: 'on' }, matchExpressions: [] }];
}

const rights = { namespaces: ['default'], verbs: ['get', 'delete'], apiGroups: [''], resources: ['pods'] };

const secretBreakages: readonly Breakage[] = [
  cut(
    'secret-missing',
    'MP2101',
    (sample) => {
      const secret = secretOf(sample);
      sample.west.remoteSecrets = sample.west.remoteSecrets.filter((one) => one !== secret);
    },
    ['same-cluster-name'],
  ),
  cut(
    'secret-in-another-namespace',
    'MP2103',
    (sample) => void (secretOf(sample).namespace = 'default'),
    inactive,
  ),
  cut('secret-without-label', 'MP2104', (sample) => void (secretOf(sample).labelled = false)),
  cut('secret-with-another-name', 'MP2105', (sample) => void (secretOf(sample).cluster = 'east-1'), [
    'same-cluster-name',
  ]),
  cut(
    'secret-with-loopback-address',
    'MP2106',
    (sample) => void (secretOf(sample).server = 'https://127.0.0.1:41234'),
    inactive,
  ),
  cut(
    'secret-with-wrong-address',
    'MP2107',
    (sample) => {
      const { west, east } = sample;
      secretOf(sample).server = 'https://192.0.2.7:6443';
      const probe = itemOf(west.probes, (one) => one.target === 'apiServer' && one.cluster === east.name);
      Object.assign(probe, { address: '192.0.2.7', tcp: 'timeout', tls: 'notTried' });
    },
    inactive,
  ),
  cut(
    'secret-with-another-authority',
    'MP2108',
    (sample) => {
      accessOf(sample).namedServer = 'notTrusted';
    },
    [...unjudged, 'secret-does-not-verify'],
  ),
  cut('credential-rejected', 'MP2109', (sample) => void (accessOf(sample).status = 401), unjudged),
  cut(
    'rights-missing',
    'MP2111',
    (sample) => void (accessOf(sample).may['list endpointslices'] = false),
    unjudged,
  ),
  cut(
    'secret-unreadable',
    'MP2117',
    (sample) => void (secretOf(sample).problem = 'it is not YAML'),
    inactive,
  ),
  {
    id: 'token-expires-soon',
    follows: inactive,
    code: 'MP2110',
    cluster: 'west',
    peer: 'east',
    break: (sample) =>
      void (secretOf(sample).token = {
        ...{ audiences: [], issuedAt: '2026-10-01T00:00:00Z', expiresAt: '2026-11-04T00:00:00Z' },
      }),
  },
  {
    id: 'rights-to-change',
    follows: unjudged,
    code: 'MP2112',
    cluster: 'west',
    peer: 'east',
    break: (sample) => void accessOf(sample).rules?.push(rights),
  },
  {
    id: 'two-secrets-for-a-cluster',
    code: 'MP2114',
    cluster: 'west',
    peer: 'east',
    break: (sample) => void sample.west.remoteSecrets.push({ ...secretOf(sample), name: 'old' }),
  },
  {
    id: 'secret-for-itself',
    code: 'MP2115',
    cluster: 'west',
    break: (sample) =>
      void sample.west.remoteSecrets.push({
        ...secretOf(sample),
        ...{ name: 'self', cluster: 'west', server: 'https://172.30.0.2:6443' },
      }),
  },
  {
    id: 'secret-does-not-verify',
    follows: inactive,
    code: 'MP2118',
    cluster: 'west',
    break: (sample) => void (secretOf(sample).skipsVerification = true),
  },
];

/** Breakages after which west does not have endpoints behind the gateway of east, so it does not call it. */
export const notCalling: readonly string[] = [
  ...secretBreakages
    .filter(({ code }) => code <= 'MP2109' || code === 'MP2111' || code === 'MP2117')
    .map(({ id }) => id),
  ...['istiod-unready', 'gateway-without-label', 'gateway-of-another-network', 'gateway-without-address'],
  ...['gateway-unknown', 'clients-without-remote', 'selectors-hide-the-gateway-of-the-peer'],
  ...['selectors-hide-workloads-of-the-peer', 'node-port-without-nodes', 'node-port-without-address'],
  'host-name-without-address',
];

export const discoveryBreakages: readonly Breakage[] = [
  ...secretBreakages,
  {
    id: 'same-cluster-name',
    code: 'MP2113',
    cluster: 'east',
    break: ({ east }) => void (itemOf(east.installs).clusterName = 'west'),
  },
  {
    id: 'other-cluster-name',
    code: 'MP2119',
    cluster: 'east',
    break: ({ east }) => void (itemOf(east.installs).clusterName = 'east-1'),
  },
  {
    id: 'replicas-disagree',
    isEffect: true,
    code: 'MP2201',
    cluster: 'west',
    break: ({ west, east }) => {
      const other = structuredClone(itemOf(west.istiods));
      other.pod = 'istiod-other';
      other.connected = [];
      itemOf(other.networks, ({ cluster }) => cluster === east.name);
      other.networks = other.networks.filter(({ cluster }) => cluster !== east.name);
      west.istiods.push(other);
    },
  },
  {
    id: 'not-synced',
    isEffect: true,
    code: 'MP2202',
    cluster: 'west',
    peer: 'east',
    break: ({ west, east }) => {
      for (const { clusters } of west.istiods)
        itemOf(clusters, ({ id }) => id === east.name).syncStatus = 'timeout';
    },
  },
  {
    id: 'stale-endpoint',
    isEffect: true,
    code: 'MP2203',
    cluster: 'west',
    peer: 'east',
    break: (sample) => {
      itemOf(sample.east.istiods); // which shows the addresses that exist
      shardOf(sample).addresses.push('10.244.9.9');
    },
  },
  {
    id: 'endpoint-missing',
    isEffect: true,
    code: 'MP2204',
    cluster: 'west',
    peer: 'east',
    break: (sample) => void shardOf(sample).addresses.pop(),
  },
  {
    id: 'istiod-unready',
    follows: ['authority-without-its-key'],
    code: 'MP2206',
    cluster: 'west',
    break: ({ west }) => {
      for (const pod of west.pods) if (pod.labels['app'] === 'istiod') pod.ready = false;
      west.istiods = [];
    },
  },
  {
    id: 'proxy-not-connected',
    code: 'MP2208',
    cluster: 'west',
    break: ({ west }) => {
      const { connected } = itemOf(west.istiods);
      connected.splice(
        connected.indexOf(itemOf(connected.toReversed(), (one) => one.cluster === west.name)),
        1,
      );
    },
  },
  {
    id: 'configuration-rejected',
    code: 'MP2205',
    cluster: 'west',
    break: ({ west }) => void itemOf(itemOf(west.istiods).connected).rejected.push('CDS: no such filter'),
  },
  {
    id: 'service-unready',
    code: 'MP2209',
    cluster: 'west',
    break: ({ west }) => {
      for (const pod of west.pods) if (pod.labels['app'] === 'catalog') pod.ready = false;
    },
  },
  {
    id: 'selectors-hide-workloads',
    code: 'MP2502',
    cluster: 'east',
    break: ({ east }) => select(east, 'system', (name) => name !== 'meshproof'),
  },
  {
    id: 'selectors-hide-the-gateway',
    code: 'MP2501',
    cluster: 'east',
    break: ({ east }) => {
      itemOf(east.istiods);
      gatewayService(east);
      select(east, 'teams', (name) => name !== 'istio-system');
      for (const istiod of east.istiods) istiod.networks = [];
    },
  },
];
