import type {
  ClusterSnapshot,
  DeclaredCluster,
  Install,
  MeshSettings,
  RemoteSecret,
  ResourceRecord,
  Snapshot,
} from '../schema.ts';
import { samplePods, sampleServices, sampleWorkloads } from './sample-kubernetes.ts';
import { sampleFingerprint } from './sample-names.ts';
import { sampleIstiods, sampleProxies } from './sample-proxies.ts';

type Declared = Snapshot['declared'];
const createdAt = '2026-11-01T11:00:00.000Z';

/** One healthy cluster of the sample, by its place in `declared.clusters`. */
export function sampleCluster(declared: Declared, index: number): ClusterSnapshot {
  const own = declared.clusters[index];
  if (!own) throw new RangeError(`The sample declares no cluster ${index}.`);
  const { name } = own;
  const others = declared.clusters.filter((one) => one.name !== name);
  const pods = samplePods(declared, own);
  return {
    name,
    reachable: true,
    missing: [],
    apiServer: { url: serverOf(declared, name), version: 'v1.36.3', roundTripMs: 3 },
    clocks: [
      { of: 'apiServer', name: '', offsetMs: 2, errorMs: 40, by: 'Date header of 20 answers' },
      {
        of: 'node',
        name: `${name}-control-plane`,
        offsetMs: 3,
        errorMs: 500,
        by: 'Date header of 5 answers',
      },
    ],
    installs: [sampleInstall(declared, name, own.network)],
    namespaces: sampleNamespaces(declared, own.network),
    services: sampleServices(declared, own),
    pods,
    workloads: sampleWorkloads(pods),
    nodes: [sampleNode(own, index)],
    serviceAccounts: accountsOf(pods),
    resourceKinds: sampleKinds,
    resources: [crossNetworkGateway(declared.rootNamespace)],
    authorities: [sampleAuthority(declared.rootNamespace, name)],
    roots: ['default', declared.rootNamespace, declared.namespace].map((namespace) => ({
      namespace,
      name: 'istio-ca-root-cert',
      roots: [sampleFingerprint('root')],
    })),
    webhooks: [sampleWebhook(declared.rootNamespace)],
    remoteSecrets: others.map((other) => remoteSecret(declared, other.name)),
    readerAccess: others.map((other) => readerAccess(declared, other.name)),
    istiods: sampleIstiods(declared, own, sampleSettings(declared)),
    proxies: sampleProxies(declared, own),
    probes: others.flatMap((other) => sampleProbes(declared, other.name)),
  };
}

function sampleNamespaces(declared: Declared, network: string): ClusterSnapshot['namespaces'] {
  const labels: Record<string, Record<string, string>> = {
    ...Object.fromEntries(
      ['default', 'kube-system', 'kube-public', 'kube-node-lease'].map((one) => [one, {}]),
    ),
    [declared.rootNamespace]: { 'topology.istio.io/network': network },
    [declared.namespace]: { 'istio-injection': 'enabled' },
  };
  return Object.entries(labels).map(([name, own]) => ({
    name,
    labels: { 'kubernetes.io/metadata.name': name, ...own },
    terminating: false,
  }));
}

const sampleNode = (own: DeclaredCluster, index: number): ClusterSnapshot['nodes'][number] => ({
  ...{ name: `${own.name}-control-plane`, region: own.region, zone: own.zone, subzone: '', ready: true },
  ...{ unschedulable: false, kubelet: 'v1.36.3', addresses: [`172.30.${index}.2`] },
});

const sampleAuthority = (namespace: string, cluster: string): ClusterSnapshot['authorities'][number] => ({
  namespace,
  secret: 'cacerts',
  keys: ['ca-cert.pem', 'ca-key.pem', 'cert-chain.pem', 'root-cert.pem'],
  createdAt,
  certificate: [sampleFingerprint(`ca-${cluster}`)],
  chain: [sampleFingerprint(`ca-${cluster}`), sampleFingerprint('root')],
  roots: [sampleFingerprint('root')],
  keyFits: true,
  problems: [],
});

const neededResources = ['services', 'endpointslices', 'pods', 'nodes', 'namespaces'];

const readerAccess = (declared: Declared, reads: string): ClusterSnapshot['readerAccess'][number] => ({
  secret: `${declared.rootNamespace}/istio-remote-secret-${reads}`,
  reads,
  asked: serverOf(declared, reads),
  namedServer: 'answered',
  status: 201,
  may: Object.fromEntries(
    neededResources.flatMap((resource) => ['list', 'watch'].map((verb) => [`${verb} ${resource}`, true])),
  ),
  rules: [
    {
      namespaces: ['default', declared.rootNamespace, declared.namespace],
      verbs: ['get', 'list', 'watch'],
      apiGroups: ['', 'discovery.k8s.io'],
      resources: [...neededResources],
    },
  ],
  rulesIncomplete: false,
});

