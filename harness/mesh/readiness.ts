import { setTimeout as delay } from 'node:timers/promises';
import { timeouts } from '../base/timeouts.ts';
import { whileWaiting } from '../base/waiting.ts';
import type { MeshFile } from '../config/mesh-file.ts';
import { servicePorts } from '../config/workload-names.ts';
import type { Mesh, MeshCluster, Pod } from './attach.ts';
import { expectedEndpoints, missingEndpoints } from './expected-endpoints.ts';
import { outboundCluster } from './proxy.ts';

/** Options of {@link waitUntilReady}. */
export interface ReadinessOptions {
  /** Hears how many things are still missing, and the first of them, whenever that changes. */
  onProgress?: (line: string) => void;
  /** Default {@link timeouts.readinessMs}. */
  timeoutMs?: number;
  /** Gives up when the problems have been the same for this long, in milliseconds. Default: never. */
  unchangedMs?: number;
  /** Ends the wait with its reason. */
  signal?: AbortSignal;
}

/** Services whose sidecars send measured requests; where a cluster has an ingress gateway, that one does too. */
const clientServices = ['probe', 'webapp'];

/**
 * The gate before any measured request: waits until every pod that the mesh file counts is ready, and every proxy that
 * sends for us (the sidecars of probe and webapp, the ingress gateways) has for each service exactly the endpoints that
 * the mesh file implies, all healthy: its network's pods, and for each other network the east-west gateways with the
 * weight of the pods behind them. Without it a suite measures how fast the mesh was made, not what it does.
 *
 * @throws Error when that is not so in time: each line names cluster, proxy and service, what was expected and seen.
 */
export async function waitUntilReady(mesh: Mesh, options: ReadinessOptions = {}): Promise<void> {
  const { timeoutMs = timeouts.readinessMs, unchangedMs = Infinity } = options;
  const beganMs = performance.now();
  let [reported, seen, seenMs] = ['', '', beganMs];
  await whileWaiting(async () => {
    for (;;) {
      options.signal?.throwIfAborted();
      const problems = await findUnready(mesh);
      if (problems.length === 0) return;
      const line = `${problems.length} to come: ${problems[0]}`;
      if (line !== reported) options.onProgress?.((reported = line));
      const nowMs = performance.now();
      const all = problems.join('\n');
      if (all !== seen) [seen, seenMs] = [all, nowMs];
      if (nowMs - beganMs > timeoutMs || nowMs - seenMs > unchangedMs)
        throw notReady(problems, nowMs - beganMs);
      await delay(timeouts.pollMs);
    }
  });
}

/** The reasons why the mesh is not ready now, a line each; empty if it is ready. A failed read is a line, not an error. */
export async function findUnready(mesh: Mesh): Promise<string[]> {
  return (await readUnready(mesh)).map(({ problem }) => problem);
}

/**
 * The same of what could be read: for a verdict, as an API server that does not answer says nothing of the endpoints in proxies.
 *
 * @throws Error if no problem was seen, and a read failed.
 */
export async function seenUnready(mesh: Mesh): Promise<string[]> {
  return whatWasSeen(await readUnready(mesh));
}

/** What keeps a mesh from being ready: seen, or only that it could not be read. */
export interface Unready {
  problem: string;
  unreadable?: true;
}

/** The observed problems. Throws if a part could not be read and no problem was observed. */
export function whatWasSeen(found: readonly Unready[]): string[] {
  const seen = found.filter(({ unreadable }) => !unreadable);
  const unread = found.filter(({ unreadable }) => unreadable).map(({ problem }) => problem);
  if (seen.length === 0 && unread.length > 0)
    throw new Error(`Not all of the mesh could be read: ${unread.slice(0, 3).join('; ')}`);
  return seen.map(({ problem }) => problem);
}

async function readUnready(mesh: Mesh): Promise<Unready[]> {
  const problems = mesh.clusters.map((cluster) => unreadyOf(mesh, cluster).catch(unreadable));
  return (await Promise.all(problems)).flat();
}

const unreadable = (error: unknown): Unready[] => [
  { problem: error instanceof Error ? error.message : String(error), unreadable: true },
];
const asSeen = (problems: readonly string[]): Unready[] => problems.map((problem) => ({ problem }));

async function unreadyOf(mesh: Mesh, cluster: MeshCluster): Promise<Unready[]> {
  const missing = await missingPods(mesh.file, cluster);
  if (missing.length > 0) return asSeen(missing);
  const clients = await clientProxies(mesh, cluster);
  const problems = clients.map((pod) => proxyProblems(mesh.file, cluster, pod).then(asSeen, unreadable));
  return (await Promise.all(problems)).flat();
}

async function missingPods(file: MeshFile, cluster: MeshCluster): Promise<string[]> {
  const problems = await Promise.all(
    file.services.map(async (service) => {
      const expected = service.pods[cluster.name] ?? 0;
      const pods = await cluster.pods(service.name);
      const ready = pods.filter((pod) => pod.ready).length;
      if (ready === expected && pods.length === expected) return [];
      const seen = pods.map((pod) => `${pod.name} ${pod.ready ? 'ready' : 'not ready'}`).join(', ') || 'none';
      return [`${cluster.name}: ${service.name} should have ${expected} ready pods, has ${seen}`];
    }),
  );
  return problems.flat();
}

/** Pods in a cluster whose proxy sends measured requests. Throws when one that should have a sidecar has none. */
export async function clientProxies(mesh: Mesh, cluster: MeshCluster): Promise<Pod[]> {
  const own = (await Promise.all(clientServices.map((service) => cluster.pods(service)))).flat();
  const bare = own.find((pod) => !pod.sidecar);
  if (bare)
    throw new Error(
      `${cluster.name}: pod ${bare.namespace}/${bare.name} has no sidecar; is the namespace labelled for injection?`,
    );
  if (cluster.file.ingress === undefined) return own;
  const namespace = mesh.file.rootNamespace;
  const ingress = await cluster.findPods({ namespace, labels: { istio: 'ingressgateway' } });
  return [...own, ...ingress.filter((pod) => pod.ready)];
}

async function proxyProblems(file: MeshFile, cluster: MeshCluster, pod: Pod): Promise<string[]> {
  const endpoints = await cluster.proxy(pod).endpoints();
  return file.services.flatMap((service) => {
    const name = outboundCluster(service.name, file.namespace, servicePorts.http);
    const seen = endpoints.filter((endpoint) => endpoint.cluster === name);
    const problem = missingEndpoints(expectedEndpoints(file, cluster.name, service.name), seen);
    return problem === undefined ? [] : [`${cluster.name}/${pod.name}: ${service.name}: ${problem}`];
  });
}

function notReady(problems: string[], waitedMs: number): Error {
  const shown = problems.slice(0, 10).map((problem) => `  - ${problem}`);
  const more = problems.length > shown.length ? `\n  and ${problems.length - shown.length} more` : '';
  return new Error(
    `The mesh was not ready within ${Math.round(waitedMs / 1000)} s:\n${shown.join('\n')}${more}\n` +
      'Compare with what istiod knows: istioctl proxy-status, and /debug/clusterz for unsynced remote clusters.',
  );
}
