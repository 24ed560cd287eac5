import type { V1ObjectMeta } from '@kubernetes/client-node';
import type { KubeReader } from '../kube/kube-reader.ts';
import { itemsOf, objectName, type Gaps } from './gaps.ts';
import { keptFields } from './kept-fields.ts';
import { kept, type Hash } from './kept.ts';
import { annotationsOf, createdAt } from './kubernetes-records.ts';
import type { ResourceRecord } from './schema.ts';
import { resource } from './shape-kubernetes.ts';

interface Kind {
  group: string;
  version: string;
  kind: string;
  plural: string;
}

interface RawResource {
  metadata?: V1ObjectMeta;
  spec?: Record<string, unknown> | null;
  status?: { conditions?: Partial<Record<'type' | 'status' | 'reason', string>>[] } | null;
}

/** The installed kinds and all their objects. */
export interface Resources {
  kinds: string[];
  resources: ResourceRecord[];
}

/** Reads every object of the kinds that affect traffic between clusters. Each kind that cannot be read is a gap. */
export async function readResources(reader: KubeReader, gaps: Gaps, hash: Hash): Promise<Resources> {
  const groups = Object.keys(keptFields).map((group) =>
    gaps.attempt('resources', () => installedKinds(reader, group), [], group),
  );
  const kinds = (await Promise.all(groups)).flat();
  const lists = kinds.map((kind) => list(reader, kind, gaps, hash));
  const resources = (await Promise.all(lists)).flat();
  return { kinds: [...new Set(kinds.map(({ kind }) => kind))].sort(), resources };
}

/** The requested kinds of a group, each in the preferred version of the group, or in the next version that has the kind. */
async function installedKinds(reader: KubeReader, group: string): Promise<Kind[]> {
  const { preferredVersion, versions } = await groupOf(reader, group);
  const ordered = [...new Set([preferredVersion?.version, ...versions.map(({ version }) => version)])];
  const found = new Map<string, Kind>();
  const lists = await Promise.all(
    ordered.flatMap((version) => (version === undefined ? [] : [kindsIn(reader, group, version)])),
  );
  for (const kind of lists.flat())
    if (keptFields[group]?.[kind.kind] && !found.has(kind.kind)) found.set(kind.kind, kind);
  return [...found.values()];
}

interface Group {
  preferredVersion?: { version: string };
  versions: { version: string }[];
}

/** A group that is not there has no versions. */
async function groupOf(reader: KubeReader, group: string): Promise<Group> {
  const { groups } = await (reader.once('/apis') as Promise<{ groups: (Group & { name: string })[] }>);
  return groups.find(({ name }) => name === group) ?? { versions: [] };
}

async function kindsIn(reader: KubeReader, group: string, version: string): Promise<Kind[]> {
  const { resources } = await reader.get<{ resources: { name: string; kind: string }[] }>(
    `/apis/${group}/${version}`,
  );
  return resources
    .filter(({ name }) => !name.includes('/'))
    .map(({ name, kind }) => ({ group, version, kind, plural: name }));
}

async function list(reader: KubeReader, one: Kind, gaps: Gaps, hash: Hash): Promise<ResourceRecord[]> {
  const { group, version, kind, plural } = one;
  const read = async () => itemsOf(await reader.get(`/apis/${group}/${version}/${plural}`));
  const items = await gaps.attempt('resources', read, [], kind);
  const make = (item: unknown) => resourceRecord({ group, version, kind }, item as RawResource, hash);
  return gaps.records('resources', items, resource, make, (item) =>
    `${kind} ${objectName(item) ?? ''}`.trim(),
  );
}

/** A resource as it is kept: of its specification the fields of {@link keptFields}, of its conditions no message. */
export function resourceRecord(
  { group, version, kind }: Omit<Kind, 'plural'>,
  { metadata, spec, status }: RawResource,
  hash: Hash,
): ResourceRecord {
  return {
    apiVersion: `${group}/${version}`,
    kind,
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    labels: metadata?.labels ?? {},
    annotations: annotationsOf(metadata),
    ...(metadata?.generation === undefined ? {} : { generation: metadata.generation }),
    createdAt: createdAt(metadata),
    spec: kept(spec ?? {}, keptFields[group]?.[kind] ?? {}, hash) as ResourceRecord['spec'],
    status: (status?.conditions ?? []).map((one) => ({
      type: one.type ?? '',
      status: one.status ?? '',
      reason: one.reason ?? '',
    })),
  };
}
