import { isIP } from 'node:net';
import { plainProbe } from '../config/workload-names.ts';
import { explained } from '../kube/failure-words.ts';
import { within } from '../kube/kube-reader.ts';
import type { PodRef } from '../kube/port-forward.ts';
import type { MeshCluster } from '../mesh/attach.ts';
import type { CertificateBook } from './certificate-book.ts';
import type { Gaps } from './gaps.ts';
import { given } from './kubernetes-records.ts';
import type { Declared, IstiodRecord, PodRecord, ProbeRecord, RemoteSecret } from './schema.ts';

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
  remoteSecrets: readonly RemoteSecret[];
  istiods: readonly IstiodRecord[];
  prober: Prober | undefined;
  deadlineMs: number;
}

/**
 * Tries every east-west gateway of another network and every API server that a remote secret names, from a pod without a
 * sidecar in this cluster, which stands for where istiod runs.
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

function aimsOf({ cluster, declared, remoteSecrets, istiods }: ProbeQuestion): Aim[] {
  const own = declared.clusters.find(({ name }) => name === cluster.name);
  const declaredGateways = declared.clusters
    .filter(({ name, network }) => name !== cluster.name && network !== own?.network)
    .flatMap(({ name, eastWestGateway }) => (eastWestGateway ? [{ cluster: name, ...eastWestGateway }] : []));
  // One of port 0 takes HBONE alone, on another port: nothing listens for what a sidecar sends.
  const known = istiods
    .flatMap(({ networks = [] }) => networks)
    .filter(({ network, port }) => network !== own?.network && port !== 0);
  const named = known.map((one) => ({ ...one, cluster: clusterOf(declared, one) }));
  const gateways = [...declaredGateways, ...named].map((one): Aim => {
    const sni = sniOf(declared, one.cluster);
    return { target: 'eastWestGateway', cluster: one.cluster, address: one.address, port: one.port, sni };
  });
  const servers = remoteSecrets.filter(({ labelled }) => labelled).flatMap((secret) => serverAim(secret));
  const all = new Map(
    [...gateways, ...servers].map((aim) => [`${aim.cluster} ${aim.address}:${aim.port}`, aim]),
  );
  return [...all.values()];
}

/**
 * The cluster of a gateway. istiod does not name the cluster of a gateway that meshNetworks lists by its address: it is the declared
 * cluster with that address, or else the first declared cluster on its network. Empty if neither is declared.
 */
function clusterOf(
  { clusters }: Declared,
  { cluster, network, address }: { cluster: string; network: string; address: string },
): string {
  const found =
    clusters.find(({ eastWestGateway }) => eastWestGateway?.address === address) ??
    clusters.find((one) => one.network === network);
  return cluster === '' ? (found?.name ?? '') : cluster;
}

/** A gateway routes TLS by its server name: a service of meshproof with pods there, else istiod, which every primary has. */
function sniOf(declared: Declared, cluster: string): string {
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
