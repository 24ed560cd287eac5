import { applyToBoth, itemOf, resource } from '../broken-sample.ts';
import {
  crossNetworkGateway,
  declaredOf,
  endpointsOf,
  gatewayOf,
  replaceEverywhere,
  settingsOf,
  type Mesh,
  type Spelling,
} from './mesh.ts';

/** The host names of the services of meshproof, without their domain. */
const isHost = (host: string, name: string) => host.startsWith(`${name}.meshproof.`);

function ownDomain(mesh: Mesh): void {
  replaceEverywhere(mesh, (text) => text.replaceAll('svc.cluster.local', 'svc.corp.internal'));
  for (const cluster of mesh.clusters) {
    const gateway = cluster.resources.find(({ name }) => name === 'cross-network-gateway');
    for (const server of (gateway?.spec['servers'] ?? []) as { hosts: string[] }[])
      server.hosts = ['*.corp.internal'];
  }
}

function ownRevision(mesh: Mesh): void {
  const rev = 'asm-1-31';
  for (const { namespaces, installs, istiods, webhooks } of mesh.clusters) {
    for (const { labels } of namespaces)
      if (labels['istio-injection'] === 'enabled') {
        delete labels['istio-injection'];
        labels['istio.io/rev'] = rev;
      }
    for (const install of installs) {
      install.revision = rev;
      install.env['REVISION'] = rev;
    }
    for (const istiod of istiods) istiod.revision = rev;
    const [hook] = webhooks;
    if (!hook) continue;
    webhooks.splice(0, Infinity, {
      ...hook,
      ...{ configuration: `istio-sidecar-injector-${rev}`, revision: rev, tag: '' },
      namespaceSelector: {
        matchLabels: {},
        matchExpressions: [
          { key: 'istio.io/rev', operator: 'In', values: [rev] },
          { key: 'istio-injection', operator: 'DoesNotExist', values: [] },
        ],
      },
    });
  }
}

/** The gateways run in a namespace without istiod. */
function gatewayNamespace(mesh: Mesh): void {
  const to = 'istio-ingress';
  for (const cluster of mesh.clusters) {
    const from = gatewayOf(cluster).namespace;
    const system = itemOf(cluster.namespaces, ({ name }) => name === from);
    cluster.namespaces.push({ ...structuredClone(system), name: to, labels: {} });
    for (const list of [cluster.services, cluster.pods, cluster.workloads, cluster.serviceAccounts])
      for (const one of list) if (one.name.includes('gateway') && one.namespace === from) one.namespace = to;
    for (const proxy of cluster.proxies) if (proxy.type === 'gateway') proxy.namespace = to;
    cluster.roots.push({ ...structuredClone(itemOf(cluster.roots)), namespace: to });
    for (const istiod of cluster.istiods) {
      for (const one of istiod.connected)
        one.proxy = one.proxy.replace(new RegExp(`(gateway-[^.]*)\\.${from}$`), `$1.${to}`);
      for (const shard of istiod.shards)
        if (shard.host.includes('gateway')) {
          shard.host = shard.host.replace(`.${from}.`, `.${to}.`);
          shard.namespace = to;
        }
    }
    const declared = declaredOf(mesh, cluster).eastWestGateway;
    if (declared) declared.namespace = to;
  }
}

/** Each cluster keeps calls to a service for itself. */
function keptLocal(mesh: Mesh): void {
  const host = 'inventory.meshproof.svc.cluster.local';
  const gateways = new Set(mesh.snapshot.declared.clusters.map((one) => one.eastWestGateway?.address));
  for (const cluster of mesh.clusters) {
    for (const settings of settingsOf(cluster)) {
      settings.clusterLocalHosts = [host];
      settings.serviceSettings = [{ hosts: [host], clusterLocal: true }];
    }
    const own = new Set(cluster.pods.map(({ ip }) => ip));
    for (const { upstreams } of cluster.proxies)
      for (const upstream of upstreams)
        if (isHost(upstream.host, 'inventory'))
          upstream.endpoints = upstream.endpoints.filter(
            ({ address }) => own.has(address) && !gateways.has(address),
          );
  }
}

