import type { RemoteSecret } from '../mesh/snapshot/schema.ts';
import type { ClusterView } from './cluster-view.ts';
import type { MeshView } from './mesh-view.ts';

/** The host of a URL; undefined where it is none. */
export function hostOfUrl(url: string | undefined): string | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  return new URL(url).hostname.replace(/^\[|\]$/g, '');
}

/** An address that leads every machine to itself, or nowhere. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '0.0.0.0' || host.startsWith('127.');

/**
 * The remote secrets of a cluster. That of an external istiod for the cluster that it has its configuration from is none, though it has
 * their label: `istioctl create-remote-secret --type=config` names no cluster in it.
 */
export const remoteSecrets = ({ data }: ClusterView): RemoteSecret[] =>
  data.remoteSecrets.filter(({ name, cluster }) => name !== 'istio-kubeconfig' || cluster !== 'config');

/** Whether istiod takes it: it has the label, and stands where istiod looks. */
export const isActive = (cluster: ClusterView, secret: RemoteSecret): boolean =>
  secret.labelled && secret.namespace === cluster.systemNamespace;

/** The remote secrets that the istiods of a cluster read, but for one of itself. */
export const activeSecrets = (cluster: ClusterView): RemoteSecret[] =>
  remoteSecrets(cluster).filter((secret) => isActive(cluster, secret));

/** `Secret namespace/name`. */
export const secretRef = ({ namespace, name }: { namespace: string; name: string }): string =>
  `Secret ${namespace}/${name}`;

/**
 * The clusters of the mesh whose API server a secret's server is, by addresses of their nodes and of their API server;
 * empty where none has that address: it may still be right, as behind a load balancer.
 */
export function leadsTo(view: MeshView, { server }: RemoteSecret): readonly string[] {
  const host = hostOfUrl(server);
  if (server === undefined || host === undefined || isLoopback(host)) return [];
  const { apiServers, nodes } = addressesOf(view);
  return apiServers.get(placeOf(server)) ?? nodes.get(host) ?? [];
}

/** Several API servers may stand behind one host, told apart by port or path. */
function placeOf(url: string): string {
  const { protocol, hostname, port, pathname } = new URL(url);
  return `${hostname}:${port || (protocol === 'http:' ? 80 : 443)}${pathname.replace(/\/$/, '')}`;
}

interface Addresses {
  /** By host, port and path. */
  apiServers: Map<string, string[]>;
  nodes: Map<string, string[]>;
}

const addresses = new WeakMap<MeshView, Addresses>();

/** By place of an API server, and by address of a node, the clusters that have it; made once a view. */
function addressesOf(view: MeshView): Addresses {
  const before = addresses.get(view);
  if (before) return before;
  const made: Addresses = { apiServers: new Map(), nodes: new Map() };
  const note = (map: Map<string, string[]>, at: string, name: string) =>
    map.set(at, [...(map.get(at) ?? []), name]);
  for (const { name, data } of view.clusters) {
    const url = data.apiServer?.url;
    if (hostOfUrl(url) !== undefined) note(made.apiServers, placeOf(url ?? ''), name);
    for (const address of new Set(data.nodes.flatMap((node) => node.addresses)))
      note(made.nodes, address, name);
  }
  addresses.set(view, made);
  return made;
}

/** How the API server of one cluster was seen from where another's istiod runs, by the address in its secret. */
export const apiProbes = (reader: ClusterView, read: string) =>
  reader.data.probes.filter(({ target, cluster }) => target === 'apiServer' && cluster === read);

/** Every active secret with what was asked in its name. */
export function* secretsWithAccess(view: MeshView) {
  for (const cluster of view.primaries)
    for (const secret of activeSecrets(cluster))
      yield {
        cluster,
        secret,
        access: cluster.data.readerAccess.find(
          (one) => one.secret === `${secret.namespace}/${secret.name}` && one.reads === secret.cluster,
        ),
      };
}
