import { waitUntil } from '../../base/wait-until.ts';
import type { Mesh, MeshCluster } from '../../mesh/attach.ts';
import type { HeldConfig } from '../../mesh/istiod-pages.ts';
import { istiodsOf } from '../../mesh/istiod.ts';
import { bounds } from '../bounds.ts';
import { versionOf } from './cluster-objects.ts';
import { type ObjectHeader, headerText } from './edits.ts';

/** The groups whose objects istiod lists in configz. */
const istioGroups = new Set(
  ['networking', 'security', 'telemetry', 'extensions'].map((one) => `${one}.istio.io`),
);

const groupOf = (apiVersion: string): string => apiVersion.split('/')[0] ?? '';

/** An object with its version by the API server; null if it does not exist. */
export interface Versioned {
  header: ObjectHeader;
  version: string | null;
}

/** The objects that an istiod has not read in their present version, or has not forgotten. Pure. */
export function unread(objects: readonly Versioned[], held: readonly HeldConfig[]): ObjectHeader[] {
  return objects.flatMap(({ header, version }) => {
    const known = held.find(
      ({ apiVersion, kind, metadata }) =>
        groupOf(apiVersion) === groupOf(header.apiVersion) && // istiod reads one of the versions that are served
        kind === header.kind &&
        metadata.name === header.name &&
        metadata.namespace === (header.namespace ?? ''),
    );
    return (known?.metadata.resourceVersion ?? null) === version ? [] : [header];
  });
}

/**
 * Waits until every istiod of a cluster has read the present versions of objects, if they are of kinds of Istio and
 * the cluster has istiods that read them.
 *
 * @returns the evidence as the end of a sentence; empty without such objects.
 */
export async function proveRead(
  mesh: Mesh,
  cluster: MeshCluster,
  headers: readonly ObjectHeader[],
): Promise<string> {
  const own = headers.filter(({ apiVersion }) => istioGroups.has(groupOf(apiVersion)));
  if (own.length === 0 || cluster.file.role !== 'primary') return '';
  const areRead = async () => {
    const istiods = await istiodsOf(cluster, mesh.file.rootNamespace);
    const looks = istiods.map(async (istiod) => {
      await using debug = istiod;
      const held = await debug.configs();
      const versions = own.map(async (header) => ({ header, version: await versionOf(cluster, header) }));
      return unread(await Promise.all(versions), held);
    });
    return (await Promise.all(looks)).flat().length === 0;
  };
  const names = own.map(headerText).join(', ');
  await waitUntil(areRead, `istiod of ${cluster.name} to read ${names}`, bounds.istiod.injectMs);
  return `; istiod has read ${names} in that version (configz)`;
}