/** A team's services with callers in some clusters only. */
function teamService(mesh: Mesh): void {
  const move = (text: string) => text.replaceAll('inventory', 'ledger').replaceAll('meshproof', 'shop');
  const copy = <T>(one: T): T => JSON.parse(move(JSON.stringify(one))) as T;
  const away = (address: string) => address.replace(/\.(\d+)$/, (_, last) => `.${Number(last) + 100}`);
  for (const cluster of mesh.clusters) {
    const namespace = itemOf(cluster.namespaces, ({ name }) => name === 'meshproof');
    cluster.namespaces.push({ ...copy(namespace), labels: { 'istio-injection': 'enabled' } });
    const service = itemOf(cluster.services, ({ name }) => name === 'inventory');
    cluster.services.push(copy(service));
    const roots = itemOf(cluster.roots, (one) => one.namespace === 'meshproof');
    cluster.roots.push(copy(roots));
    if (cluster !== mesh.clusters.at(-1)) continue;
    const pods = cluster.pods.filter(({ labels }) => labels['app'] === 'inventory');
    for (const pod of pods) cluster.pods.push({ ...copy(pod), ip: away(pod.ip) });
    for (const { istiods } of mesh.clusters)
      for (const istiod of istiods) {
        const shard = istiod.shards.find(
          (one) => isHost(one.host, 'inventory') && one.cluster === cluster.name,
        );
        if (shard) istiod.shards.push({ ...copy(shard), addresses: shard.addresses.map(away) });
        istiod.connected.push(
          ...istiod.connected
            .filter((one) => one.cluster === cluster.name && one.proxy.includes('inventory'))
            .map(copy),
        );
      }
  }
}

/** The locality of pods by a label, as where nodes do not have one. */
function localityByLabel({ clusters }: Mesh): void {
  for (const cluster of clusters) {
    const [node] = cluster.nodes;
    for (const pod of cluster.pods)
      if (pod.sidecar || pod.proxy) pod.labels['istio-locality'] = `${node?.region}.${node?.zone}`;
    for (const one of cluster.nodes) [one.region, one.zone] = ['', ''];
  }
}

/** Catalog has addresses of IPv6 alone, the second family of its pods. */
function dualStack({ clusters }: Mesh): void {
  const six = (address: string) => `fd00::${address.replaceAll('.', ':')}`;
  for (const cluster of clusters) {
    const own = cluster.pods.filter(({ labels }) => labels['app'] === 'catalog');
    for (const pod of own) pod.ips = [pod.ip, six(pod.ip)];
    for (const service of cluster.services) if (service.name === 'catalog') service.ipFamilies = ['IPv6'];
    for (const { shards } of cluster.istiods)
      for (const shard of shards)
        if (isHost(shard.host, 'catalog')) shard.addresses = shard.addresses.map(six).toSorted();
    const addresses = new Set(own.map(({ ip }) => ip));
    for (const one of endpointsOf(cluster)) if (addresses.has(one.address)) one.address = six(one.address);
  }
}

function trustDomains({ snapshot, clusters }: Mesh): void {
  const names = clusters.map(({ name }) => `${name}.example`);
  for (const cluster of clusters) {
    const own = `${cluster.name}.example`;
    for (const settings of settingsOf(cluster)) {
      settings.trustDomain = own;
      settings.trustDomainAliases = names.filter((one) => one !== own);
    }
    const leaves = new Set(cluster.proxies.map(({ certificate: [leaf] }) => leaf));
    for (const one of snapshot.certificates)
      if (leaves.has(one.fingerprint))
        one.uris = one.uris.map((uri) => uri.replace('//cluster.local/', `//${own}/`));
    for (const { proxy } of cluster.pods) if (proxy?.trustDomain !== undefined) proxy.trustDomain = own;
    for (const { upstreams } of cluster.proxies)
      for (const upstream of upstreams)
        upstream.trusts = upstream.trusts.flatMap((one) =>
          names.map((name) => one.replace('//cluster.local/', `//${name}/`)),
        );
  }
  snapshot.declared.trustDomain = names[0] ?? 'cluster.local';
}

