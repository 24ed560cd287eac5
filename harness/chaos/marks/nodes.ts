import type { MeshCluster } from '../../mesh/attach.ts';
import { isSigned, signatureAnnotation } from '../../mesh/mark-signature.ts';
import { restoreRegion, nodeHeader, regionAnnotation, regionLabel } from '../clusters/region-labels-lost.ts';
import { kubectl, kubectlObject, kubectlUnmark, shown, objectName, type Mark } from './mark.ts';

/** The nodes with a note of their region before a fault. */
export async function nodeMarks(cluster: MeshCluster): Promise<Mark[]> {
  const { items } = await cluster.api.core.listNode();
  const marks = items.map(async ({ metadata: { name = '', labels = {}, annotations = {} } = {} }) => {
    const region = annotations[regionAnnotation];
    return region === undefined ? [] : [await markOf(cluster, name, region, { labels, annotations })];
  });
  return (await Promise.all(marks)).flat();
}

async function markOf(
  cluster: MeshCluster,
  name: string,
  region: string,
  { labels, annotations }: Record<'labels' | 'annotations', Record<string, string>>,
): Promise<Mark> {
  const node = nodeHeader(name);
  const isLabel = /^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/.test(region);
  const notes = [regionAnnotation, signatureAnnotation('region')];
  return {
    ...{ cluster: cluster.name, object: objectName(node), asks: `set its region to ${shown(region)}` },
    isSigned: await isSigned(annotations, cluster, 'region', node, [region]),
    problem: isLabel ? undefined : 'that is not the value of a label',
    change: () =>
      Promise.resolve(
        `${objectName(node)}: region ${shown(labels[regionLabel] ?? 'none')} → ${shown(region)}`,
      ),
    toDo: isLabel ? kubectl(cluster, 'label', ...kubectlObject(node), `${regionLabel}=${region}`) : undefined,
    toDelete: kubectlUnmark(cluster, 'annotate', node, notes),
    act: async () => {
      await restoreRegion(cluster, name, region);
      return `${cluster.name}: restored the region ${region} of node ${name}`;
    },
  };
}
