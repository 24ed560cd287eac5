import { fileNameOf } from '../../folders.ts';
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
  /** and of those the last so many characters. */
  charactersPerContainer: number;
}

/** The log of one container, or why there is none. */
export interface LogFile {
  /** Path in an archive: `logs/<cluster>/<namespace>/<pod>/<container>.log`; `.previous.log` of one that ended before. */
  name: string;
  content: string;
}

/** So many logs of a cluster are read at a time: as many as the reader has connections. */
const lanes = 6;

/**
 * The logs of istiods, gateways and meshproof's sidecars since a moment, and of those that crashed the end of what they said before,
 * what can be recognised as a secret taken out. A log that cannot be read is a file that says why.
 */
export async function collectLogs(mesh: Mesh, snapshot: Snapshot, window: LogWindow): Promise<LogFile[]> {
  const reads = snapshot.clusters.map(async (cluster) => {
    using reader = new KubeReader(mesh.cluster(cluster.name).api.config, timeouts.logsMs);
    const wanted = cluster.reachable ? logsWanted(cluster, snapshot.declared) : [];
    const files: LogFile[] = [];
    // What waits for its turn does not use up its time.
    const queue = wanted.entries();
    const lane = async () => {
      for (const [index, one] of queue) files[index] = await readLog(reader, cluster.name, one, window);
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return files;
  });
  return (await whileWaiting(() => Promise.all(reads))).flat();
}

interface WantedLog {
  pod: PodRecord;
  container: string;
  /** Of the container before this one, which ended. */
  previous: boolean;
}

/**
 * The containers whose logs tell about the mesh: istiod's own, and Istio's proxies of gateways and of our workloads; where one has
 * been started again, why it ended is in the log before.
 */
export function logsWanted(cluster: ClusterSnapshot, declared: Declared): WantedLog[] {
  return cluster.pods.flatMap((pod) => {
    const istiod = pod.labels['app'] === 'istiod';
    const gateway = pod.proxy?.type === 'gateway';
    const own = pod.sidecar && pod.namespace === declared.namespace;
    if (!istiod && !gateway && !own) return [];
    const wanted = istiod ? 'discovery' : 'istio-proxy';
    const found = pod.containers.find(({ name }) => name === wanted);
    const container = found ?? (istiod ? pod.containers[0] : undefined);
    if (!container) return [];
    const again = container.restarts > 0 ? [true] : [];
    return [false, ...again].map((previous) => ({ pod, container: container.name, previous }));
  });
}

async function readLog(
  reader: KubeReader,
  cluster: string,
  { pod, container, previous }: WantedLog,
  { sinceMs, linesPerContainer, charactersPerContainer }: LogWindow,
): Promise<LogFile> {
  const file = `${container}${previous ? '.previous' : ''}.log`;
  const name = ['logs', cluster, pod.namespace, pod.name, file].map((part) => fileNameOf(part)).join('/');
  // limitBytes would cut the newest lines off. What crashed may have done so before the window.
  const query = new URLSearchParams({
    container,
    timestamps: 'true',
    tailLines: String(linesPerContainer),
    ...(previous ? { previous: 'true' } : { sinceSeconds: String(Math.max(1, Math.ceil(sinceMs / 1_000))) }),
  });
  try {
    const path = `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}/log?${query.toString()}`;
    const text = await reader.text(path, timeouts.apiMs);
    return { name, content: redactLog(newest(text, charactersPerContainer)) };
  } catch (error) {
    return { name, content: `not read: ${redactLog(explained(error).why)}\n` };
  }
}

/** The last whole lines of a text that have no more than so many characters together. */
function newest(text: string, most: number): string {
  if (text.length <= most) return text;
  const cut = text.slice(text.length - most);
  return cut.slice(cut.indexOf('\n') + 1);
}
