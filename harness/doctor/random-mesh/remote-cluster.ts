import { itemOf } from '../broken-sample.ts';
import { declaredOf, type Mesh } from './mesh.ts';

/** East, or the last of several clusters, has no istiod: the istiod of the first cluster serves it. */
export function remoteCluster(mesh: Mesh): void {
  const [primary, remote] = [mesh.clusters[0], mesh.clusters.at(-1)];
  if (!primary || !remote) return;
  declaredOf(mesh, remote).role = 'remote';
  itemOf(primary.istiods).connected.push(...remote.istiods.flatMap(({ connected }) => connected));
  const address = declaredOf(mesh, primary).eastWestGateway?.address ?? '';
  remote.installs = remote.installs.map((install) => {
    const { version: _, ...rest } = install;
    return { ...rest, istiod: false, env: {}, images: [], remotePilotAddress: address };
  });
  const isIstiod = ({ name }: { name: string }) => name.startsWith('istiod');
  remote.pods = remote.pods.filter((pod) => !isIstiod(pod));
  remote.workloads = remote.workloads.filter((one) => !isIstiod(one));
  Object.assign(remote, {
    ...{ istiods: [], resources: [], remoteSecrets: [], readerAccess: [], authorities: [], probes: [] },
  });
  for (const service of remote.services) if (isIstiod(service)) Object.assign(service, { selector: {} });
  for (const hook of remote.webhooks) {
    delete hook.service;
    hook.target = `https://${address}:15017/inject`;
  }
}
