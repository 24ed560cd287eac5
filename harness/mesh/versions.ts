import { VersionApi } from '#kubernetes-client';
import type { Mesh } from './attach.ts';

/** What runs in the clusters: `{ 'kubernetes west': 'v1.36.3', 'istiod west': '1.31.4' }`. Throws when one does not answer. */
export async function versionsOf(mesh: Mesh): Promise<Record<string, string>> {
  const perCluster = await Promise.all(
    mesh.clusters.map(async ({ name, api }) => {
      const { gitVersion } = await api.config.makeApiClient(VersionApi).getCode();
      const { items } = await api.core.listNamespacedPod({
        namespace: mesh.file.rootNamespace,
        labelSelector: 'app=istiod',
      });
      const tags = items.map(({ spec }) => spec?.containers[0]?.image?.split(':').at(-1) ?? 'unknown');
      const istiod: Record<string, string> =
        tags.length > 0 ? { [`istiod ${name}`]: [...new Set(tags)].sort().join(', ') } : {};
      return { [`kubernetes ${name}`]: gitVersion, ...istiod };
    }),
  );
  return Object.assign({}, ...perCluster) as Record<string, string>;
}
