import { workloadPorts } from '../../config/workload-names.ts';
import { mark } from '../../kube/cluster-api.ts';
import { PodHttp } from '../../kube/pod-http.ts';
import type { PodRef } from '../../kube/port-forward.ts';
import type { MeshCluster, Pod } from '../../mesh/attach.ts';
import { isSigned, signatureAnnotation, signed } from '../../mesh/mark-signature.ts';

/** The failure of a running pod. Percentages are of its requests, 0 to 100; several kinds can be combined. */
export interface PodFailure {
  /** Answers these with `abortStatus`. */
  abortPercent?: number;
  /** Default 503. */
  abortStatus?: number;
  /** Answers these `delayMs` late. */
  delayPercent?: number;
  /** Required with `delayPercent`, milliseconds. */
  delayMs?: number;
  /** Does not answer these for an hour; they stay unanswered after healing. Excludes `delayPercent`. */
  hangPercent?: number;
  /** Sends the bodies of these at 1 KiB/s. */
  slowPercent?: number;
}

/** Envoy's runtime keys in clusters/workloads/envoy.yaml. */
const keys = {
  abortPercent: 'meshproof.abort_percent',
  abortStatus: 'meshproof.abort_status',
  delayPercent: 'meshproof.delay_percent',
  delayMs: 'meshproof.delay_ms',
  slowPercent: 'meshproof.slow_percent',
} as const;

type Runtime = Partial<Record<keyof typeof keys, number>>;

const hourMs = 3_600_000;

/**
 * Makes a pod of meshproof's workloads unhealthy at run time, through the admin interface of its Envoy. The pod keeps
 * its address and stays ready, as a pod with a failing application does. Replaces any earlier failure. Resolves when
 * the Envoy shows the settings, which proves the effect. {@link healPod} restores the pod.
 *
 * @throws Error when the settings contradict each other, the pod is not reached, or it does not accept the settings.
 */
export async function makeUnhealthy(cluster: MeshCluster, pod: PodRef, failure: PodFailure): Promise<void> {
  const runtime = runtimeOf(failure);
  await using admin = new PodHttp(cluster.api, pod, workloadPorts.admin);
  try {
    await label(cluster, pod, 'true');
    await set(admin, runtime);
  } catch (error) {
    await undo(cluster, admin, pod).catch(() => undefined); // the label marks what remains
    throw error;
  }
}

/** On an unhealthy pod, so that it is found after a crash. */
export const unhealthyLabel = 'meshproof.dev/sick';

/** Whether a pod carries the mark of an unhealthy pod. */
export const isUnhealthy = ({ object }: Pod): boolean =>
  object.metadata?.labels?.[unhealthyLabel] !== undefined;

const header = ({ namespace, name }: PodRef) => ({ apiVersion: 'v1', kind: 'Pod', namespace, name });

/** Whether this machine made the mark of a pod. */
export const isUnhealthySigned = (cluster: MeshCluster, pod: Pod): Promise<boolean> =>
  isSigned(pod.object.metadata?.annotations, cluster, 'sick', header(pod), []);

async function label(cluster: MeshCluster, pod: PodRef, value: 'true' | null): Promise<void> {
  const annotations =
    value === null ? { [signatureAnnotation('sick')]: null } : await signed(cluster, 'sick', header(pod), []);
  await mark(cluster.api, header(pod), { labels: { [unhealthyLabel]: value }, annotations });
}

/** Clears any failure of a pod. Does nothing if the pod is gone: its successor starts healthy. */
export async function healPod(cluster: MeshCluster, pod: PodRef): Promise<void> {
  await using admin = new PodHttp(cluster.api, pod, workloadPorts.admin);
  await undo(cluster, admin, pod);
}

/** @throws Error when the failure contradicts itself or a percentage is out of range. */
export function runtimeOf(failure: PodFailure): Runtime {
  const { hangPercent, ...rest } = failure;
  for (const [name, value] of Object.entries(failure))
    if (name.endsWith('Percent') && !(value >= 0 && value <= 100))
      throw new Error(`${name} must be between 0 and 100, got ${value}.`);
  if (hangPercent !== undefined && rest.delayPercent !== undefined)
    throw new Error('A pod cannot both hang and be late: remove hangPercent or delayPercent.');
  if (rest.delayPercent !== undefined && rest.delayMs === undefined)
    throw new Error('delayPercent needs delayMs, the delay in milliseconds.');
  return hangPercent === undefined ? rest : { ...rest, delayPercent: hangPercent, delayMs: hourMs };
}

async function undo(cluster: MeshCluster, admin: PodHttp, pod: PodRef): Promise<void> {
  try {
    await set(admin, {});
    await label(cluster, pod, null);
  } catch (error) {
    const pods = await cluster.findPods({ namespace: pod.namespace, labels: {} });
    if (pods.some((one) => one.name === pod.name)) throw error;
  }
}

/** Sets the given values, clears all others, and reads them again. */
async function set(admin: PodHttp, runtime: Runtime): Promise<void> {
  const names = Object.keys(keys) as (keyof typeof keys)[];
  const query = names.map((name) => `${keys[name]}=${runtime[name] ?? ''}`).join('&');
  await admin.ask(`/runtime_modify?${query}`, 'POST');
  const { entries } = JSON.parse(await admin.ask('/runtime?format=json')) as {
    entries: Record<string, { final_value: string }>;
  };
  const wrong = names.find((name) => (entries[keys[name]]?.final_value ?? '') !== `${runtime[name] ?? ''}`);
  if (wrong === undefined) return;
  const { namespace, name } = admin.pod;
  throw new Error(
    `Pod ${namespace}/${name} in cluster ${admin.cluster} did not accept ${keys[wrong]}=${runtime[wrong] ?? '(cleared)'}: ` +
      `its Envoy has ${entries[keys[wrong]]?.final_value ?? 'nothing'}. Is it one of meshproof's workloads?`,
  );
}
