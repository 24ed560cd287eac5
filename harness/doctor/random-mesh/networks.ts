import { itemOf, resource, type SampleCluster } from '../broken-sample.ts';
import {
  crossNetworkGateway,
  declaredOf,
  endpointsOf,
  gatewayOf,
  isGateway,
  moveGateway,
  networkLabel,
  type Mesh,
  type Spelling,
} from './mesh.ts';

const networkOf = (mesh: Mesh, cluster: SampleCluster): string => declaredOf(mesh, cluster).network ?? '';

/** Networks from meshNetworks instead of labels. */
function byMeshNetworks(mesh: Mesh, endpointsOfNetwork: (cluster: SampleCluster) => object): void {
  const networks = Object.fromEntries(
    mesh.clusters.map((one) => {
      const { address, port } = itemOf([declaredOf(mesh, one).eastWestGateway]) ?? {};
      return [networkOf(mesh, one), { endpoints: [endpointsOfNetwork(one)], gateways: [{ address, port }] }];
    }),
  );
  for (const cluster of mesh.clusters) {
    for (const install of cluster.installs) install.meshNetworks = structuredClone(networks);
    for (const { labels } of cluster.namespaces) delete labels[networkLabel];
    for (const { labels } of cluster.services) delete labels[networkLabel];
    for (const { networks: known } of cluster.istiods) for (const one of known) one.cluster = '';
  }
}

/** Every cluster gets its own range of pod addresses, also where other clusters and proxies hold them. */
function ownRanges(mesh: Mesh): void {
  const rangeOf = new Map(mesh.clusters.map(({ name }, i) => [name, `10.${20 + i}.`]));
  const regionOf = new Map(mesh.snapshot.declared.clusters.map(({ region, name }) => [region, name]));
  const place = (address: string, cluster: string) =>
    address.replace(/^10\.244\./, rangeOf.get(cluster) ?? '');
  for (const cluster of mesh.clusters) {
    for (const pod of cluster.pods) if (!pod.hostNetwork) pod.ip = place(pod.ip, cluster.name);
    for (const { shards } of cluster.istiods)
      for (const shard of shards)
        shard.addresses = shard.addresses.map((one) => place(one, shard.cluster)).toSorted();
    for (const endpoint of endpointsOf(cluster))
      endpoint.address = place(endpoint.address, regionOf.get(endpoint.region) ?? cluster.name);
  }
}

/** One network without gateways: proxies call pods directly. */
function flat(mesh: Mesh): void {
  ownRanges(mesh);
  const heldBy = new Map(
    mesh.clusters.flatMap(({ istiods }) =>
      istiods.flatMap(({ shards }) => shards.map((one) => [`${one.cluster} ${one.host}`, one] as const)),
    ),
  );
  const addresses = new Map(
    mesh.snapshot.declared.clusters.map((one) => [one.eastWestGateway?.address, one.name]),
  );
  for (const one of mesh.snapshot.declared.clusters) {
    one.network = 'flat';
    delete one.eastWestGateway;
  }
  for (const cluster of mesh.clusters) {
    removeGateway(cluster);
    for (const { labels } of [...cluster.namespaces, ...cluster.services, ...cluster.pods])
      delete labels[networkLabel];
    for (const { proxy } of cluster.pods) {
      delete proxy?.network;
      delete proxy?.requestedNetworkView;
    }
    for (const install of cluster.installs) delete install.network;
    for (const proxy of cluster.proxies) {
      delete proxy.network;
      for (const upstream of proxy.upstreams)
        upstream.endpoints = upstream.endpoints.flatMap((endpoint) => {
          const to = endpoint.port === 15443 ? addresses.get(endpoint.address) : undefined;
          if (to === undefined) return [endpoint];
          const shard = heldBy.get(`${to} ${upstream.host}`);
          return (shard?.addresses ?? []).map((address) => ({ ...endpoint, address, port: 8080, weight: 1 }));
        });
    }
    for (const istiod of cluster.istiods) {
      istiod.networks = [];
      for (const shard of istiod.shards) shard.networks = [''];
    }
  }
}

