import type { KubernetesObject } from '@kubernetes/client-node';
import type { Mesh } from '../mesh/attach.ts';
import { renderWorkloads, zoneLabel } from './workloads.ts';

/**
 * A workload for one test, in addition to those of the mesh file: the objects of one cluster, as `apply` takes them. Its Service
 * is in every cluster that it is rendered for, its pods in `home` alone. The image is that of a workload that runs, and so is whether pods keep to a zone.
 *
 * @throws Error when that cluster has no workload whose image could be taken.
 */
export async function ownWorkload(
  mesh: Mesh,
  cluster: string,
  options: { name: string; home: string; pods: number },
): Promise<KubernetesObject[]> {
  const { name, home, pods } = options;
  const { file, namespace } = mesh.cluster(cluster);
  const [running] = await mesh
    .cluster(cluster)
    .findPods({ labels: { 'app.kubernetes.io/managed-by': 'meshproof' } });
  const app = running?.object.spec?.containers.find((one) => one.name === 'app');
  if (!app?.image)
    throw new Error(`Cluster ${cluster} has no workload in ${namespace} whose image could be used.`);
  const objects = renderWorkloads({
    namespace,
    services: [{ name, pods: { [home]: pods } }],
    cluster: { name: cluster, region: file.region, zone: file.zone },
    image: app.image,
    inZone: running?.object.spec?.nodeSelector?.[zoneLabel] !== undefined,
  });
  return objects.filter(({ metadata }) => metadata?.name === name);
}
