import type { V1ConfigMap } from '@kubernetes/client-node';
import type { MeshCluster } from '../../mesh/attach.ts';
import { throwLeft } from '../heal/changed-since.ts';
import { readObject, type Before } from '../objects/cluster-objects.ts';
import { headerText } from '../objects/edits.ts';
import {
  copiesIn,
  dropCopy,
  isOwnCopy,
  readCopy,
  restoreAll,
  type KeptObjects,
} from '../objects/kept-objects.ts';
import { kubectl, kubectlObject, shown, objectName, type Mark } from './mark.ts';
import { outOfScope } from './scope.ts';

/** The ConfigMaps with objects as they were before a fault, the last first. */
export async function keptObjectMarks(
  cluster: MeshCluster,
  namespace: string,
  namespaces: readonly string[],
): Promise<Mark[]> {
  const copies = await copiesIn(cluster, namespace);
  return Promise.all(copies.map((copy) => markOf(cluster, namespace, namespaces, copy)));
}

async function markOf(
  cluster: MeshCluster,
  namespace: string,
  namespaces: readonly string[],
  copy: V1ConfigMap,
): Promise<Mark> {
  const name = copy.metadata?.name ?? '';
  const object = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name };
  const kept = readCopy(copy);
  const headers = kept?.before.map(({ header }) => headerText(header)).join(', ') ?? '';
  return {
    ...{ cluster: cluster.name, object: objectName(object) },
    asks: kept ? `restore ${shown(headers)}` : 'restore objects',
    isSigned: await isOwnCopy(cluster, copy),
    problem: problemOf(kept, namespaces),
    change: () => changesText(cluster, kept?.before ?? []),
    toDo:
      kept &&
      `${kubectl(cluster, 'get', ...kubectlObject(object), "--output=jsonpath={.data['objects\\.json']}")} ` +
        'prints the objects, of which you apply those that you want',
    toDelete: kubectl(cluster, 'delete', ...kubectlObject(object)),
    act: async () => {
      const { before = [], written } = kept ?? {};
      const { restored, left } = await restoreAll(cluster, before, written, objectName(object));
      throwLeft(left);
      await dropCopy(cluster, namespace, name);
      return `${cluster.name}: restored ${restored.map(headerText).join(', ')}`;
    },
  };
}

/** A person decides by the header, and the server writes the object: both have to name the same object. */
function problemOf(kept: KeptObjects | undefined, namespaces: readonly string[]): string | undefined {
  if (!kept || kept.before.length === 0) return 'it does not hold objects in a shape that can be read';
  for (const { header, object } of kept.before) {
    const reason = outOfScope(header, namespaces);
    if (reason !== undefined) return `${shown(headerText(header))} is not restored from a mark: ${reason}`;
    if (object !== null && !isNamed(header, object))
      return `it holds another object as ${shown(headerText(header))}`;
  }
  return undefined;
}

function isNamed(header: Before['header'], object: Record<string, unknown>): boolean {
  const { name, namespace } = (object['metadata'] ?? {}) as { name?: unknown; namespace?: unknown };
  return (
    object['apiVersion'] === header.apiVersion &&
    object['kind'] === header.kind &&
    name === header.name &&
    namespace === header.namespace
  );
}

async function changesText(cluster: MeshCluster, before: readonly Before[]): Promise<string> {
  const changes = before.map(async ({ header, object }) => {
    const now = linesOf(await readObject(cluster, header));
    const then = linesOf(object);
    const gone = now.filter((line) => !then.includes(line)).map((line) => `  - ${line}`);
    const added = then.filter((line) => !now.includes(line)).map((line) => `  + ${line}`);
    return [`${headerText(header)}${object === null ? ' is deleted' : ''}`, ...gone, ...added].join('\n');
  });
  return (await Promise.all(changes)).join('\n');
}

/** The values of an object, each as a line with its path. */
function linesOf(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null)
    return value === null && path === '' ? [] : [`${path}: ${escaped(JSON.stringify(value))}`];
  const entries = Object.entries(value);
  if (entries.length === 0) return [`${path}: ${Array.isArray(value) ? '[]' : '{}'}`];
  return entries.flatMap(([key, part]) =>
    linesOf(part, path === '' ? escaped(key) : `${path}.${escaped(key)}`),
  );
}

/** The whole text, because a person decides by it, without control characters. */
const escaped = (text: string | undefined): string =>
  (text ?? '').replaceAll(/[\p{Cc}\p{Cf}]/gu, (one) => `\\u{${one.codePointAt(0)?.toString(16)}}`);