const failover = (mesh: Mesh): void => {
  const regions = mesh.clusters.map(({ nodes }) => itemOf(nodes).region);
  const [first = '', second = ''] = regions;
  applyToBoth(
    mesh,
    resource('DestinationRule', 'failover', {
      host: 'catalog.meshproof.svc.cluster.local',
      trafficPolicy: {
        loadBalancer: {
          localityLbSetting: { enabled: true, failover: [{ from: first, to: second }] },
        },
        outlierDetection: { consecutive5xxErrors: 3, interval: '1s', maxEjectionPercent: 100 },
      },
    }),
  );
  for (const [i, cluster] of mesh.clusters.entries())
    for (const { upstreams } of cluster.proxies)
      for (const { host, endpoints } of upstreams)
        if (isHost(host, 'catalog'))
          for (const one of endpoints) one.priority = one.region === regions[i] ? 0 : 1;
};

/** Settings that a healthy mesh may have besides; any of them together, in this order. */
export const settingSpellings: readonly Spelling[] = [
  { id: 'failover-everywhere', apply: failover },
  { id: 'team-service-in-one-cluster', apply: teamService },
  { id: 'calls-kept-local', apply: keptLocal },
  { id: 'own-revision', apply: ownRevision },
  { id: 'gateways-in-their-namespace', apply: gatewayNamespace },
  { id: 'trust-domains-with-aliases', apply: trustDomains },
  { id: 'locality-by-pod-label', apply: localityByLabel },
  { id: 'dual-stack', apply: dualStack },
  {
    id: 'network-policy-that-admits',
    apply: (mesh) =>
      applyToBoth(
        mesh,
        resource(
          'NetworkPolicy',
          'admit',
          { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }, { ports: [{ port: 15443 }] }] },
          'istio-system',
        ),
      ),
  },
  {
    id: 'authorization-everywhere',
    apply: (mesh) =>
      applyToBoth(
        mesh,
        resource('AuthorizationPolicy', 'callers', {
          rules: [{ from: [{ source: { namespaces: ['meshproof', 'istio-system'] } }] }],
        }),
      ),
  },
  {
    id: 'strict-everywhere',
    apply: (mesh) =>
      applyToBoth(
        mesh,
        resource('PeerAuthentication', 'default', { mtls: { mode: 'STRICT' } }, 'istio-system'),
      ),
  },
  {
    id: 'discovery-selectors',
    apply: ({ clusters }) => {
      for (const cluster of clusters) {
        for (const { labels } of cluster.namespaces) labels['mesh'] = 'on';
        for (const settings of settingsOf(cluster))
          settings.discoverySelectors = [{ matchLabels: { mesh: 'on' }, matchExpressions: [] }];
      }
    },
  },
  {
    id: 'registry-only',
    apply: ({ clusters }) => {
      for (const settings of clusters.flatMap(settingsOf)) settings.outboundTrafficPolicy = 'REGISTRY_ONLY';
    },
  },
  {
    id: 'export-of-a-service',
    apply: ({ clusters }) => {
      for (const { services } of clusters)
        for (const { name, annotations } of services)
          if (name === 'catalog') annotations['networking.istio.io/exportTo'] = 'meshproof,istio-system';
    },
  },
  {
    id: 'hosts-by-namespace',
    apply: ({ clusters }) => {
      for (const cluster of clusters) {
        const spec = crossNetworkGateway(cluster).spec as { servers: { hosts: string[] }[] };
        for (const server of spec.servers) server.hosts = ['meshproof/*.local', 'shop/*.local', '*.local'];
      }
    },
  },
  {
    id: 'two-istiods',
    apply: ({ clusters }) => {
      for (const { istiods, pods } of clusters) {
        const [first] = istiods;
        const pod = pods.find(({ name }) => name === first?.pod);
        if (!first || !pod) continue;
        istiods.push({ ...structuredClone(first), pod: 'istiod-2', connected: [] });
        pods.push({ ...structuredClone(pod), name: 'istiod-2' });
      }
    },
  },
  { id: 'own-domain', apply: ownDomain },
];
