import { createHash } from 'node:crypto';
import type { KubernetesObject, V1Deployment, V1Node, V1Secret } from '@kubernetes/client-node';
import type { Mesh, MeshCluster } from '../../mesh/attach.ts';
import { istiodsOf } from '../../mesh/istiod.ts';
import { outboundCluster, type Endpoint } from '../../mesh/proxy.ts';
import { clientProxies } from '../../mesh/readiness.ts';
import { kinds, namespacesOf, selector } from '../marks/scope.ts';
import { isUnhealthy } from '../workloads/unhealthy-pod.ts';

type Traits = Record<string, string>;

/**
 * The traits of a cluster: nodes, Deployments with their pods, Secrets and roots, the state by istiod, and the
 * endpoints of proxies.
 */
export async function clusterTraits(mesh: Mesh, cluster: MeshCluster): Promise<Traits> {
  const namespaces = namespacesOf(mesh, cluster);
  const parts = await Promise.all([
    nodeTraits(cluster),
    secretTraits(cluster, mesh.file.rootNamespace),
    istiodTraits(mesh, cluster),
    proxyTraits(mesh, cluster),
    sickTraits(cluster),
    ...namespaces.flatMap((namespace) => [
      deploymentTraits(cluster, namespace),
      rootTraits(cluster, namespace),
      testTraits(cluster, namespace),
    ]),
  ]);
  const traits = parts.flatMap((part) => Object.entries(part));
  return Object.fromEntries(traits.map(([name, value]) => [`${cluster.name}, ${name}`, value]));
}

/** A table as a stable text, and a short hash of a value. */
const hashOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12);

const listed = (of: Record<string, string> | undefined): string =>
  Object.entries(of ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(' ');

/** The annotations of meshproof on an object: some annotations of others change by themselves. */
const ours = (of: Record<string, string> | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(of ?? {}).filter(([name]) => name.startsWith('meshproof.dev/')));

async function nodeTraits({ api }: MeshCluster): Promise<Traits> {
  const { items } = await api.core.listNode();
  return Object.fromEntries(items.map((node) => [`node ${node.metadata?.name}`, wordNode(node)]));
}

function wordNode({ metadata, spec, status }: V1Node): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  const taints = (spec?.taints ?? []).map(({ key, effect }) => `${key}:${effect}`).join(' ');
  return `ready ${ready}; labels ${listed(metadata?.labels)}; marks ${listed(ours(metadata?.annotations))}; taints ${taints}`;
}

async function deploymentTraits(cluster: MeshCluster, namespace: string): Promise<Traits> {
  const { items } = await cluster.api.apps.listNamespacedDeployment({ namespace });
  const pairs = items.map(
    (one) => [`Deployment ${namespace}/${one.metadata?.name}`, wordDeployment(one)] as const,
  );
  return Object.fromEntries(pairs);
}

const wordDeployment = ({ metadata, spec, status }: V1Deployment): string =>
  `${status?.readyReplicas ?? 0} of ${spec?.replicas} pods ready, ${status?.replicas ?? 0} there; ` +
  `template ${hashOf(spec?.template)}; marks ${listed(ours(metadata?.annotations))}`;

async function secretTraits({ api }: MeshCluster, namespace: string): Promise<Traits> {
  const { items } = await api.core.listNamespacedSecret({ namespace });
  return Object.fromEntries(
    items.map((one) => [`Secret ${namespace}/${one.metadata?.name}`, wordSecret(one)]),
  );
}

const wordSecret = ({ metadata, type, data }: V1Secret): string =>
  `${type}; holds ${hashOf(Object.entries(data ?? {}).sort())}; labels ${listed(lasting(metadata?.labels))}; marks ${listed(ours(metadata?.annotations))}`;

/** Kubernetes notes on a token the day of its last use. */
const lasting = (labels: Record<string, string> = {}): Record<string, string> =>
  Object.fromEntries(
    Object.entries(labels).filter(([name]) => name !== 'kubernetes.io/legacy-token-last-used'),
  );

/** The roots that istiod distributes to workloads. */
async function rootTraits({ api }: MeshCluster, namespace: string): Promise<Traits> {
  const { items } = await api.core.listNamespacedConfigMap({ namespace });
  const roots = items.find(({ metadata }) => metadata?.name === 'istio-ca-root-cert');
  return { [`roots in ${namespace}`]: hashOf(roots?.data) };
}

async function sickTraits(cluster: MeshCluster): Promise<Traits> {
  const sick = (await cluster.findPods({ namespace: cluster.namespace, labels: {} })).filter(isUnhealthy);
  return { 'sick pods': sick.map(({ name }) => name).join(', ') || 'none' };
}

/** The objects of tests, found as `heal` finds them. */
async function testTraits({ api }: MeshCluster, namespace: string): Promise<Traits> {
  const found = kinds.map(async ([apiVersion, kind]) => {
    const none = undefined;
    const { items } = await api.objects.list(
      ...([apiVersion, kind, namespace, none, none, none, none, selector] as const),
    );
    return items.map(({ metadata }: KubernetesObject) => `${kind} ${metadata?.name}`);
  });
  const names = (await Promise.all(found)).flat().sort();
  return { [`objects of tests in ${namespace}`]: names.join(', ') || 'none' };
}

async function istiodTraits(mesh: Mesh, cluster: MeshCluster): Promise<Traits> {
  const states = [];
  for (const istiod of await istiodsOf(cluster, mesh.file.rootNamespace)) {
    await using debug = istiod;
    const clusters = await debug.clusters();
    states.push(
      clusters
        .map(({ id, syncStatus }) => `${id} ${syncStatus}`)
        .sort()
        .join(', '),
    );
  }
  return { 'istiods, clusters': [...new Set(states)].join('; ') };
}

async function proxyTraits(mesh: Mesh, cluster: MeshCluster): Promise<Traits> {
  const clients = await clientProxies(mesh, cluster);
  const traits = clients.map(async (pod) => {
    const endpoints = await cluster.proxy(pod).endpoints();
    const who = pod.object.metadata?.labels?.['app'] ?? pod.name;
    return mesh.file.services.map(({ name }) => {
      const seen = endpoints.filter((one) => one.cluster === outboundCluster(name, cluster.namespace));
      return [`proxy of ${who}, endpoints of ${name}`, seen.map(wordEndpoint).sort().join(', ')] as const;
    });
  });
  return Object.fromEntries((await Promise.all(traits)).flat());
}

/** Addresses of pods change with the pods; those of gateways do not, and are identified by their port. */
function wordEndpoint({ region, priority, weight, port, healthy, ejected }: Endpoint): string {
  const state = ejected ? ' ejected' : healthy ? '' : ' unhealthy';
  return `:${port} in ${region || 'no region'}, priority ${priority}, weight ${weight}${state}`;
}
