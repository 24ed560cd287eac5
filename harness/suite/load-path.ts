import type { Mesh } from '../mesh/attach.ts';
import type { Clock } from '../traffic/clock.ts';
import { startLoad } from '../traffic/k6-load.ts';
import { recordOf, type Target } from '../traffic/probe.ts';
import { record, type Recording } from '../traffic/recorder.ts';
import type { Callers } from './callers.ts';

/** A path on which users reach a service, and their connections. */
export interface LoadPath {
  service: string;
  /** The cluster that the load comes from. */
  cluster: string;
  /** `ingress`: through the cluster's ingress gateway and webapp. `mesh`: from the cluster's probe pod. */
  from: 'ingress' | 'mesh';
  /** Connections of the load to the gateway, or of the probe to its sidecar. */
  connections: 'keep-alive' | 'fresh';
}

/** The senders of loads: fixtures of a test. */
export interface Senders {
  mesh: Mesh;
  probes: Callers;
  ingress: ReadonlyMap<string, Target>;
}

/** A load that runs on a path. */
export interface RunningLoad {
  path: LoadPath;
  /** Name of the path in the report. */
  scope: string;
  generator: 'k6' | 'probe';
  recording: Recording;
}

/** When a load runs: `forMs` is a bound, and disposing the stack ends the load earlier. */
export interface LoadTime {
  clock: Clock;
  forMs: number;
  stack: AsyncDisposableStack;
}

/**
 * Requests a second of each load. A promise sends up to eight loads through proxies of two clusters on one machine: at 50 a second, two
 * busy cores did not reach a baseline.
 */
export const loadRate = 25;

/**
 * All paths to a service from a cluster: from its ingress gateway, if the mesh file has one, and from its probe pod; each with kept
 * connections and with fresh connections.
 */
export function loadPathsTo(
  service: string,
  cluster: string,
  ingress: ReadonlyMap<string, Target>,
): LoadPath[] {
  const senders = ingress.has(cluster) ? (['ingress', 'mesh'] as const) : (['mesh'] as const);
  return senders.flatMap((from) =>
    (['keep-alive', 'fresh'] as const).map((connections) => ({ service, cluster, from, connections })),
  );
}

/** Starts a load of {@link loadRate} on a path. Throws if the path needs an ingress gateway that the mesh file does not have. */
export async function startOn(path: LoadPath, senders: Senders, time: LoadTime): Promise<RunningLoad> {
  const start = path.from === 'ingress' ? fromIngress : fromMesh;
  return { path, scope: scopeOf(path), ...(await start(senders, path, time)) };
}

/** Name of a path in the report: "west (catalog), from the ingress, fresh". */
const scopeOf = ({ service, cluster, from, connections }: LoadPath): string =>
  `${cluster} (${service}), from ${from === 'ingress' ? 'the ingress' : 'inside'}, ${connections}`;

/** k6 sends to the ingress gateway, which calls webapp, which calls the service. */
function fromIngress(
  { ingress }: Senders,
  { service, cluster, connections }: LoadPath,
  { clock, forMs, stack }: LoadTime,
): Pick<RunningLoad, 'generator' | 'recording'> {
  const gateway = ingress.get(cluster);
  if (!gateway)
    throw new Error(
      `Cluster ${cluster}: a load cannot start from the ingress gateway: the mesh file does not have one. Set \`ingress\` of the cluster.`,
    );
  const target = { ...gateway, basePath: `${gateway.basePath}/to/${service}` };
  const options = { target, connections, clock, ratePerSecond: loadRate, durationMs: forMs };
  return { generator: 'k6', recording: stack.use(startLoad(options)) };
}

/**
 * The probe pod of a cluster sends the requests of this process. k6 would need a connection, and so a port-forward, for each request in
 * flight, which costs the API server more than the request costs the mesh.
 */
async function fromMesh(
  { probes }: Senders,
  { service, cluster, connections }: LoadPath,
  { clock, forMs, stack }: LoadTime,
): Promise<Pick<RunningLoad, 'generator' | 'recording'>> {
  const caller = probes.in(cluster);
  const fresh = connections === 'fresh';
  const send = async () => recordOf(await caller.call(service, { fresh }));
  await send(); // opens the connection: requests that wait for it would count as in flight
  const recording = record({ send, ratePerSecond: loadRate, durationMs: forMs, clock });
  // The test did not judge a load that is still running here, so errors of its recording do not matter.
  stack.defer(async () => void (await recording.stop().catch(() => undefined)));
  return { generator: 'probe', recording };
}
