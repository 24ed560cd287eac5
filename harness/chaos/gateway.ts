import { once } from '../base/once.ts';
import { timeouts } from '../base/timeouts.ts';
import { waitUntil } from '../base/wait-until.ts';
import type { MeshCluster } from '../mesh/attach.ts';
import type { Caller } from '../traffic/caller.ts';
import { endPods, podsOf, type Scaled } from './scale.ts';

/** An east-west gateway without a pod; `restore()` brings it back and waits until it answers again. */
export interface StoppedGateway extends AsyncDisposable {
  cluster: string;
  /** The pods that were killed. */
  killed: string[];
  restore(): Promise<void>;
}

/**
 * Kills every pod of a cluster's east-west gateway and lets none follow, until `restore()`. Resolves when the effect is
 * proven: the API server knows none of its pods, and a TCP connection to its address, opened by `observer` (a workload
 * without a sidecar in another cluster), is refused or not answered.
 *
 * @throws Error when the gateway did answer before and still does, or did not answer before: no evidence either way.
 */
export async function stopEastWestGateway(cluster: MeshCluster, observer: Caller): Promise<StoppedGateway> {
  const gateway = cluster.file.eastWestGateway;
  if (!gateway) throw new Error(`The mesh file gives no eastWestGateway for ${cluster.name}.`);
  const deployment = { namespace: gateway.namespace, name: gateway.deployment };
  const isOpen = () => observer.canConnect(gateway.address, gateway.port);
  const where = `port ${gateway.port} of ${cluster.name}'s east-west gateway, seen from ${observer.cluster.name}`;
  if (!(await isOpen())) throw new Error(`${where} is closed before it was stopped: that proves nothing.`);

  const killed = (await podsOf(cluster, deployment)).map((pod) => pod.name);
  const scaled = await endPods(cluster, deployment);
  const restore = once(() => reopen(scaled, isOpen, where));
  try {
    const isGone = async () => (await podsOf(cluster, deployment)).length === 0 && !(await isOpen());
    await waitUntil(isGone, `the end of ${where}`, timeouts.endpointMs);
  } catch (error) {
    await restore();
    throw error;
  }
  return {
    cluster: cluster.name,
    killed,
    restore,
    [Symbol.asyncDispose]: restore,
  };
}

async function reopen(scaled: Scaled, isOpen: () => Promise<boolean>, where: string): Promise<void> {
  await scaled.restore();
  await waitUntil(isOpen, `${where} to open again`, timeouts.endpointMs);
}
