import type { Mesh } from '../mesh/attach.ts';
import { Caller } from '../traffic/caller.ts';
import { openTarget, type Target } from '../traffic/probe.ts';

/** One caller for each cluster that has pods of a service; `west` and so on by name. */
export interface Callers {
  /** @throws Error when that cluster has none. */
  in(cluster: string): Caller;
  readonly all: readonly Caller[];
}

/** Callers in every cluster that has pods of `service`; they are workloads of that name or, where given, of another. */
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
      const where = all.map((one) => one.cluster.name).join(', ') || 'no cluster';
      throw new Error(`Cluster ${name} has no ${workload}; there is one in ${where}.`);
    },
  };
}

export function ingressTarget(cluster: string, url: string): Target {
  const { origin, pathname } = new URL(url);
  return openTarget(origin, { name: `ingress of ${cluster}`, basePath: pathname.replace(/\/$/, '') });
}
