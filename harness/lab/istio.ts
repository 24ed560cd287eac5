import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { run } from '../base/command.ts';
import { timeouts } from '../base/timeouts.ts';
import type { Topology, TopologyCluster } from '../config/topology.ts';
import { applyAll, deleteIfThere, type ClusterApi } from '../kube/cluster-api.ts';
import { digest } from './images/recipe.ts';
import type { LabImages } from './images/traits.ts';
import { addressOf, names, nodesOf, type EquippedLab } from './lab.ts';
import type { Authorities } from './pki.ts';
import { cacertsData } from './pki.ts';

export const istioNamespace = 'istio-system';

type Values = Record<string, unknown>;
const isObject = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `base` with the values of `over`: objects are merged, all other values are replaced. */
export function merge(base: Values, over: Values): Values {
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isObject(below) && isObject(value) ? merge(below, value) : value;
  }
  return merged;
}

/**
 * Settings for stock Envoy: it lacks Istio's own filters, so istiod must not configure them. The official proxy has these
 * filters and does not need the settings.
 */
const stockEnvoySettings: Values = {
  meshConfig: { defaultProviders: { metrics: [] } },
  values: {
    pilot: { env: { PILOT_ENABLE_ALPN_FILTER: 'false', PILOT_ENABLE_METADATA_EXCHANGE: 'false' } },
    telemetry: { enabled: false },
  },
};

/**
 * The resource requests of a lab's proxies. Two clusters share the cores of one machine, and a request is also the weight of
 * a container if cores are short. With 10m, a proxy stalled for seconds while pods on its node were replaced; with 50m, for
 * most of a second. {@link lightControlPlane} in kind-config.ts leaves the cores for these requests.
 */
const proxy = { requests: { cpu: '100m', memory: '40Mi' } };
/** A gateway carries all calls to another cluster. */
const gatewayProxy = { requests: { cpu: '150m', memory: '40Mi' } };

/**
 * Workloads use elliptic-curve keys. With RSA, Istio's default, a handshake costs the server a millisecond of a core, and
 * proxies lack that time when all of them reconnect at once.
 */
const curveKeys = { ECC_SIGNATURE_ALGORITHM: 'ECDSA' };

/**
 * The period of the readiness probes of proxies. With Istio's 15 s, a gateway that fails its first probe gets no traffic for that
 * long, in every promise that replaces its pods.
 */
const readinessPeriodSeconds = 3;

const gateway = (name: string, labels: Record<string, string>, ports: object[], env: object[] = []) => ({
  name,
  enabled: true,
  label: labels,
  k8s: {
    resources: gatewayProxy,
    hpaSpec: { minReplicas: 1, maxReplicas: 1 },
    env,
    service: { type: 'LoadBalancer', ports },
  },
});

function gateways(cluster: TopologyCluster): ReturnType<typeof gateway>[] {
  const ingress = gateway('istio-ingressgateway', { app: 'istio-ingressgateway', istio: 'ingressgateway' }, [
    { name: 'http2', port: 80, targetPort: 8080 },
  ]);
  const eastWest = gateway(
    'istio-eastwestgateway',
    { app: 'istio-eastwestgateway', istio: 'eastwestgateway', 'topology.istio.io/network': cluster.network },
    [{ name: 'tls', port: 15443, targetPort: 15443 }],
    [{ name: 'ISTIO_META_REQUESTED_NETWORK_VIEW', value: cluster.network }],
  );
  return [...(cluster.ingress ? [ingress] : []), eastWest];
}

/** The IstioOperator document of one cluster. */
export function istioOperator(
  topology: Topology,
  cluster: TopologyCluster,
  images: Pick<LabImages, 'stockEnvoy' | 'istio'>,
): object {
  const spec: Values = {
    profile: 'minimal',
    ...images.istio,
    meshConfig: { trustDomain: topology.trust.domain, defaultConfig: { proxyMetadata: curveKeys } },
    components: {
      pilot: { k8s: { resources: { requests: { cpu: '50m', memory: '256Mi' } } } },
      ingressGateways: gateways(cluster),
    },
    values: {
      pilot: { autoscaleEnabled: false },
      gateways: { 'istio-ingressgateway': { autoscaleEnabled: false, injectionTemplate: 'gateway' } },
      global: {
        imagePullPolicy: 'IfNotPresent', // a gateway's image is `auto`, which Kubernetes would always pull
        meshID: topology.meshId,
        multiCluster: { clusterName: cluster.name },
        network: cluster.network,
        proxy: { resources: proxy, readinessPeriodSeconds },
        proxy_init: { resources: proxy },
      },
    },
  };
  const adapted = images.stockEnvoy ? merge(spec, stockEnvoySettings) : spec;
  return {
    apiVersion: 'install.istio.io/v1alpha1',
    kind: 'IstioOperator',
    spec: merge(adapted, topology.istio.values),
  };
}

