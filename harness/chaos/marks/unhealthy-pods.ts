import type { MeshCluster } from '../../mesh/attach.ts';
import { healPod, isUnhealthySigned, unhealthyLabel } from '../workloads/unhealthy-pod.ts';
import { kubectl, kubectlObject, kubectlUnmark, objectName, type Mark } from './mark.ts';

/** The pods of meshproof's namespace with the mark of an unhealthy pod. */
export async function unhealthyPodMarks(cluster: MeshCluster): Promise<Mark[]> {
  const unhealthy = await cluster.findPods({
    namespace: cluster.namespace,
    labels: { [unhealthyLabel]: 'true' },
  });
  const marks = unhealthy.map(async (pod): Promise<Mark> => {
    const { namespace, name } = pod;
    const object = { apiVersion: 'v1', kind: 'Pod', namespace, name };
    return {
      ...{ cluster: cluster.name, object: objectName(object), asks: 'clear the settings of its Envoy' },
      isSigned: await isUnhealthySigned(cluster, pod),
      change: () => Promise.resolve(`${objectName(object)}: settings of its Envoy → none`),
      toDo: kubectl(cluster, 'delete', ...kubectlObject(object)),
      toDelete: kubectlUnmark(cluster, 'label', object, [unhealthyLabel]),
      act: async () => {
        await healPod(cluster, pod);
        return `${cluster.name}: cleared the settings of pod ${name}`;
      },
    };
  });
  return Promise.all(marks);
}
