import type { V1ObjectMeta } from '@kubernetes/client-node';
import { itemsOf, objectName, type Gaps } from './gaps.ts';
import type { KubeReader } from './kube-reader.ts';
import { createdAt } from './kubernetes-records.ts';
import { redactedSpec } from './redact.ts';
import type { ResourceRecord } from './schema.ts';
import { resource } from './shape-kubernetes.ts';

/** The kinds that decide between clusters, by API group. The doctor's rights follow from it. */
export const wanted: Readonly<Record<string, readonly string[]>> = {
  'networking.istio.io': [
    'DestinationRule',
    'EnvoyFilter',
    'Gateway',
    'ProxyConfig',
    'ServiceEntry',
    'Sidecar',
    'VirtualService',
    'WorkloadEntry',
    'WorkloadGroup',
  ],
  'security.istio.io': ['AuthorizationPolicy', 'PeerAuthentication', 'RequestAuthentication'],
  'telemetry.istio.io': ['Telemetry'],
  'extensions.istio.io': ['WasmPlugin'],
  'gateway.networking.k8s.io': ['Gateway', 'GatewayClass', 'HTTPRoute', 'TLSRoute'],
  'networking.k8s.io': ['NetworkPolicy'],
};

interface Kind {
  group: string;
  version: string;
  kind: string;
  plural: string;
}

interface RawResource {
  metadata?: V1ObjectMeta;
  spec?: Record<string, unknown> | null;
  status?: { conditions?: Partial<Record<'type' | 'status' | 'reason' | 'message', string>>[] } | null;
}

/** What {@link readResources} gives: the kinds that are installed, and every object of them. */
export interface Resources {
  kinds: string[];
  resources: ResourceRecord[];
}

/** Reads every object of the kinds that decide between clusters. A kind that cannot be read is a gap of its own. */
export async function readResources(reader: KubeReader, gaps: Gaps): Promise<Resources> {
  const groups = Object.keys(wanted).map((group) =>
    gaps.attempt('resources', () => installedKinds(reader, group), [], group),
  );
  const kinds = (await Promise.all(groups)).flat();
  const lists = kinds.map((kind) => list(reader, kind, gaps));
  const resources = (await Promise.all(lists)).flat();
  return { kinds: [...new Set(kinds.map(({ kind }) => kind))].sort(), resources };
}

/** The wanted kinds of a group, each in the group's preferred version or, where that lacks it, the next that has it. */
async function installedKinds(reader: KubeReader, group: string): Promise<Kind[]> {
  const { preferredVersion, versions } = await groupOf(reader, group);
  const ordered = [...new Set([preferredVersion?.version, ...versions.map(({ version }) => version)])];
  const found = new Map<string, Kind>();
  const lists = await Promise.all(
    ordered.flatMap((version) => (version === undefined ? [] : [kindsIn(reader, group, version)])),
  );
  for (const kind of lists.flat())
    if (wanted[group]?.includes(kind.kind) && !found.has(kind.kind)) found.set(kind.kind, kind);
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

async function list(reader: KubeReader, one: Kind, gaps: Gaps): Promise<ResourceRecord[]> {
  const { group, version, kind, plural } = one;
  const read = async () => itemsOf(await reader.get(`/apis/${group}/${version}/${plural}`));
  const items = await gaps.attempt('resources', read, [], kind);
  const make = (item: unknown) => resourceRecord(`${group}/${version}`, kind, item as RawResource);
  return gaps.records('resources', items, resource, make, (item) =>
    `${kind} ${objectName(item) ?? ''}`.trim(),
  );
}

/** A resource as it is kept: what may be a secret in it is replaced. */
export function resourceRecord(apiVersion: string, kind: string, item: RawResource): ResourceRecord {
  const { metadata, spec, status } = item;
  return {
    apiVersion,
    kind,
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    labels: metadata?.labels ?? {},
    ...(metadata?.generation === undefined ? {} : { generation: metadata.generation }),
    createdAt: createdAt(metadata),
    spec: redactedSpec(chosen(kind, spec ?? {})),
    status: (status?.conditions ?? []).map((one) => ({
      type: one.type ?? '',
      status: one.status ?? '',
      reason: one.reason ?? '',
      message: one.message ?? '',
    })),
  };
}

/** Of kinds that may hold any configuration at all, only the parts that are known. */
function chosen(kind: string, spec: Record<string, unknown>): Record<string, unknown> {
  const only = (...fields: string[]) =>
    Object.fromEntries(Object.entries(spec).filter(([field]) => fields.includes(field)));
  if (kind === 'WasmPlugin') return only('selector', 'targetRefs', 'url', 'phase', 'priority');
  if (kind === 'WorkloadGroup') {
    const { labels } = (spec['metadata'] ?? {}) as Record<string, unknown>;
    return { metadata: { labels }, ...only('template') };
  }
  if (kind === 'ProxyConfig') return only('selector', 'concurrency', 'image');
  if (kind !== 'EnvoyFilter') return spec;
  const patches = Array.isArray(spec['configPatches']) ? (spec['configPatches'] as unknown[]) : [];
  return { ...only('workloadSelector', 'targetRefs', 'priority'), configPatches: patches.map(patchOutline) };
}

function patchOutline(patch: unknown): unknown {
  const { applyTo, match, patch: change } = (patch ?? {}) as Record<string, unknown>;
  const { operation } = (change ?? {}) as { operation?: unknown };
  return { applyTo, match, patch: { operation } };
}
