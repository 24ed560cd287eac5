import type { Mesh } from '../mesh/attach.ts';
import type { ProxyAdmin } from '../mesh/proxy-admin.ts';
import { recordOf, send, type Target } from '../traffic/probe.ts';
import type { Shot } from '../traffic/recorder.ts';
import type { Callers } from './callers.ts';

/** A way to a service: where requests enter, and the proxy that chooses who answers them. */
export interface Route {
  /** "probe in west", "ingress of west through webapp". */
  name: string;
  /** The cluster and region of the proxy that chooses. */
  cluster: string;
  region: string;
  proxy: ProxyAdmin;
  send: Shot;
}

/**
 * Every way of ours to a service: from the probe of each cluster, and from each ingress through webapp where that
 * cluster has the only pod of webapp, so that one proxy chooses.
 */
export async function routesTo(
  service: string,
  by: { mesh: Mesh; probes: Callers; ingress: ReadonlyMap<string, Target> },
): Promise<Route[]> {
  const probes = by.probes.all.map(async (caller) => {
    const { cluster } = caller;
    return {
      ...{ name: `probe in ${cluster.name}`, cluster: cluster.name, region: cluster.file.region },
      proxy: cluster.proxy(await caller.pod()),
      send: async () => recordOf(await caller.call(service)),
    };
  });
  const ingresses = [...by.ingress].map(async ([name, target]) => {
    const cluster = by.mesh.cluster(name);
    const [pod, ...more] = await cluster.pods('webapp');
    const elsewhere = (await Promise.all(by.mesh.others(name).map((other) => other.pods('webapp')))).flat();
    if (!pod || more.length + elsewhere.length > 0) return undefined;
    return {
      ...{ name: `ingress of ${name} through webapp`, cluster: name, region: cluster.file.region },
      proxy: cluster.proxy(pod),
      send: async () => recordOf(await send(target, { path: `/to/${service}/` })),
    };
  });
  const found = await Promise.all([...probes, ...ingresses]);
  return found.filter((one) => one !== undefined);
}
