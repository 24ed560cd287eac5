import type { Mesh } from '../mesh/attach.ts';
import { Caller } from '../traffic/caller.ts';
import { openTarget, type Target } from '../traffic/probe.ts';

/** A caller for each cluster that has pods of a service. */
export interface Callers {
  /** @throws Error if the cluster does not have a caller. */
  in(cluster: string): Caller;
  readonly all: readonly Caller[];
}

/** Callers in every cluster that has pods of `service`. `workload` is the name of the calling workload, if it is another one. */
export function callers(
  mesh: Mesh,
  service: string,
  stack: AsyncDisposableStack,
  workload: string = service,
): Callers {
  const pods = mesh.file.services.find((one) => one.name === service)?.pods ?? {};
  const all = mesh.clusters
    .filter((cluster) => (pods[cluster.name] ?? 0) > 0)
    .map((cluster) => stack.use(new Caller(cluster, workload)));
  return {
    all,
    in: (name) => {
      const found = all.find((caller) => caller.cluster.name === name);
      if (found) return found;
      const where = all.map(({ cluster }) => cluster.name).join(', ') || 'none';
      throw new Error(
        `Cluster ${name} does not have a pod of ${workload}; clusters that have one: ${where}.`,
      );
    },
  };
}

export function ingressTarget(cluster: string, url: string): Target {
  const { origin, pathname } = new URL(url);
  return openTarget(origin, { name: `ingress of ${cluster}`, basePath: pathname.replace(/\/$/, '') });
}
