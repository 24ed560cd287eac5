import { createHash } from 'node:crypto';
import { isTable, mergePatch } from '../../kube/merge-patch.ts';

/** Whether a value contains all of `part`. Each item of a list in `part` has to be among the items, in any order. */
export function contains(value: unknown, part: unknown): boolean {
  if (Array.isArray(part))
    return Array.isArray(value) && part.every((item) => value.some((one) => contains(one, item)));
  if (isTable(part))
    return isTable(value) && Object.entries(part).every(([key, each]) => contains(value[key], each));
  return value === part;
}

/** Whether a value is as a merge patch makes it. A server may have added fields, also to items of lists. */
export function isPatched(value: unknown, patch: unknown): boolean {
  if (patch === null) return value === undefined;
  if (isTable(patch))
    return isTable(value) && Object.entries(patch).every(([key, part]) => isPatched(value[key], part));
  if (!Array.isArray(patch)) return value === patch;
  return Array.isArray(value) && value.length === patch.length && contains(value, patch);
}

/** Whether two values are the same, in any order of their keys. */
export const isSame = (a: unknown, b: unknown): boolean => stable(a) === stable(b);

function stable(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    isTable(one) ? Object.fromEntries(Object.entries(one).toSorted(([a], [b]) => (a < b ? -1 : 1))) : one,
  );
}

/** Annotations that controllers write on an unchanged object. */
const controllersOwn = new Set(['deployment.kubernetes.io/revision']);

/**
 * An object as a person would write it: without the bookkeeping of the server, and without its status. A Service
 * keeps its status, because the addresses of a load balancer are in it and are not written again.
 */
export function asWritten(object: object): Record<string, unknown> {
  // The client has dates as objects.
  const { status, metadata, ...rest } = JSON.parse(JSON.stringify(object)) as Record<string, unknown>;
  const {
    uid: _uid,
    resourceVersion: _version,
    generation: _generation,
    creationTimestamp: _created,
    managedFields: _fields,
    selfLink: _link,
    annotations,
    ...kept
  } = (metadata ?? {}) as Record<string, unknown>;
  const notes = Object.entries(isTable(annotations) ? annotations : {}).filter(
    ([name]) => !controllersOwn.has(name),
  );
  return {
    ...rest,
    metadata: { ...kept, ...(notes.length > 0 ? { annotations: Object.fromEntries(notes) } : {}) },
    ...(rest['kind'] === 'Service' && status !== undefined ? { status } : {}),
  };
}

/**
 * A hash of the content of an object: of all but its metadata, its status, and the number of pods of a Deployment,
 * which an autoscaler sets. `absent` for null.
 */
export function contentHash(object: object | null): string {
  if (object === null) return 'absent';
  const { metadata: _, status: __, ...content } = asWritten(object);
  const counted =
    content['kind'] === 'Deployment' ? mergePatch(content, { spec: { replicas: null } }) : content;
  return createHash('sha256').update(stable(counted)).digest('hex').slice(0, 16);
}
