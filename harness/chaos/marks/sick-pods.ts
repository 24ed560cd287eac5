import type { MeshCluster } from '../../mesh/attach.ts';
import { healPod, isSicknessSigned, sickLabel } from '../workloads/sick-pod.ts';
import { kubectl, kubectlObject, kubectlUnmark, wordObject, type Mark } from './mark.ts';

/** Pods of meshproof's namespace that carry the mark of one that was made sick. */
export async function sickPodMarks(cluster: MeshCluster): Promise<Mark[]> {
  const sick = await cluster.findPods({ namespace: cluster.namespace, labels: { [sickLabel]: 'true' } });
  const marks = sick.map(async (pod): Promise<Mark> => {
    const { namespace, name } = pod;
    const object = { apiVersion: 'v1', kind: 'Pod', namespace, name };
    return {
      ...{ cluster: cluster.name, object: wordObject(object), asks: 'clear the settings of its Envoy' },
      isSigned: await isSicknessSigned(cluster, pod),
      change: () => Promise.resolve(`${wordObject(object)}: settings of its Envoy → none`),
      toDo: kubectl(cluster, 'delete', ...kubectlObject(object)),
      toDelete: kubectlUnmark(cluster, 'label', object, [sickLabel]),
      act: async () => {
        await healPod(cluster, pod);
        return `${cluster.name}: made pod ${name} well`;
      },
    };
  });
  return Promise.all(marks);
}
