import type {
  DeclaredCluster,
  EndpointRecord,
  IstiodRecord,
  MeshSettings,
  PodRecord,
  ProxyRecord,
  ShardRecord,
  Snapshot,
  UpstreamRecord,
} from '../schema.ts';
import { samplePods } from './sample-kubernetes.ts';
import { sampleFingerprint } from './sample-names.ts';

type Declared = Snapshot['declared'];
const ports = [
  { name: 'http', number: 80, target: 8080 },
  { name: 'tcp', number: 9000, target: 9000 },
];

const podsOf = (declared: Declared, cluster: DeclaredCluster, service: string): PodRecord[] =>
  samplePods(declared, cluster).filter(
    ({ namespace, labels }) => namespace === declared.namespace && labels['app'] === service,
  );

const hostOf = (declared: Declared, service: string) => `${service}.${declared.namespace}.svc.cluster.local`;

/** The one istiod of a cluster of the sample, which knows every cluster. */
export function sampleIstiods(
  declared: Declared,
  own: DeclaredCluster,
  settings: MeshSettings,
): IstiodRecord[] {
  const shards = declared.clusters.flatMap((from) =>
    declared.services.flatMap(({ name }) => shardOf(declared, from, name)),
  );
  const proxied = samplePods(declared, own).filter(({ proxy }) => proxy !== undefined);
  return [
    {
      ...{ pod: 'istiod-1', namespace: declared.rootNamespace, revision: 'default', version: '1.31.0' },
      clusters: declared.clusters.map(({ name }) => ({
        id: name,
        secret: name === own.name ? '' : `${declared.rootNamespace}/istio-remote-secret-${name}`,
        syncStatus: 'synced',
      })),
      networks: declared.clusters.flatMap(({ name, network, eastWestGateway }) =>
        eastWestGateway
          ? [{ network, cluster: name, address: eastWestGateway.address, port: eastWestGateway.port }]
          : [],
      ),
      shards,
      held: Object.fromEntries(declared.clusters.map(({ name }) => [name, totals(shards, name)])),
      connected: proxied.map(({ name, namespace }) => ({
        ...{ proxy: `${name}.${namespace}`, cluster: own.name, version: '1.31.0' },
        ...{ stale: [], oldestStaleMs: 0, rejected: [] },
      })),
      settings,
    },
  ];
}

function totals(shards: readonly ShardRecord[], cluster: string): { services: number; endpoints: number } {
  const own = shards.filter((shard) => shard.cluster === cluster);
  const endpoints = own.flatMap((shard) => Object.values(shard.ports)).reduce((sum, n) => sum + n, 0);
  return { services: own.length, endpoints };
}

function shardOf(declared: Declared, from: DeclaredCluster, service: string): ShardRecord[] {
  const pods = podsOf(declared, from, service);
  if (pods.length === 0) return [];
  return [
    {
      ...{ host: hostOf(declared, service), namespace: declared.namespace, cluster: from.name },
      provider: 'Kubernetes',
      ports: Object.fromEntries(ports.map(({ name }) => [name, pods.length])),
      addresses: pods.map(({ ip }) => ip),
      unhealthy: 0,
      networks: [from.network],
      localities: [`${from.region}/${from.zone}/`],
      mtls: pods.length * ports.length,
    },
  ];
}

/** Every proxy of a cluster of the sample; there are few enough. */
export function sampleProxies(declared: Declared, own: DeclaredCluster): ProxyRecord[] {
  const upstreams = declared.services.flatMap(({ name }) => upstreamsOf(declared, own, name));
  return samplePods(declared, own).flatMap((pod) => {
    if (!pod.proxy) return [];
    const app = pod.labels['app'] ?? '';
    const eastWest = app === 'istio-eastwestgateway';
    return [
      {
        ...{
          pod: pod.name,
          namespace: pod.namespace,
          type: pod.proxy.type,
          version: '1.39.1',
          state: 'LIVE',
        },
        nodeLocality: { region: own.region, zone: own.zone, subzone: '' },
        ...{ clusterId: own.name, network: own.network },
        upstreams: structuredClone(eastWest ? upstreams.map(passedThrough) : upstreams),
        listeners: [listenerOf(app, pod.proxy.type)],
        certificate: ['', 'ca-'].map((prefix) =>
          sampleFingerprint(prefix === '' ? `${own.name}/${app}` : `ca-${own.name}`),
        ),
        roots: [sampleFingerprint('root')],
        warming: [],
      },
    ];
  });
}

/** An east-west gateway does not open the TLS that it passes on, and knows its own network's endpoints by other names. */
function passedThrough(upstream: UpstreamRecord): UpstreamRecord {
  const name = `outbound_.${upstream.port}_._.${upstream.host}`;
  const here = upstream.endpoints.filter(({ priority }) => priority === 0);
  return { ...upstream, name, tls: 'none', trusts: [], endpoints: here, outlierDetection: null };
}

function listenerOf(app: string, type: 'gateway' | 'sidecar'): ProxyRecord['listeners'][number] {
  if (type === 'sidecar')
    return { name: 'virtualInbound', address: '0.0.0.0', port: 15006, serverNames: [], tls: true };
  const port = app === 'istio-eastwestgateway' ? 15443 : 8080;
  return { name: `0.0.0.0_${port}`, address: '0.0.0.0', port, serverNames: [], tls: false };
}

function upstreamsOf(declared: Declared, own: DeclaredCluster, service: string): UpstreamRecord[] {
  const host = hostOf(declared, service);
  return ports.map(({ number, target }) => {
    const endpoints = endpointsOf(declared, own, service, target);
    return {
      ...{ name: `outbound|${number}||${host}`, host, port: number, subset: '' },
      outlierDetection: null,
      tls: 'auto',
      sni: `outbound_.${number}_._.${host}`,
      policy: 'LEAST_REQUEST',
      localityWeighted: false,
      trusts: [`spiffe://${declared.trustDomain}/ns/${declared.namespace}/sa/${service}`],
      localityWeights: [...Map.groupBy(endpoints, ({ region }) => region).values()].map((group) => ({
        ...{ region: group[0]?.region ?? '', zone: group[0]?.zone ?? '', subzone: '', priority: 0 },
        weight: group.reduce((sum, one) => sum + one.weight, 0),
        endpoints: group.length,
      })),
      endpoints,
    };
  });
}

/** Its own network's pods, and the gateway of every other network with the weight of the pods behind it. */
function endpointsOf(
  declared: Declared,
  own: DeclaredCluster,
  service: string,
  port: number,
): EndpointRecord[] {
  return declared.clusters.flatMap((from): EndpointRecord[] => {
    const pods = podsOf(declared, from, service);
    const common = {
      ...{ region: from.region, zone: from.zone, subzone: '', priority: 0, healthy: true, ejected: false },
    };
    if (from.network === own.network)
      return pods.map(({ ip }) => ({ address: ip, port, weight: 1, ...common }));
    const gateway = from.eastWestGateway;
    if (pods.length === 0 || !gateway) return [];
    return [{ address: gateway.address, port: gateway.port, weight: pods.length, ...common }];
  });
}
