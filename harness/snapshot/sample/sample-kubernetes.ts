import type { DeclaredCluster, PodRecord, ServiceRecord, Snapshot, WorkloadRecord } from '../schema.ts';

type Declared = Snapshot['declared'];

const createdAt = '2026-11-01T11:00:00.000Z';
const proxyImage = 'docker.io/istio/proxyv2:1.31.0';

interface PodSpec {
  namespace: string;
  app: string;
  index: number;
  labels?: Record<string, string>;
  account?: string;
  proxy?: 'sidecar' | 'gateway';
  image?: string;
  port?: number;
}

/** The pods of a cluster of the sample. Pods of different clusters have the same addresses, as in the lab. */
export function samplePods(declared: Declared, own: DeclaredCluster): PodRecord[] {
  const { rootNamespace: root, namespace } = declared;
  const gateway = (app: string, istio: string, labels: Record<string, string> = {}): PodSpec => ({
    ...{ namespace: root, app, index: 1, proxy: 'gateway', account: `${app}-service-account` },
    labels: { istio, ...labels },
  });
  const specs: PodSpec[] = [
    { namespace: root, app: 'istiod', index: 1, image: 'docker.io/istio/pilot:1.31.0', port: 15012 },
    gateway('istio-eastwestgateway', 'eastwestgateway', { 'topology.istio.io/network': own.network }),
    ...(own.ingress === undefined ? [] : [gateway('istio-ingressgateway', 'ingressgateway')]),
    ...declared.services.flatMap(({ name, pods }) =>
      Array.from({ length: pods[own.name] ?? 0 }, (_, i): PodSpec => {
        return { namespace, app: name, index: i + 1, proxy: 'sidecar', port: 8080 };
      }),
    ),
    ...((declared.services.find(({ name }) => name === 'probe')?.pods[own.name] ?? 0) > 0
      ? [{ namespace, app: 'probe-plain', index: 1, port: 8080, image: proxyImage }]
      : []),
  ];
  return specs.map((spec, i) => podOf(declared, own, spec, `10.244.0.${i + 2}`));
}

function podOf(declared: Declared, own: DeclaredCluster, spec: PodSpec, ip: string): PodRecord {
  const { namespace, app, index, proxy } = spec;
  const container = (name: string, image: string, init = false) => ({
    ...{ name, image, init, ready: true, restarts: 0 },
    ports: spec.port === undefined || init ? [] : [{ name: '', port: spec.port, protocol: 'TCP' }],
  });
  const plain = app === 'probe-plain' ? { 'sidecar.istio.io/inject': 'false' } : {};
  return {
    namespace,
    name: `${app}-${index}`,
    labels: { app, ...spec.labels, ...plain },
    annotations: {},
    node: `${own.name}-control-plane`,
    phase: 'Running',
    ready: true,
    ip,
    hostNetwork: false,
    serviceAccount: spec.account ?? app,
    owner: `ReplicaSet/${app}-6d5f`,
    createdAt,
    containers: [
      ...(proxy === 'gateway'
        ? []
        : [container(app === 'istiod' ? 'discovery' : 'envoy', spec.image ?? proxyImage)]),
      ...(proxy ? [container('istio-proxy', proxyImage, proxy === 'sidecar')] : []),
    ],
    sidecar: proxy === 'sidecar',
    ...(proxy
      ? {
          proxy: {
            image: proxyImage,
            native: proxy === 'sidecar',
            type: proxy,
            clusterId: own.name,
            network: own.network,
            meshId: declared.meshId,
            trustDomain: declared.trustDomain,
            discoveryAddress: `istiod.${declared.rootNamespace}.svc:15012`,
            caAddress: `istiod.${declared.rootNamespace}.svc:15012`,
            ...(app === 'istio-eastwestgateway' ? { requestedNetworkView: own.network } : {}),
          },
        }
      : {}),
  };
}

/** The services of a cluster of the sample: each of meshproof's in every cluster, istiod's, and the gateways'. */
export function sampleServices(declared: Declared, own: DeclaredCluster): ServiceRecord[] {
  const { rootNamespace: root, namespace } = declared;
  const address = own.eastWestGateway?.address ?? '';
  const port = (name: string, number: number, targetPort: number) => ({
    ...{ name, port: number, protocol: 'TCP', targetPort },
  });
  const gateway = (
    name: string,
    istio: string,
    labels: Record<string, string>,
    ports: ServiceRecord['ports'],
  ) => ({
    ...serviceOf(root, name, ports, { app: name, istio }),
    ...{ type: 'LoadBalancer', labels: { app: name, istio, ...labels }, external: [address] },
  });
  return [
    serviceOf('default', 'kubernetes', [port('https', 443, 6443)], {}),
    serviceOf(
      root,
      'istiod',
      [
        port('grpc-xds', 15010, 15010),
        port('https-dns', 15012, 15012),
        port('https-webhook', 443, 15017),
        port('http-monitoring', 15014, 15014),
      ],
      { app: 'istiod', istio: 'pilot' },
    ),
    gateway('istio-eastwestgateway', 'eastwestgateway', { 'topology.istio.io/network': own.network }, [
      port('tls', 15443, 15443),
    ]),
    ...(own.ingress === undefined
      ? []
      : [gateway('istio-ingressgateway', 'ingressgateway', {}, [port('http2', 80, 8080)])]),
    ...declared.services.map(({ name }) =>
      serviceOf(namespace, name, [port('http', 80, 8080), port('tcp', 9000, 9000)], { app: name }),
    ),
  ];
}

function serviceOf(
  namespace: string,
  name: string,
  ports: ServiceRecord['ports'],
  selector: Record<string, string>,
): ServiceRecord {
  return {
    ...{ namespace, name, type: 'ClusterIP', headless: false, ports, selector },
    ...{ labels: { app: name }, annotations: {}, external: [], publishNotReadyAddresses: false },
    internalTrafficPolicy: 'Cluster',
  };
}

/** The Deployments that stand behind pods of the sample. */
export function sampleWorkloads(pods: readonly PodRecord[]): WorkloadRecord[] {
  const byApp = Map.groupBy(pods, ({ namespace, labels }) => `${namespace}/${labels['app']}`);
  return [...byApp.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const app = first.labels['app'] ?? '';
    const count = group.length;
    return [
      {
        ...{ kind: 'Deployment', namespace: first.namespace, name: app, labels: { app }, selector: { app } },
        ...{
          templateLabels: first.labels,
          templateAnnotations: {},
          wanted: count,
          current: count,
          ready: count,
        },
        ...{ updated: count, observed: true },
      },
    ];
  });
}
