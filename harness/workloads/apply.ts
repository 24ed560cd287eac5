import { setTimeout as delay } from 'node:timers/promises';
import type { KubernetesObject, V1Deployment } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import { throwTogether } from '../base/settle-all.ts';
import { timeouts } from '../base/timeouts.ts';
import { whileWaiting } from '../base/waiting.ts';
import { managedBy } from '../config/workload-names.ts';
import { applyAll } from '../kube/cluster-api.ts';
import { serverSaid } from '../kube/server-said.ts';
import type { MeshCluster } from '../mesh/attach.ts';
import { signed } from '../mesh/mark-signature.ts';

/** YAML of any number of documents, an object, or a list of either. */
export type Manifests = string | object | readonly (string | object)[];

/** What {@link startApplying} does to a cluster, to be undone. */
export interface Applying {
  cluster: MeshCluster;
  /** Rejects when an object is refused, naming it; those after it are not tried, those before it stay until `undo`. */
  applied: Promise<void>;
  /**
   * Waits until applying has ended, then deletes what was not there before, calling `deleted` after each, and restores what
   * was; last first. All of it is tried, whatever fails; the next call tries again what failed, which is thrown together.
   */
  undo(deleted?: (object: KubernetesObject) => Promise<void>): Promise<void>;
}

/** The label of everything that a test created in a cluster, so that it can be found after a crash. {@link asTestObject} signs it. */
export const testScope = { 'meshproof.dev/scope': 'test' } as const;

const clusterScoped = new Set(['Namespace', 'ClusterRole', 'ClusterRoleBinding', 'CustomResourceDefinition']);

/**
 * The objects of manifests, labelled as ours; those without a namespace get `namespace`.
 *
 * @throws Error if a document is not YAML or not a Kubernetes object, with a quote of it.
 */
export function parseManifests(manifests: Manifests, namespace: string): KubernetesObject[] {
  const list = (Array.isArray(manifests) ? manifests : [manifests]) as readonly (string | object)[];
  return list
    .flatMap((one) => (typeof one === 'string' ? parseYaml(one) : [one]))
    .map((object) => ours(object, namespace));
}

/** An object with the label and the signature by which `heal` removes it from a cluster. */
export async function asTestObject<T extends KubernetesObject>(cluster: MeshCluster, object: T): Promise<T> {
  const { apiVersion = '', kind = '', metadata = {} } = object;
  const of = { apiVersion, kind, namespace: metadata.namespace, name: metadata.name ?? '' };
  const annotations = { ...metadata.annotations, ...(await signed(cluster, 'test-object', of, [])) };
  return { ...object, metadata: { ...metadata, labels: { ...metadata.labels, ...testScope }, annotations } };
}

/** Starts applying objects to a cluster by server-side apply, in their order, reading what was there before. */
export function startApplying(cluster: MeshCluster, objects: readonly KubernetesObject[]): Applying {
  const done: { object: KubernetesObject; before: KubernetesObject | undefined }[] = [];
  const applyEach = async () => {
    for (const object of objects) {
      await whileWaiting(async () => {
        done.push({ object, before: await readObject(cluster, object) });
        await applyAll(cluster.api, [await asTestObject(cluster, object)]);
      });
    }
  };
  const applied = applyEach();
  const undo: Applying['undo'] = async (deleted) => {
    await applied.catch(() => undefined); // the caller of `apply` reports it
    const failures: unknown[] = [];
    for (const one of done.toReversed()) {
      try {
        await whileWaiting(() => restore(cluster, one.object, one.before));
        if (!one.before) await deleted?.(one.object);
        done.splice(done.indexOf(one), 1);
      } catch (error) {
        failures.push(error);
      }
    }
    throwTogether(failures, `Cluster ${cluster.name} is not as it was before the test`);
  };
  return { cluster, applied, undo };
}

/** Waits until every Deployment among the objects has all its pods ready. Throws when not so in time, naming it. */
export async function awaitDeployments(
  cluster: MeshCluster,
  objects: readonly KubernetesObject[],
): Promise<void> {
  const deployments = objects.filter((object) => object.kind === 'Deployment');
  await whileWaiting(() => Promise.all(deployments.map((object) => awaitDeployment(cluster, object))));
}