/** Creates the objects that istiod needs at its start: the namespace with its network label, and `cacerts`. */
export async function prepareIstio(
  cluster: TopologyCluster,
  api: ClusterApi,
  authorities: Authorities,
): Promise<void> {
  await applyAll(api, [
    {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: istioNamespace, labels: { 'topology.istio.io/network': cluster.network } },
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'cacerts', namespace: istioNamespace },
      type: 'Opaque',
      stringData: cacertsData(authorities, cluster.name),
    },
  ]);
}

const installRecord = 'meshproof-install';

async function isInstalled(cluster: TopologyCluster, api: ClusterApi, hash: string): Promise<boolean> {
  const records = await api.core.listNamespacedConfigMap({ namespace: istioNamespace });
  const record = records.items.find(({ metadata }) => metadata?.name === installRecord);
  if (record?.data?.['hash'] !== hash) return false;
  const { items } = await api.apps.listNamespacedDeployment({ namespace: istioNamespace });
  const wanted = ['istiod', ...gateways(cluster).map(({ name }) => name)];
  return wanted.every((name) => {
    const found = items.find(({ metadata }) => metadata?.name === name);
    const pods = found?.spec?.replicas ?? 0;
    const { replicas, updatedReplicas, readyReplicas } = found?.status ?? {};
    return pods > 0 && replicas === pods && updatedReplicas === pods && readyReplicas === pods;
  });
}

/**
 * Installs istiod and the gateways with istioctl, or finds them ready with the same settings.
 *
 * @throws CommandFailed with the output of istioctl.
 */
export async function ensureIstio(
  lab: EquippedLab,
  cluster: TopologyCluster,
  api: ClusterApi,
  report: (line: string) => void,
): Promise<string> {
  const document = stringify(istioOperator(lab.topology, cluster, lab.images));
  const hash = digest(document);
  if (await isInstalled(cluster, api, hash)) return 'already installed';
  // The record is deleted first: it must not describe an interrupted installation.
  await deleteIfThere(() =>
    api.core.deleteNamespacedConfigMap({ name: installRecord, namespace: istioNamespace }),
  );
  const file = join(lab.folder, `${cluster.name}.istio.yaml`);
  await writeFile(file, document);
  await run(
    [
      lab.tools['istioctl'] ?? '',
      'install',
      '-y',
      '-f',
      file,
      '--kubeconfig',
      names.kubeconfig(lab.name, cluster.name),
      '--readiness-timeout',
      '3m',
    ],
    {
      signal: lab.signal,
      limitMs: timeouts.clusterMs, // above --readiness-timeout, which bounds the wait for pods but not requests
      onLine: (line) => report(line.replace(/[^\x20-\x7e]/g, '').trim()),
    },
  );
  await applyAll(api, [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: installRecord, namespace: istioNamespace },
      data: { hash },
    },
  ]);
  return 'installed';
}

/** Exposes every service of the mesh to the other networks. It routes TLS by SNI without ending it, so that identities are kept. */
export const crossNetworkGateway = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'Gateway',
  metadata: { name: 'cross-network-gateway', namespace: istioNamespace },
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
};

/**
 * Gives the gateways their addresses. A lab does not have a load balancer, so meshproof writes the address of the control plane
 * node into the status of the Services. kube-proxy then serves the address, and istiod uses it as the network's gateway.
 *
 * @returns the address.
 */
export async function ensureGatewayAddresses(
  lab: EquippedLab,
  cluster: TopologyCluster,
  api: ClusterApi,
): Promise<string> {
  const node = (await nodesOf(lab, cluster))[0];
  if (!node) throw new Error(`Cluster ${cluster.name} has no node. Run \`meshproof up\` again.`);
  const ip = await addressOf(lab, node.name, names.network(lab.name, cluster.network));
  const { items } = await api.core.listNamespacedService({ namespace: istioNamespace });
  for (const service of items.filter(({ spec }) => spec?.type === 'LoadBalancer')) {
    if (service.status?.loadBalancer?.ingress?.[0]?.ip === ip) continue;
    await api.core.replaceNamespacedServiceStatus({
      name: service.metadata?.name ?? '',
      namespace: istioNamespace,
      body: { ...service, status: { loadBalancer: { ingress: [{ ip }] } } },
    });
  }
  return ip;
}
