import { z } from 'zod';
import { timeouts } from '../../base/timeouts.ts';
import { waitUntil } from '../../base/wait-until.ts';
import type { MeshCluster } from '../../mesh/attach.ts';
import { bounds } from '../bounds.ts';
import { defineFault } from '../fault.ts';
import { throwLeft } from '../heal/changed-since.ts';
import { parameters } from '../parameters.ts';
import { awaitPods } from '../scale.ts';
import { isEdited, makeEdit, readObject, type Before } from './cluster-objects.ts';
import { isSame } from './comparison.ts';
import {
  editSchema,
  headerOf,
  headersOf,
  editText,
  headerText,
  type Edit,
  type ObjectHeader,
} from './edits.ts';
import { proveRead } from './istiod-configs.ts';
import { areKept, beforeSchema, keepObjects, noteWritten, restoreObjects } from './kept-objects.ts';
import { editedMetadataOf } from './edited-metadata.ts';

/**
 * Creates, changes or deletes objects of a cluster except Secrets; healing restores them. The objects before the
 * fault are in the journal, and in a ConfigMap of their cluster, by which `heal` finds them without the journal.
 */
export const objectsChanged = defineFault({
  id: 'objects-changed',
  title: 'Objects of a cluster are created, changed or deleted',
  disturbs: 'control-plane',
  needsLab: false,
  stage: 'rest',
  bounds: bounds.istiod,
  parameters: z.object({ cluster: parameters.cluster, edits: z.array(editSchema).min(1) }),
  undo: z.object({ before: beforeSchema }),
  clusters: ({ cluster }) => [cluster],
  prepare: async (mesh, { cluster: name, edits }) => {
    const cluster = mesh.cluster(name);
    const before = await Promise.all(
      headersOf(edits).map(async (header): Promise<Before> => ({
        header,
        object: await readObject(cluster, header),
        touched: editedMetadataOf(editsOf(edits, header)),
      })),
    );
    for (const edit of edits) refuseIdle(cluster, edit, before);
    return { before };
  },
  inject: async ({ mesh, id, parameters: { cluster: name, edits }, undo: { before } }) => {
    const cluster = mesh.cluster(name);
    const namespace = mesh.file.rootNamespace;
    await keepObjects(cluster, namespace, id, before);
    for (const edit of edits) await makeEdit(cluster, edit);
    await noteWritten(cluster, namespace, id, headersOf(edits));
  },
  prove: async ({ mesh, parameters: { cluster: name, edits } }) => {
    const cluster = mesh.cluster(name);
    // The last edit of an object counts.
    const last = new Map(edits.map((edit) => [headerText(headerOf(edit)), edit]));
    for (const edit of last.values()) {
      const isSo = async () => isEdited(edit, await readObject(cluster, headerOf(edit)));
      await waitUntil(isSo, `${name}: ${editText(edit)}`, timeouts.apiMs);
    }
    await awaitRollouts(cluster, headersOf(edits));
    // The effect depends on the change, so the defects of harness/selftest say which check has to notice it. Istiod
    // reports the objects of its kinds that it has read.
    const read = await proveRead(mesh, cluster, headersOf(edits));
    return `${name}: the API server shows that ${[...last.values()].map(editText).join('; ')}${read}`;
  },
  heal: async ({ mesh, id, parameters: { cluster: name, edits }, undo: { before } }) => {
    const [cluster, namespace] = [mesh.cluster(name), mesh.file.rootNamespace];
    const kept = await areKept(cluster, namespace, id);
    const meant = kept ? before : await stillChanged(cluster, edits, before);
    throwLeft((await restoreObjects(cluster, namespace, id, meant)).left);
  },
  proveHealed: async ({ mesh, parameters: { cluster: name, edits }, undo: { before } }) => {
    const cluster = mesh.cluster(name);
    for (const one of before) {
      const isBack = async () =>
        isSame(await readObject(cluster, one.header), one.object) ||
        // Somebody has changed it since, so it stays.
        (one.object !== null && (await stillChanged(cluster, edits, [one])).length === 0);
      await waitUntil(isBack, `${headerText(one.header)} of ${name} to be as before`, timeouts.apiMs);
    }
    const there = before.filter(({ object }) => object !== null).map(({ header }) => header);
    await awaitRollouts(cluster, there);
    return `${name}: the API server shows ${before.map(({ header }) => headerText(header)).join(', ')} without the changes`;
  },
});

/** The objects that no longer exist, and those that still have an edit. */
async function stillChanged(
  cluster: MeshCluster,
  edits: readonly Edit[],
  before: readonly Before[],
): Promise<Before[]> {
  const found = before.map(async (one) => {
    const now = await readObject(cluster, one.header);
    return now === null || editsOf(edits, one.header).some((edit) => isEdited(edit, now)) ? [one] : [];
  });
  return (await Promise.all(found)).flat();
}

const editsOf = (edits: readonly Edit[], header: ObjectHeader): Edit[] =>
  edits.filter((edit) => isSame(headerOf(edit), header));

function refuseIdle(cluster: MeshCluster, edit: Edit, before: readonly Before[]): void {
  const header = headerOf(edit);
  const now = before.find((one) => isSame(one.header, header))?.object ?? null;
  if (edit.op !== 'apply' && now === null)
    throw new Error(`${headerText(header)} of cluster ${cluster.name} cannot be changed: it does not exist.`);
  if (isEdited(edit, now))
    throw new Error(
      `${headerText(header)} of cluster ${cluster.name} cannot be changed: it already is as the edit makes it.`,
    );
}

/** A changed template restarts the pods of a Deployment. */
async function awaitRollouts(cluster: MeshCluster, changed: readonly ObjectHeader[]): Promise<void> {
  const deployments = changed.filter(({ kind }) => kind === 'Deployment');
  await Promise.all(deployments.map(({ namespace = '', name }) => awaitPods(cluster, { namespace, name })));
}
