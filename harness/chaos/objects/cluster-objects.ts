import { ApiException, PatchStrategy, type KubernetesObject, type V1Service } from '#kubernetes-client';
import { parse, stringify } from 'yaml';
import { timeouts } from '../../base/timeouts.ts';
import { waitUntil } from '../../base/wait-until.ts';
import { whileWaiting } from '../../base/waiting.ts';
import { applyAll, deleteIfThere, fieldManager } from '../../kube/cluster-api.ts';
import { mergePatch } from '../../kube/merge-patch.ts';
import type { MeshCluster } from '../../mesh/attach.ts';
import { asTestObject } from '../../workloads/apply.ts';
import { ChangedSince } from '../heal/changed-since.ts';
import { asWritten, contains, contentHash, isPatched, isSame } from './comparison.ts';
import { headerOf, headerText, type Edit, type ObjectHeader } from './edits.ts';
import { isMetadataExpected, restoredMetadata, type EditedMetadata } from './edited-metadata.ts';

type Json = Record<string, unknown>;
type Manifest = Extract<Edit, { op: 'apply' }>['manifest'];

/** An object before it was changed; null if it did not exist. */
export interface Before {
  header: ObjectHeader;
  object: Json | null;
  /** The edited metadata; absent if all of it can be changed. */
  touched?: EditedMetadata | undefined;
}

const addressed = ({ apiVersion, kind, namespace, name }: ObjectHeader) => ({
  ...{ apiVersion, kind },
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
});

/** An object as a person would write it (see {@link asWritten}); null if it does not exist. */
export async function readObject(cluster: MeshCluster, header: ObjectHeader): Promise<Json | null> {
  const found = await readWhole(cluster, header);
  return found && asWritten(found);
}

/** The resource version of an object; null if it does not exist. */
export const versionOf = async (cluster: MeshCluster, header: ObjectHeader): Promise<string | null> =>
  (await readWhole(cluster, header))?.metadata?.resourceVersion ?? null;

async function readWhole(cluster: MeshCluster, header: ObjectHeader): Promise<KubernetesObject | null> {
  try {
    return await whileWaiting(() => cluster.api.objects.read(addressed(header)));
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) return null;
    throw new Error(`Cluster ${cluster.name} did not return ${headerText(header)}.`, { cause: error });
  }
}

/** Whether an object is as an edit makes it. */
export function isEdited(edit: Edit, now: Json | null): boolean {
  if (edit.op === 'delete') return now === null;
  if (now === null) return false;
  if (edit.op === 'apply') return contains(now, edit.manifest);
  if (edit.op === 'merge') return isPatched(now, edit.patch);
  if (edit.op === 'merge-status') return isPatched(now['status'], edit.patch);
  const data = (now['data'] ?? {}) as Record<string, string>;
  return isPatched(parse(data[edit.key] ?? ''), edit.patch);
}

/** Makes an edit. Throws an error with the words of the server when it is refused. */
export async function makeEdit(cluster: MeshCluster, edit: Edit): Promise<void> {
  const header = headerOf(edit);
  if (edit.op === 'delete') return removeObject(cluster, header);
  const now = await readObject(cluster, header);
  if (edit.op === 'apply') return applyManifest(cluster, edit.manifest, now === null);
  if (edit.op === 'merge-status')
    return writeStatus(cluster, mergePatch(now, { status: edit.patch }) as Json);
  const patch = edit.op === 'merge' ? edit.patch : settingsPatch(edit, now);
  await whileWaiting(() =>
    cluster.api.objects.patch(
      mergePatch(patch, addressed(header)) as KubernetesObject,
      ...([undefined, undefined, fieldManager, undefined, PatchStrategy.MergePatch] as const),
    ),
  );
}

async function applyManifest(cluster: MeshCluster, manifest: Manifest, isNew: boolean): Promise<void> {
  // `heal` finds a new object by its label, also when the journal is lost.
  const object = isNew ? await asTestObject(cluster, manifest as KubernetesObject) : manifest;
  await whileWaiting(() => applyAll(cluster.api, [object]));
}

function settingsPatch({ key, patch }: Extract<Edit, { op: 'merge-yaml' }>, now: Json | null): Json {
  const data = (now?.['data'] ?? {}) as Record<string, string>;
  const [text, settings] = [data[key] ?? '', mergePatch(parse(data[key] ?? ''), patch)];
  // JSON stays JSON: some readers do not accept all of YAML.
  const written = text.trimStart().startsWith('{') ? JSON.stringify(settings) : stringify(settings);
  return { data: { [key]: written } };
}

const removeObject = (cluster: MeshCluster, header: ObjectHeader): Promise<void> =>
  whileWaiting(() => deleteIfThere(() => cluster.api.objects.delete(addressed(header))));

/** The state of an object after a fault, and the place of its state before. */
export interface Written {
  /** Its {@link contentHash} after the fault; undefined if the fault was killed before it noted the hash. */
  hash: string | undefined;
  copy: string;
}

/**
 * Restores an object, except for labels and annotations that no edit wrote: those belong to others. Tries again while
 * others write to the object.
 *
 * @throws ChangedSince if the object exists, and is neither as before nor as the fault made it: then it stays.
 */
export async function restoreObject(cluster: MeshCluster, before: Before, written: Written): Promise<void> {
  const { header, object, touched } = before;
  await requireUnchanged(cluster, before, written);
  const attempt = async () => {
    if (object === null) await removeObject(cluster, header);
    else await write(cluster, object, await readWhole(cluster, header), touched);
    return true;
  };
  await waitUntil(attempt, `${headerText(header)} of ${cluster.name} to be restored`, timeouts.apiMs);
}

async function requireUnchanged(
  cluster: MeshCluster,
  { header, object, touched }: Before,
  { hash, copy }: Written,
): Promise<void> {
  // An object that did not exist before belongs to a test, by its label. It is deleted in any state.
  if (hash === undefined || object === null) return;
  const now = await readObject(cluster, header);
  if (now === null) return;
  const isOurs = touched === undefined || isMetadataExpected(metadataOf(object), metadataOf(now), touched);
  if (isOurs && [hash, contentHash(object)].includes(contentHash(now))) return;
  throw new ChangedSince(`${headerText(header)} of ${cluster.name}`, copy);
}

const metadataOf = (object: Json): Json => (object['metadata'] ?? {}) as Json;

async function write(
  cluster: MeshCluster,
  before: Json,
  now: KubernetesObject | null,
  touched: EditedMetadata | undefined,
): Promise<void> {
  const { objects } = cluster.api;
  const { status: _, ...spec } = before;
  if (now === null) await objects.create(spec);
  else {
    const is = asWritten(now);
    const metadata = touched
      ? restoredMetadata(metadataOf(before), metadataOf(is), touched)
      : metadataOf(before);
    const { resourceVersion } = now.metadata ?? {};
    if (!isSame(is, { ...before, metadata }))
      await objects.replace({ ...spec, metadata: { ...metadata, resourceVersion } } as KubernetesObject);
  }
  if (before['kind'] === 'Service') await writeStatus(cluster, before);
}

async function writeStatus({ api }: MeshCluster, service: Json): Promise<void> {
  const { name = '', namespace = '' } = (service['metadata'] ?? {}) as { name?: string; namespace?: string };
  await whileWaiting(async () => {
    const now = await api.core.readNamespacedService({ name, namespace });
    const { status } = service as V1Service;
    if (isSame(now.status, status)) return;
    const body: V1Service = { ...now, ...(status === undefined ? {} : { status }) };
    await api.core.replaceNamespacedServiceStatus({ name, namespace, body });
  });
}