/** Waits until a Deployment has all the pods that it asks for, of its current template, and no other. */
export async function awaitDeployment(
  cluster: MeshCluster,
  object: Pick<KubernetesObject, 'metadata'>,
): Promise<void> {
  const [name, namespace] = [object.metadata?.name ?? '', object.metadata?.namespace ?? ''];
  const deadlineMs = performance.now() + timeouts.podReadyMs;
  for (;;) {
    const deployment = await cluster.api.apps.readNamespacedDeployment({ name, namespace });
    if (isRolledOut(deployment)) return;
    const { spec, status } = deployment;
    if (performance.now() > deadlineMs)
      throw new Error(
        `Deployment ${namespace}/${name} in cluster ${cluster.name} has ${status?.availableReplicas ?? 0} of ${spec?.replicas ?? 1} ` +
          `pods available after ${timeouts.podReadyMs / 1000} s: see its pods' events.`,
      );
    await delay(timeouts.pollMs);
  }
}

/** Whether a Deployment has all the pods that it asks for available, of its current template, and no other. */
export function isRolledOut({ metadata, spec, status }: V1Deployment): boolean {
  const wanted = spec?.replicas ?? 1;
  if (wanted === 0 && !status?.replicas) return true;
  const counts = [status?.updatedReplicas, status?.availableReplicas, status?.replicas];
  return counts.every((count) => count === wanted) && status?.observedGeneration === metadata?.generation;
}

function parseYaml(text: string): object[] {
  return parseAllDocuments(text).flatMap((document) => {
    const [broken] = document.errors;
    if (broken) throw new Error(`Not YAML: ${broken.message}`, { cause: broken });
    const object = document.toJS() as object | null;
    return object === null ? [] : [object];
  });
}

function ours(object: object, namespace: string): KubernetesObject {
  const { apiVersion, kind, metadata } = object as KubernetesObject;
  if (!apiVersion || !kind || !metadata?.name)
    throw new Error(
      `Not a Kubernetes object, as it lacks apiVersion, kind or name: ${JSON.stringify(object).slice(0, 200)}`,
    );
  const labels = { ...metadata.labels, ...managedBy, ...testScope };
  const where = clusterScoped.has(kind) ? {} : { namespace: metadata.namespace ?? namespace };
  return { ...object, metadata: { ...metadata, ...where, labels } };
}

type Header = Parameters<MeshCluster['api']['objects']['read']>[0];

/** An object as a cluster has it now; undefined where it has none. Throws when it does not let it be read, naming both. */
export async function readObject(
  cluster: MeshCluster,
  object: KubernetesObject,
): Promise<KubernetesObject | undefined> {
  try {
    return await cluster.api.objects.read(object as Header);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw new Error(`Cluster ${cluster.name} did not let ${nameOf(object)} be read: ${serverSaid(error)}.`, {
      cause: error,
    });
  }
}

async function restore(
  cluster: MeshCluster,
  object: KubernetesObject,
  before: KubernetesObject | undefined,
): Promise<void> {
  try {
    if (!before) {
      await cluster.api.objects.delete(object, undefined, undefined, undefined, undefined, 'Background');
      return;
    }
    const now = await readObject(cluster, object);
    await (now
      ? cluster.api.objects.replace(withVersion(before, now))
      : cluster.api.objects.create(withVersion(before)));
  } catch (error) {
    if (!before && isNotFound(error)) return;
    throw new Error(
      `Cluster ${cluster.name}: ${nameOf(object)} could not be restored to its state before the test.`,
      {
        cause: error,
      },
    );
  }
}

/** An object as it can be written: what the server keeps about it is dropped, but for the version to replace. */
function withVersion(object: KubernetesObject, current?: KubernetesObject): KubernetesObject {
  const {
    uid: _uid,
    creationTimestamp: _created,
    generation: _generation,
    managedFields: _fields,
    ...metadata
  } = object.metadata ?? {};
  delete metadata.resourceVersion;
  const version = current?.metadata?.resourceVersion;
  const { status: _status, ...rest } = object as KubernetesObject & { status?: unknown };
  return {
    ...rest,
    metadata: { ...metadata, ...(version === undefined ? {} : { resourceVersion: version }) },
  };
}

const isNotFound = (error: unknown) => error instanceof Error && 'code' in error && error.code === 404;

const nameOf = (object: KubernetesObject) =>
  `${object.kind} ${object.metadata?.namespace ? `${object.metadata.namespace}/` : ''}${object.metadata?.name}`;