const sampleKinds = [
  'AuthorizationPolicy',
  'DestinationRule',
  'EnvoyFilter',
  'Gateway',
  'NetworkPolicy',
  'PeerAuthentication',
  'ProxyConfig',
  'RequestAuthentication',
  'ServiceEntry',
  'Sidecar',
  'Telemetry',
  'VirtualService',
  'WasmPlugin',
  'WorkloadEntry',
  'WorkloadGroup',
];

const serverOf = (declared: Declared, cluster: string) =>
  `https://172.30.${declared.clusters.findIndex(({ name }) => name === cluster)}.2:6443`;

/** MeshConfig as the sample has it set. */
export const sampleSettings = (declared: Declared): MeshSettings => ({
  trustDomain: declared.trustDomain,
  trustDomainAliases: [],
  rootNamespace: declared.rootNamespace,
  meshId: declared.meshId,
  discoverySelectors: [],
  outboundTrafficPolicy: 'ALLOW_ANY',
  enableAutoMtls: true,
  localityLb: { enabled: true, distribute: [], failover: [], failoverPriority: [] },
  caCertificates: [],
  clusterLocalHosts: [],
  defaultExportTo: {},
  discoveryAddress: `istiod.${declared.rootNamespace}.svc:15012`,
  providers: [],
});

function sampleInstall(declared: Declared, clusterName: string, network: string): Install {
  return {
    revision: 'default',
    namespace: declared.rootNamespace,
    istiod: true,
    version: '1.31.0',
    images: ['docker.io/istio/pilot:1.31.0'],
    clusterName,
    meshId: declared.meshId,
    network,
    settings: sampleSettings(declared),
    meshNetworks: {},
    env: { CLUSTER_ID: clusterName, REVISION: 'default', PILOT_CERT_PROVIDER: 'istiod' },
  };
}

const crossNetworkGateway = (namespace: string): ResourceRecord => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'Gateway',
  namespace,
  name: 'cross-network-gateway',
  labels: {},
  generation: 1,
  createdAt,
  spec: {
    selector: { istio: 'eastwestgateway' },
    servers: [
      {
        port: { number: 15443, name: 'tls', protocol: 'TLS' },
        tls: { mode: 'AUTO_PASSTHROUGH' },
        hosts: ['*.local'],
      },
    ],
  },
  status: [],
});

function sampleWebhook(namespace: string): ClusterSnapshot['webhooks'][number] {
  return {
    configuration: 'istio-sidecar-injector',
    name: 'namespace.sidecar-injector.istio.io',
    revision: 'default',
    tag: '',
    namespaceSelector: {
      matchLabels: {},
      matchExpressions: [{ key: 'istio-injection', operator: 'In', values: ['enabled'] }],
    },
    objectSelector: {
      matchLabels: {},
      matchExpressions: [{ key: 'sidecar.istio.io/inject', operator: 'NotIn', values: ['false'] }],
    },
    failurePolicy: 'Fail',
    target: `${namespace}/istiod:443/inject`,
    service: { namespace, name: 'istiod', port: 443 },
    caBundle: [sampleFingerprint('root')],
  };
}

const remoteSecret = (declared: Declared, cluster: string): RemoteSecret => ({
  namespace: declared.rootNamespace,
  name: `istio-remote-secret-${cluster}`,
  labelled: true,
  createdAt,
  annotatedCluster: cluster,
  cluster,
  server: serverOf(declared, cluster),
  skipsVerification: false,
  ca: [sampleFingerprint(`api-${cluster}`)],
  credential: 'token',
  token: { subject: `system:serviceaccount:${declared.rootNamespace}:meshproof-reader`, audiences: [] },
});

function accountsOf(pods: ClusterSnapshot['pods']): ClusterSnapshot['serviceAccounts'] {
  const all = new Map(pods.map((pod) => [`${pod.namespace}/${pod.serviceAccount}`, pod]));
  return [...all.values()].map(({ namespace, serviceAccount }) => ({ namespace, name: serviceAccount }));
}

function sampleProbes(declared: Declared, cluster: string): ClusterSnapshot['probes'] {
  const target = declared.clusters.find(({ name }) => name === cluster);
  const shown = declared.services.find(({ pods }) => (pods[cluster] ?? 0) > 0)?.name ?? '';
  const host = `${shown}.${declared.namespace}.svc.cluster.local`;
  const base = { from: `${declared.namespace}/probe-plain-1`, cluster, tcp: 'connected', tcpMs: 4 } as const;
  const address = target?.eastWestGateway?.address ?? '';
  const [fingerprint, authority] = [
    sampleFingerprint(`${cluster}/${shown}`),
    sampleFingerprint(`ca-${cluster}`),
  ];
  const at = '2026-11-01T12:00:01.000Z';
  return [
    {
      ...{ ...base, target: 'eastWestGateway', address, port: 15443, sni: `outbound_.80_._.${host}` },
      ...{ tls: 'completed', chain: [fingerprint, authority, sampleFingerprint('root')], at },
    },
    { ...base, target: 'apiServer', address, port: 6443, tls: 'completed', chain: [], at },
  ];
}
