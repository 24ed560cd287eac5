import type { Mesh } from '../mesh/attach.ts';
import type { ProxyAdmin } from '../mesh/proxy-admin.ts';
import { recordOf, send, type Target } from '../traffic/probe.ts';
import type { Shot } from '../traffic/recorder.ts';
import type { Callers } from './callers.ts';

/** A path of requests to a service, with the proxy that chooses the pod that answers. */
export interface RequestPath {
  /** "probe in west", "ingress of west through webapp". */
  name: string;
  /** The cluster and region of the proxy. */
  cluster: string;
  region: string;
  proxy: ProxyAdmin;
  send: Shot;
}

/**
 * All paths to a service: from the probe of each cluster, and from each ingress gateway through webapp. A path through webapp exists
 * only if that cluster has the only pod of webapp, so that a single proxy chooses.
 */
export async function requestPathsTo(
  service: string,
  by: { mesh: Mesh; probes: Callers; ingress: ReadonlyMap<string, Target> },
): Promise<RequestPath[]> {
  const probes = by.probes.all.map(async (caller): Promise<RequestPath> => {
    const { cluster } = caller;
    return {
      name: `probe in ${cluster.name}`,
      cluster: cluster.name,
      region: cluster.file.region,
      proxy: cluster.proxy(await caller.pod()),
      send: async () => recordOf(await caller.call(service)),
    };
  });
  const ingresses = [...by.ingress].map(async ([name, target]): Promise<RequestPath | undefined> => {
    const cluster = by.mesh.cluster(name);
    const [pod, ...more] = await cluster.pods('webapp');
    const elsewhere = (await Promise.all(by.mesh.others(name).map((other) => other.pods('webapp')))).flat();
    if (!pod || more.length + elsewhere.length > 0) return undefined;
    return {
      name: `ingress of ${name} through webapp`,
      cluster: name,
      region: cluster.file.region,
      proxy: cluster.proxy(pod),
      send: async () => recordOf(await send(target, { path: `/to/${service}/` })),
    };
  });
  const found = await Promise.all([...probes, ...ingresses]);
  return found.filter((one) => one !== undefined);
}