function removeGateway(cluster: SampleCluster): void {
  const stays = ({ name }: { name: string }) => !isGateway(name);
  cluster.services = cluster.services.filter(stays);
  cluster.pods = cluster.pods.filter(stays);
  cluster.workloads = cluster.workloads.filter(stays);
  cluster.proxies = cluster.proxies.filter(({ pod }) => !isGateway(pod));
  cluster.resources = cluster.resources.filter(({ name }) => name !== 'cross-network-gateway');
  cluster.probes = cluster.probes.filter(({ target }) => target !== 'eastWestGateway');
  for (const istiod of cluster.istiods) {
    istiod.shards = istiod.shards.filter(({ host }) => !isGateway(host));
    istiod.connected = istiod.connected.filter(({ proxy }) => !isGateway(proxy));
  }
}

/** How a mesh names its networks. */
export const networkSpellings: readonly Spelling[] = [
  { id: 'networks-by-label', apply: () => undefined },
  {
    id: 'networks-by-registry',
    apply: (mesh) => byMeshNetworks(mesh, ({ name }) => ({ fromRegistry: name })),
  },
  {
    id: 'networks-by-range',
    apply: (mesh) => {
      ownRanges(mesh);
      byMeshNetworks(mesh, ({ name }) => ({
        fromCidr: `10.${20 + mesh.clusters.findIndex((one) => one.name === name)}.0.0/16`,
      }));
    },
  },
  { id: 'flat-network', apply: flat },
];

/** A Kubernetes Gateway with the same pods instead of the Gateway of Istio. */
function kubernetesGateway(mesh: Mesh, cluster: SampleCluster): void {
  const network = networkOf(mesh, cluster);
  cluster.resources = cluster.resources.filter((one) => one !== crossNetworkGateway(cluster));
  const options = { 'gateway.istio.io/listener-protocol': 'auto-passthrough' };
  cluster.resources.push({
    ...resource(
      'Gateway',
      'crossnet',
      {
        gatewayClassName: 'istio',
        listeners: [
          { name: 'cross-network', port: 15443, protocol: 'TLS', tls: { mode: 'Passthrough', options } },
        ],
      },
      gatewayOf(cluster).namespace,
    ),
    apiVersion: 'gateway.networking.k8s.io/v1',
    labels: { [networkLabel]: network },
  });
  const owned = { 'gateway.networking.k8s.io/gateway-name': 'crossnet' };
  const service = gatewayOf(cluster);
  service.selector = owned;
  for (const pod of cluster.pods) if (isGateway(pod.name)) Object.assign(pod.labels, owned);
  for (const one of cluster.workloads) if (isGateway(one.name)) Object.assign(one.templateLabels, owned);
  delete service.labels['istio'];
  Object.assign(service.labels, owned);
}

/** How callers reach the gateway of a network; each needs gateways. */
export const gatewaySpellings: readonly Spelling[] = [
  { id: 'gateway-by-address', apply: () => undefined },
  {
    id: 'gateway-port-by-label',
    apply: (mesh) => {
      for (const cluster of mesh.clusters) {
        const service = gatewayOf(cluster);
        itemOf(service.ports, ({ port }) => port === 15443).port = 443;
        service.labels['networking.istio.io/gatewayPort'] = '443';
        const at = declaredOf(mesh, cluster).eastWestGateway;
        if (at) moveGateway(mesh, cluster, { address: at.address, port: 443 });
      }
    },
  },
  {
    id: 'gateway-by-host-name',
    apply: (mesh) => {
      for (const cluster of mesh.clusters) gatewayOf(cluster).external = [`${cluster.name}.elb.example`];
    },
  },
  {
    id: 'gateway-by-node-port',
    apply: (mesh) => {
      for (const cluster of mesh.clusters) {
        const service = gatewayOf(cluster);
        Object.assign(service, { type: 'NodePort', external: [] });
        service.annotations['traffic.istio.io/nodeSelector'] = '{"kubernetes.io/os":"linux"}';
        itemOf(service.ports, ({ port }) => port === 15443).nodePort = 30443;
        const at = declaredOf(mesh, cluster).eastWestGateway;
        if (at) moveGateway(mesh, cluster, { address: at.address, port: 30443 });
      }
    },
  },
  {
    id: 'kubernetes-gateway',
    apply: (mesh) => {
      for (const cluster of mesh.clusters) kubernetesGateway(mesh, cluster);
    },
  },
];
