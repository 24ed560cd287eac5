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

/** Whether istiod takes it: it has the label, and stands where istiod looks. */
export const isActive = (cluster: ClusterView, secret: RemoteSecret): boolean =>
  secret.labelled && secret.namespace === cluster.systemNamespace;

/** The remote secrets that the istiods of a cluster read, but for one of itself. */
export const activeSecrets = (cluster: ClusterView): RemoteSecret[] =>
  cluster.data.remoteSecrets.filter((secret) => isActive(cluster, secret));

/** `Secret namespace/name`. */
export const secretRef = ({ namespace, name }: { namespace: string; name: string }): string =>
  `Secret ${namespace}/${name}`;

/**
 * The clusters of the mesh whose API server a secret's server is, by addresses of their nodes and of their API server;
 * empty where none has that address: it may still be right, as behind a load balancer.
 */
export function leadsTo(view: MeshView, { server }: RemoteSecret): readonly string[] {
  const host = hostOfUrl(server);
  return host === undefined || isLoopback(host) ? [] : (addressesOf(view).get(host) ?? []);
}

const addresses = new WeakMap<MeshView, Map<string, string[]>>();

/** By address of a node or an API server, the clusters that have it; made once a view. */
function addressesOf(view: MeshView): ReadonlyMap<string, string[]> {
  const before = addresses.get(view);
  if (before) return before;
  const made = new Map<string, string[]>();
  for (const { name, data } of view.clusters) {
    const api = hostOfUrl(data.apiServer?.url);
    const own = new Set([
      ...data.nodes.flatMap((node) => node.addresses),
      ...(api === undefined ? [] : [api]),
    ]);
    for (const address of own) made.set(address, [...(made.get(address) ?? []), name]);
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
