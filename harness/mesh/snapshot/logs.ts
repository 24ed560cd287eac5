import { timeouts } from '../../timeouts.ts';
import { whileWaiting } from '../../waiting.ts';
import type { Mesh } from '../attach.ts';
import { explained } from './gaps.ts';
import { KubeReader } from './kube-reader.ts';
import { redactLog } from './redact.ts';
import type { ClusterSnapshot, Declared, PodRecord, Snapshot } from './schema.ts';

/** Which part of the logs is wanted. */
export interface LogWindow {
  /** How far back, in milliseconds. */
  sinceMs: number;
  /** Of each container at most its last so many lines, */
  linesPerContainer: number;
  /** and of those the first so many bytes. */
  bytesPerContainer: number;
}

/** The log of one container, or why there is none. */
export interface LogFile {
  /** Path in an archive: `logs/<cluster>/<namespace>/<pod>/<container>.log`. */
  name: string;
  content: string;
}

/**
 * The logs of istiods, gateways and meshproof's sidecars since a moment, what can be recognised as a secret taken out. A log
 * that cannot be read is a file that says why.
 */
export async function collectLogs(mesh: Mesh, snapshot: Snapshot, window: LogWindow): Promise<LogFile[]> {
  const reads = snapshot.clusters.map(async (cluster) => {
    using reader = new KubeReader(mesh.cluster(cluster.name).api.config, timeouts.apiMs);
    const wanted = cluster.reachable ? logsWanted(cluster, snapshot.declared) : [];
    return await Promise.all(wanted.map((one) => readLog(reader, cluster.name, one, window)));
  });
  return (await whileWaiting(() => Promise.all(reads))).flat();
}

interface WantedLog {
  pod: PodRecord;
  container: string;
}

/** The containers whose logs tell about the mesh: istiod's own, and Istio's proxies of gateways and of our workloads. */
export function logsWanted(cluster: ClusterSnapshot, declared: Declared): WantedLog[] {
  return cluster.pods.flatMap((pod) => {
    const istiod = pod.labels['app'] === 'istiod';
    const gateway = pod.proxy?.type === 'gateway';
    const own = pod.sidecar && pod.namespace === declared.namespace;
    if (!istiod && !gateway && !own) return [];
    const names = pod.containers.map(({ name }) => name);
    const container = istiod ? (names.find((name) => name === 'discovery') ?? names[0]) : 'istio-proxy';
    return container === undefined ? [] : [{ pod, container }];
  });
}

async function readLog(
  reader: KubeReader,
  cluster: string,
  { pod, container }: WantedLog,
  { sinceMs, linesPerContainer, bytesPerContainer }: LogWindow,
): Promise<LogFile> {
  const name = `logs/${cluster}/${pod.namespace}/${pod.name}/${container}.log`;
  const query = new URLSearchParams({
    container,
    timestamps: 'true',
    sinceSeconds: String(Math.max(1, Math.ceil(sinceMs / 1_000))),
    tailLines: String(linesPerContainer),
    limitBytes: String(bytesPerContainer),
  });
  try {
    const path = `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}/log?${query.toString()}`;
    return { name, content: redactLog(await reader.text(path)) };
  } catch (error) {
    return { name, content: `not read: ${redactLog(explained(error).why)}\n` };
  }
}
