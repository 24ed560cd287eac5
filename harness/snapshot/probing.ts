import { isIP } from 'node:net';
import { plainProbe } from '../config/workload-names.ts';
import { explained } from '../kube/failure-words.ts';
import { within } from '../kube/kube-reader.ts';
import type { PodRef } from '../kube/port-forward.ts';
import type { MeshCluster } from '../mesh/attach.ts';
import type { CertificateBook } from './certificate-book.ts';
import type { Gaps } from './gaps.ts';
import { given } from './kubernetes-records.ts';
import type {
  Declared,
  IstiodRecord,
  PodRecord,
  ProbeRecord,
  RemoteSecret,
  ServiceRecord,
  ShardRecord,
} from './schema.ts';

/** The target of a connection from inside a cluster. */
export interface ProbeTarget {
  address: string;
  port: number;
  /** Absent: the client does not send a name. */
  sni?: string;
  /** Application protocols to offer; absent: those of a sidecar. */
  alpn?: readonly string[];
}

/** The result of a connection. */
export type ProbeAnswer = Pick<ProbeRecord, 'tcp' | 'tcpMs' | 'tls' | 'alert' | 'error'> & {
  /** The certificates of the server, leaf first. */
  pems: string[];
};

/** Connects to a target from a pod. */
export type Prober = (cluster: MeshCluster, from: PodRef, target: ProbeTarget) => Promise<ProbeAnswer>;

type Aim = Pick<ProbeRecord, 'target' | 'cluster'> & ProbeTarget;

/** The parameters of {@link probeOthers}. */
export interface ProbeQuestion {
  cluster: MeshCluster;
  declared: Declared;
  pods: readonly PodRecord[];
  services: readonly ServiceRecord[];
  remoteSecrets: readonly RemoteSecret[];
  istiods: readonly IstiodRecord[];
  prober: Prober | undefined;
  deadlineMs: number;
}

/**
 * Tries every east-west gateway of another network, each with the names of a few services, and every API server that a remote secret
 * names. The connections start from a pod without a sidecar in this cluster, in place of istiod.
 */
export async function probeOthers(
  question: ProbeQuestion,
  book: CertificateBook,
  gaps: Gaps,
): Promise<ProbeRecord[]> {
  const { cluster, declared, pods, prober, deadlineMs } = question;
  const aims = aimsOf(question);
  if (aims.length === 0) return [];
  const from = pods.find(
    (pod) => pod.namespace === declared.namespace && pod.labels['app'] === plainProbe && pod.ready,
  );
  if (!prober || !from) {
    const why = from
      ? 'the caller did not give a prober'
      : `no pod app=${plainProbe} is ready in ${declared.namespace}`;
    gaps.note({ what: 'probes', reason: 'noWay', why: `nothing was connected to from inside: ${why}` });
    return [];
  }
  const probed = aims.map(async ({ target, cluster: of, ...at }): Promise<ProbeRecord[]> => {
    const base = { from: `${from.namespace}/${from.name}`, target, cluster: of };
    const common = { ...base, address: at.address, port: at.port, ...given('sni', at.sni) };
    const started = new Date().toISOString();
    try {
      const where = `connecting to ${at.address}:${at.port} from ${base.from}`;
      const { pems, ...answer } = await within(deadlineMs, where, prober(cluster, from, at));
      const chain = pems.flatMap((pem) => book.read(pem).chain);
      return [{ ...common, ...answer, chain, at: started }];
    } catch (error) {
      // The port-forward to the pod failed, which is not a result of the target.
      gaps.note({ what: 'probes', of: `${at.address}:${at.port}`, ...explained(error) });
      return [];
    }
  });
  return (await Promise.all(probed)).flat();
}

