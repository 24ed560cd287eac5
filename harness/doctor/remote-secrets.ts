import type { RemoteSecret } from '../snapshot/schema.ts';
import type { Check, Sighting } from './check.ts';
import type { ClusterView } from './cluster-view.ts';
import type { MeshView } from './mesh-view.ts';
import { perItem } from './per-cluster.ts';
import { createRemoteSecret } from './remedies.ts';
import { fromReadable } from './unread.ts';

/** The host of a URL; undefined if the text is not a URL. */
export function hostOfUrl(url: string | undefined): string | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  return new URL(url).hostname.replace(/^\[|\]$/g, '');
}

/** Whether an address is local to every machine. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '0.0.0.0' || host.startsWith('127.');

/**
 * Whether a Secret with the label of remote secrets is one. An external istiod has such a Secret for the cluster from which it reads
 * its configuration: `istioctl create-remote-secret --type=config` does not name a cluster in it.
 */
const isRemote = ({ name, cluster }: RemoteSecret): boolean =>
  name !== 'istio-kubeconfig' || cluster !== 'config';

/** The remote secrets of a cluster that were read, in any namespace; more may exist. */
export const remoteSecrets = (cluster: ClusterView): RemoteSecret[] =>
  cluster.seen('remoteSecrets').filter(isRemote);

/** Whether istiod reads a secret: it has the label and is in the namespace of istiod. Throws NotRead. */
export const isActive = (cluster: ClusterView, secret: RemoteSecret): boolean =>
  secret.labelled && secret.namespace === cluster.systemNamespace;

/** All remote secrets that the istiods of a cluster read. Throws NotRead. */
export const activeSecrets = (cluster: ClusterView): RemoteSecret[] =>
  cluster.remoteSecretsIn(cluster.systemNamespace).filter((one) => isRemote(one) && one.labelled);

/** `Secret namespace/name`. */
export const secretRef = ({ namespace, name }: { namespace: string; name: string }): string =>
  `Secret ${namespace}/${name}`;

/**
 * The clusters of the mesh whose API server or node has the address of a secret's server. Empty if the address is unknown: it may
 * still be right, as behind a load balancer or a proxy. Throws NotRead if it is unknown and the addresses of a cluster were not read.
 */
export function clustersAt(view: MeshView, { server, proxied }: RemoteSecret): readonly string[] {
  const host = hostOfUrl(server);
  if (server === undefined || host === undefined || isLoopback(host) || proxied) return [];
  const { apiServers, nodes } = addressesOf(view);
  const owners = apiServers.get(placeOf(server)) ?? nodes.get(host) ?? [];
  if (owners.length === 0) for (const cluster of view.everyCluster()) cluster.whole('nodes');
  return owners;
}

/** Whether the server of a secret is in a cluster, as in {@link clustersAt}. Throws NotRead if the addresses of that cluster were not read. */
export function isServerOf(view: MeshView, { server }: RemoteSecret, name: string): boolean {
  const host = hostOfUrl(server);
  if (server === undefined || host === undefined || isLoopback(host)) return false;
  const { apiServers, nodes } = addressesOf(view);
  const byApiServer = apiServers.get(placeOf(server));
  if (byApiServer) return byApiServer.includes(name);
  view.answered(name).whole('nodes');
  return nodes.get(host)?.includes(name) ?? false;
}

/** Several API servers may share a host, with different ports or paths. */
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

/** The clusters by the address of their API server, and by the addresses of the nodes that were read; made once a view. */
function addressesOf(view: MeshView): Addresses {
  for (const cluster of view.clusters) cluster.seen('nodes');
  const before = addresses.get(view);
  if (before) return before;
  const made: Addresses = { apiServers: new Map(), nodes: new Map() };
  const note = (map: Map<string, string[]>, at: string, name: string) =>
    map.set(at, [...(map.get(at) ?? []), name]);
  for (const cluster of view.clusters) {
    const url = cluster.apiServer?.url;
    if (hostOfUrl(url) !== undefined) note(made.apiServers, placeOf(url ?? ''), cluster.name);
    for (const address of new Set(cluster.seen('nodes').flatMap((node) => node.addresses)))
      note(made.nodes, address, cluster.name);
  }
  addresses.set(view, made);
  return made;
}

/** The probes from a cluster to the API server of another cluster, at the address in its secret. */
export const apiProbes = (reader: ClusterView, read: string) =>
  isProxied(reader, read)
    ? []
    : reader.seen('probes').filter(({ target, cluster }) => target === 'apiServer' && cluster === read);

/** istiod reaches the API server of a cluster through a proxy, so that a direct connection does not show its path. */
const isProxied = (reader: ClusterView, read: string): boolean =>
  reader.seen('remoteSecrets').some(({ cluster, proxied }) => cluster === read && proxied === true);

/** Every active secret that was read, with the rights of its account. */
const secretsWithAccess = (view: MeshView) =>
  fromReadable(view.primaries, (cluster) =>
    remoteSecrets(cluster)
      .filter((secret) => isActive(cluster, secret))
      .map((secret) => ({
        cluster,
        secret,
        access: cluster
          .seen('readerAccess')
          .find((one) => one.secret === `${secret.namespace}/${secret.name}` && one.reads === secret.cluster),
      })),
  );

type SecretWithAccess = ReturnType<typeof secretsWithAccess>[number];

/**
 * Judges each active secret by itself. A sighting names the clusters and the object of its secret.
 *
 * @param remedy of a sighting that does not have one; absent: the remedy of the check.
 */
export const perSecret = (
  judge: (item: SecretWithAccess, view: MeshView) => Iterable<Sighting>,
  remedy?: (view: MeshView, reader: ClusterView, read: string) => string,
): Check['run'] =>
  perItem(secretsWithAccess, function* (item, view) {
    const { cluster, secret } = item;
    const common = { peer: secret.cluster, object: secretRef(secret) };
    const filled = remedy ? { remedy: remedy(view, cluster, secret.cluster) } : {};
    for (const sighting of judge(item, view)) yield { ...common, ...filled, ...sighting };
  });

/** Creates the remote secret of a reader for a cluster, with the address of the API server if other machines can use it. Throws NotRead. */
export function recreateSecret(view: MeshView, reader: ClusterView, read: string): string {
  const url = view.cluster(read)?.apiServer?.url ?? '';
  const host = hostOfUrl(url);
  const isUsable = host !== undefined && !isLoopback(host) && /^https:\/\/[\w.:/[\]-]+$/.test(url);
  const { systemNamespace } = reader;
  return createRemoteSecret
    .replace('https://<API server>', isUsable ? url : '$&')
    .replaceAll('<peer>', /^[\w.-]+$/.test(read) ? read : '<peer>')
    .replace('apply -f -', systemNamespace === 'istio-system' ? '$&' : `-n ${systemNamespace} apply -f -`);
}
