import type { MeshCluster } from '../mesh/attach.ts';
import { NotOurs } from './own-namespace.ts';

/**
 * Calls `act` for all clusters at the same time, and waits for all calls.
 *
 * @returns the results in the order of the clusters.
 * @throws one error with every failure; NotOurs if each failure is one.
 */
export async function forEachCluster<T>(
  clusters: readonly MeshCluster[],
  act: (cluster: MeshCluster) => Promise<T>,
): Promise<T[]> {
  const results = await Promise.allSettled(clusters.map(act));
  const failures = results.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  if (failures.length === 0) return results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  if (failures.length === 1) throw failures[0];
  const Failure = failures.every((one) => one instanceof NotOurs) ? NotOurs : Error;
  const words = failures.map((one) => (one instanceof Error ? one.message : String(one)));
  throw new Failure(words.join('\n'), { cause: failures[0] });
}