function aimsOf({ cluster, declared, services, remoteSecrets, istiods }: ProbeQuestion): Aim[] {
  const own = declared.clusters.find(({ name }) => name === cluster.name);
  const declaredGateways = declared.clusters
    .filter(({ name, network }) => name !== cluster.name && network !== own?.network)
    .flatMap(({ name, eastWestGateway }) => (eastWestGateway ? [{ cluster: name, ...eastWestGateway }] : []));
  // One of port 0 takes HBONE alone, on another port: nothing listens for what a sidecar sends.
  const known = istiods
    .flatMap(({ networks = [] }) => networks)
    .filter(({ network, port }) => network !== own?.network && port !== 0)
    .map((one) => ({ ...one, cluster: clusterOf(declared, one) }));
  const gateways = new Map(
    [...declaredGateways, ...known].map((one) => [`${one.cluster} ${one.address}:${one.port}`, one]),
  );
  const most = Math.min(namesPerGateway, Math.max(1, Math.floor(mostNames / gateways.size)));
  const shards = istiods.flatMap((one) => one.shards ?? []);
  const perGateway = [...gateways.values()].flatMap((one): Aim[] => {
    const names = serverNames(shards, services, one.cluster, declared.namespace).slice(0, most);
    const at = { target: 'eastWestGateway' as const, ...pick(one) };
    return (names.length > 0 ? names : [usualName(declared, one.cluster)]).map((sni) => ({ ...at, sni }));
  });
  const servers = remoteSecrets.filter(({ labelled }) => labelled).flatMap((secret) => serverAim(secret));
  const all = new Map(
    [...perGateway, ...servers].map((aim) => [`${aim.cluster} ${aim.address}:${aim.port} ${aim.sni}`, aim]),
  );
  return [...all.values()];
}

/** One service may be the only one that fails, so each gateway is asked for several; in a large mesh, for one. */
const namesPerGateway = 3;
const mostNames = 30;

const pick = ({ cluster, address, port }: Pick<Aim, 'cluster' | 'address' | 'port'>) => ({
  cluster,
  address,
  port,
});

/**
 * The cluster of a gateway. istiod does not know the cluster of an address in meshNetworks: it is the declared cluster with the
 * address, or else the first on the network. Empty if the mesh file has neither.
 */
function clusterOf(
  { clusters }: Declared,
  { cluster, network, address }: { cluster: string; network: string; address: string },
): string {
  if (cluster !== '') return cluster;
  const found =
    clusters.find(({ eastWestGateway }) => eastWestGateway?.address === address) ??
    clusters.find((one) => one.network === network);
  return found?.name ?? '';
}

/** With Multi-Cluster Services, istiod has endpoints of this host for every service, but gateways route only those with a ServiceImport. */
const clusterSetSuffix = '.svc.clusterset.local';

/**
 * The server names that sidecars send for services of a cluster: of Services here with healthy endpoints with a sidecar there. Services
 * of different namespaces come first, and those of meshproof before others.
 */
export function serverNames(
  shards: readonly ShardRecord[],
  services: readonly ServiceRecord[],
  of: string,
  preferred: string,
): string[] {
  const called = shards
    .filter((one) => one.cluster === of && one.provider === 'Kubernetes' && one.mtls > 0)
    .filter(({ addresses, unhealthy }) => addresses.length > unhealthy)
    .filter(({ host }) => !host.endsWith(clusterSetSuffix))
    .toSorted((a, b) => a.host.localeCompare(b.host));
  const names = called.flatMap(({ host, namespace, ports }) => {
    const service = services.find((one) => one.namespace === namespace && one.name === host.split('.', 1)[0]);
    const port = service?.ports.find(({ name, protocol }) => protocol === 'TCP' && (ports[name] ?? 0) > 0);
    return port ? [{ namespace, name: `outbound_.${port.port}_._.${host}` }] : [];
  });
  const byNamespace = [...Map.groupBy(names, ({ namespace }) => namespace)].toSorted(
    ([a], [b]) => Number(b === preferred) - Number(a === preferred),
  );
  const rounds = Math.max(0, ...byNamespace.map(([, some]) => some.length));
  const inTurn = Array.from({ length: rounds }, (_, round) =>
    byNamespace.flatMap(([, some]) => some[round]?.name ?? []),
  );
  return [...new Set(inTurn.flat())];
}

/** Without endpoints in istiod: a service of meshproof with pods there, or else istiod, which every primary has. */
function usualName(declared: Declared, cluster: string): string {
  const service = declared.services.find(({ pods }) => (pods[cluster] ?? 0) > 0)?.name;
  const host =
    service === undefined
      ? `15012_._.istiod.${declared.rootNamespace}`
      : `80_._.${service}.${declared.namespace}`;
  return `outbound_.${host}.svc.cluster.local`;
}

function serverAim({ cluster, server, tlsServerName }: RemoteSecret): Aim[] {
  if (server === undefined || !URL.canParse(server)) return [];
  const { hostname, port, protocol } = new URL(server);
  const address = hostname.replace(/^\[|\]$/g, '');
  const sni = tlsServerName ?? (isIP(address) ? undefined : address);
  const number = port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port);
  return [{ target: 'apiServer', cluster, address, port: number, ...given('sni', sni), alpn: ['http/1.1'] }];
}
