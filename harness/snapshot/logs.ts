import { fileNameOf } from '../base/folders.ts';
import { timeouts } from '../base/timeouts.ts';
import { whileWaiting } from '../base/waiting.ts';
import { explained } from '../kube/failure-words.ts';
import { KubeReader } from '../kube/kube-reader.ts';
import type { Mesh } from '../mesh/attach.ts';
import { redactLog } from './redact.ts';
import type { ClusterSnapshot, Declared, PodRecord, ServiceRecord, Snapshot } from './schema.ts';

/** Which part of the logs is wanted. */
export interface LogWindow {
  /** How far back, in milliseconds. */
  sinceMs: number;
  /** Of each container at most its last so many lines, */
  linesPerContainer: number;
  /** and of those the last so many characters. */
  charactersPerContainer: number;
}

/** The log of one container, or the reason why it was not read. */
export interface LogFile {
  /** Path in an archive: `logs/<cluster>/<namespace>/<pod>/<container>.log`; `.previous.log` of one that ended before. */
  name: string;
  content: string;
}

/** So many logs of a cluster are read at a time: as many as the reader has connections. */
const lanes = 6;

/**
 * The logs of the mesh's istiods and gateways and of meshproof's sidecars since a moment, and the end of the log before a restart,
 * without what can be recognised as a secret. If a log cannot be read, its file has the reason.
 */
export async function collectLogs(mesh: Mesh, snapshot: Snapshot, window: LogWindow): Promise<LogFile[]> {
  const reads = snapshot.clusters.map(async (cluster) => {
    using reader = new KubeReader(mesh.cluster(cluster.name).api.config, timeouts.logsMs);
    const wanted = cluster.reachable ? logsWanted(cluster, snapshot.declared) : [];
    const files: LogFile[] = [];
    // The timeout starts when the request starts.
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
 * The containers whose logs matter for the mesh: istiod in the root namespace, and the proxies of meshproof's workloads and of the
 * gateways that the mesh file names or that are in the namespace of istiod. A restarted container also has the log of the run before.
 */
export function logsWanted(cluster: ClusterSnapshot, declared: Declared): WantedLog[] {
  const isGateway = gatewaysOf(cluster, declared);
  return cluster.pods.flatMap((pod) => {
    const istiod = pod.labels['app'] === 'istiod' && pod.namespace === declared.rootNamespace;
    const own = pod.sidecar && pod.namespace === declared.namespace;
    if (!istiod && !own && !isGateway(pod)) return [];
    const wanted = istiod ? 'discovery' : 'istio-proxy';
    const found = pod.containers.find(({ name }) => name === wanted);
    const container = found ?? (istiod ? pod.containers[0] : undefined);
    if (!container) return [];
    const again = container.restarts > 0 ? [true] : [];
    return [false, ...again].map((previous) => ({ pod, container: container.name, previous }));
  });
}

/** Whether a pod is a gateway of the mesh: in the root namespace, or of the Deployment or Service that the mesh file names. */
function gatewaysOf({ name, workloads, services }: ClusterSnapshot, declared: Declared) {
  const { eastWestGateway, ingress } = declared.clusters.find((one) => one.name === name) ?? {};
  const address = ingress === undefined ? undefined : URL.parse(ingress)?.hostname;
  const named = [
    ...workloads.filter(
      (one) => one.namespace === eastWestGateway?.namespace && one.name === eastWestGateway.deployment,
    ),
    ...services.filter(({ external }) => address !== undefined && external.includes(address)),
  ];
  const selects = (
    { namespace, selector }: Pick<ServiceRecord, 'namespace' | 'selector'>,
    pod: PodRecord,
  ) => {
    const wanted = Object.entries(selector);
    const fits = wanted.every(([key, value]) => pod.labels[key] === value);
    return namespace === pod.namespace && wanted.length > 0 && fits;
  };
  return (pod: PodRecord) =>
    pod.proxy?.type === 'gateway' &&
    (pod.namespace === declared.rootNamespace || named.some((one) => selects(one, pod)));
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
