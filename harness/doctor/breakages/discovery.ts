import { itemOf, type BrokenSample, type SampleCluster } from '../broken-sample.ts';
import { all, settingsOf, unread, type Breakage } from './breakage.ts';

/** The remote secret of west for east. */
const secretOf = ({ west, east }: BrokenSample) =>
  itemOf(west.remoteSecrets, ({ cluster }) => cluster === east.name);
const accessOf = ({ west, east }: BrokenSample) =>
  itemOf(west.readerAccess, ({ reads }) => reads === east.name);

/** West does not read east for a reason. */
const cut = (id: string, code: string, breakIt: (sample: BrokenSample) => void): Breakage => ({
  ...{ id, code, cluster: 'west', peer: 'east' },
  break: all(unread, breakIt),
});

/** The endpoints of catalog in east that an istiod of west holds. */
const shardOf = ({ west, east }: BrokenSample) =>
  itemOf(
    itemOf(west.istiods).shards,
    ({ cluster, host }) => cluster === east.name && host.startsWith('catalog.meshproof.'),
  );

/** The istiods of a cluster do not read the namespaces without a label. */
function select(cluster: SampleCluster, isSelected: (namespace: string) => boolean): void {
  for (const one of cluster.namespaces) if (isSelected(one.name)) one.labels['mesh'] = 'on';
  settingsOf(cluster).discoverySelectors = [{ matchLabels: { mesh: 'on' }, matchExpressions: [] }];
}

const rights = { namespaces: ['default'], verbs: ['get', 'delete'], apiGroups: [''], resources: ['pods'] };

const secretBreakages: readonly Breakage[] = [
  cut('secret-missing', 'MP2101', (sample) => {
    const secret = secretOf(sample);
    sample.west.remoteSecrets = sample.west.remoteSecrets.filter((one) => one !== secret);
  }),
  cut('secret-in-another-namespace', 'MP2103', (sample) => void (secretOf(sample).namespace = 'default')),
  cut('secret-without-label', 'MP2104', (sample) => void (secretOf(sample).labelled = false)),
  cut('secret-with-another-name', 'MP2105', (sample) => void (secretOf(sample).cluster = 'east-1')),
  cut(
    'secret-with-loopback-address',
    'MP2106',
    (sample) => void (secretOf(sample).server = 'https://127.0.0.1:41234'),
  ),
  cut('secret-with-wrong-address', 'MP2107', (sample) => {
    const { west, east } = sample;
    secretOf(sample).server = 'https://192.0.2.7:6443';
    const probe = itemOf(west.probes, (one) => one.target === 'apiServer' && one.cluster === east.name);
    Object.assign(probe, { address: '192.0.2.7', tcp: 'timeout', tls: 'notTried' });
  }),
  cut('secret-with-another-authority', 'MP2108', (sample) => {
    accessOf(sample).namedServer = 'notTrusted';
  }),
  cut('credential-rejected', 'MP2109', (sample) => void (accessOf(sample).status = 401)),
  cut('rights-missing', 'MP2111', (sample) => void (accessOf(sample).may['list endpointslices'] = false)),
  cut('secret-unreadable', 'MP2117', (sample) => void (secretOf(sample).problem = 'it is not YAML')),
  {
    id: 'token-expires-soon',
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
    code: 'MP2118',
    cluster: 'west',
    break: (sample) => void (secretOf(sample).skipsVerification = true),
  },
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
    code: 'MP2201',
    cluster: 'west',
    break: ({ west, east }) => {
      const other = structuredClone(itemOf(west.istiods));
      other.pod = 'istiod-other';
      other.connected = [];
      other.networks = other.networks.filter(({ cluster }) => cluster !== east.name);
      west.istiods.push(other);
    },
  },
  {
    id: 'not-synced',
    code: 'MP2202',
    cluster: 'west',
    peer: 'east',
    follows: ['replicas-disagree', 'api-server-blocked'],
    break: ({ west, east }) =>
      void (itemOf(itemOf(west.istiods).clusters, ({ id }) => id === east.name).syncStatus = 'timeout'),
  },
  {
    id: 'stale-endpoint',
    code: 'MP2203',
    cluster: 'west',
    peer: 'east',
    follows: ['replicas-disagree', 'api-server-blocked'],
    break: (sample) => void shardOf(sample).addresses.push('10.244.9.9'),
  },
  {
    id: 'endpoint-missing',
    code: 'MP2204',
    cluster: 'west',
    peer: 'east',
    follows: ['replicas-disagree', 'api-server-blocked', 'not-synced'],
    break: (sample) => void shardOf(sample).addresses.pop(),
  },
  {
    id: 'istiod-unready',
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
    break: ({ west }) => void itemOf(west.istiods).connected.pop(),
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
    break: ({ east }) => select(east, (name) => name === 'istio-system'),
  },
  {
    id: 'selectors-hide-the-gateway',
    code: 'MP2501',
    cluster: 'east',
    break: ({ east }) => {
      select(east, (name) => name !== 'istio-system');
      for (const istiod of east.istiods) istiod.networks = [];
    },
  },
];
