import type { KubernetesObject } from '@kubernetes/client-node';
import { deleteIfThere } from '../../kube/cluster-api.ts';
import type { MeshCluster } from '../../mesh/attach.ts';
import { isSigned, type MarkedObject } from '../../mesh/mark-signature.ts';
import { testScope } from '../../workloads/apply.ts';
import { kubectl, kubectlObject, kubectlUnmark, objectName, type Mark } from './mark.ts';
import { kinds, selector } from './scope.ts';

/** The API versions for {@link testObjectMarks}. */
export const versions = [...new Set(kinds.map(([apiVersion]) => apiVersion))];

/**
 * The objects of an API version with the label of a test, kind by kind: client-node reads the kinds of a version
 * once, unless several requests start at once.
 */
export async function testObjectMarks(
  cluster: MeshCluster,
  namespaces: readonly string[],
  version: string,
): Promise<Mark[]> {
  const marks: Mark[] = [];
  for (const [apiVersion, kind] of kinds.filter(([of]) => of === version))
    for (const namespace of namespaces) {
      const none = undefined;
      const { items } = await cluster.api.objects.list(
        ...([apiVersion, kind, namespace, none, none, none, none, selector] as const),
      );
      for (const { metadata } of items)
        marks.push(
          await markOf(
            cluster,
            { apiVersion, kind, namespace, name: metadata?.name ?? '' },
            metadata?.annotations,
          ),
        );
    }
  return marks;
}

async function markOf(
  cluster: MeshCluster,
  object: MarkedObject,
  annotations: Record<string, string> | undefined,
): Promise<Mark> {
  const { apiVersion, kind, namespace, name } = object;
  const body: KubernetesObject = {
    ...{ apiVersion, kind },
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  };
  return {
    ...deletionOf(cluster, object),
    isSigned: await isSigned(annotations, cluster, 'test-object', object, []),
    act: async () => {
      await deleteIfThere(() =>
        cluster.api.objects.delete(body, undefined, undefined, undefined, undefined, 'Background'),
      );
      return `${cluster.name}: removed ${objectName(object)}`;
    },
  };
}

const deletionOf = (
  cluster: MeshCluster,
  object: MarkedObject,
): Pick<Mark, 'cluster' | 'object' | 'asks' | 'change' | 'toDo' | 'toDelete'> => ({
  ...{ cluster: cluster.name, object: objectName(object), asks: 'delete it as an object of a test' },
  change: () => Promise.resolve(`${objectName(object)}: there → deleted`),
  toDo: kubectl(cluster, 'delete', ...kubectlObject(object)),
  toDelete: kubectlUnmark(cluster, 'label', object, Object.keys(testScope)),
});

/** The namespaces with the label of a test. Suites do not create namespaces, so a mark never deletes one. */
export async function namespaceMarks(cluster: MeshCluster): Promise<Mark[]> {
  const { items } = await cluster.api.core.listNamespace({ labelSelector: selector });
  const standing = items.filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
  return standing.map(({ metadata }) => ({
    ...deletionOf(cluster, { apiVersion: 'v1', kind: 'Namespace', name: metadata?.name ?? '' }),
    ...{ isSigned: false, problem: 'a mark never deletes a namespace' },
    act: () => Promise.reject(new Error('A mark never deletes a namespace.')),
  }));
}
