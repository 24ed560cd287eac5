import { byFit, isAt, isSameMesh } from '../../snapshot/control-planes.ts';
import type {
  ClusterSnapshot,
  Declared,
  Install,
  Missing,
  PodRecord,
  Snapshot,
  WebhookRecord,
} from '../../snapshot/schema.ts';
import type { OtherMeshes } from '../cluster-view.ts';
import { controlPlaneOf, foreignPodsOf } from './proxies-of-meshes.ts';
import { matches } from '../selectors.ts';

/** A snapshot of one mesh: the parts of other meshes in the same clusters are apart. */
export interface OwnMesh {
  snapshot: Snapshot;
  /** By name of the cluster; a cluster without another mesh is absent. */
  others: ReadonlyMap<string, OtherMeshes>;
  /** By name of the cluster: the control planes that exist where the mesh file does not name one. They are not judged. */
  misplaced: ReadonlyMap<string, readonly Install[]>;
}

/**
 * Separates the mesh that is judged from other meshes in its clusters. The mesh file chooses the control plane by its root namespace;
 * without a declaration, the remote secrets of other clusters and the proxies choose. All revisions of the mesh stay.
 */
export function ownMesh(snapshot: Snapshot): OwnMesh {
  const others = new Map<string, OtherMeshes>();
  const misplaced = new Map<string, readonly Install[]>();
  const hidden = new Map<string, ReadonlySet<string>>();
  const clusters = snapshot.clusters.map((cluster) => {
    if (!cluster.reachable || cluster.installs.length === 0) return cluster;
    const { own, other } = chooseInstalls(cluster, snapshot);
    if (own.length === 0 && !isRead(cluster)) return withoutFarIstiods(cluster, snapshot.declared);
    if (own.length === 0 && roleOf(cluster, snapshot.declared) !== 'remote') {
      misplaced.set(cluster.name, other);
      return withoutControlPlane(cluster, snapshot.declared.rootNamespace);
    }
    const split = splitCluster(cluster, own, other);
    if (other.length > 0) others.set(cluster.name, split.others);
    if (split.namespaces.size === 0) return split.cluster;
    for (const id of [cluster.name, ...own.flatMap(({ clusterName }) => clusterName ?? [])])
      hidden.set(id, split.namespaces);
    return split.cluster;
  });
  return { snapshot: { ...snapshot, clusters: withoutShards(clusters, hidden) }, others, misplaced };
}

/** Whether all control planes of a cluster are known. */
const isRead = ({ missing }: ClusterSnapshot): boolean =>
  !missing.some(
    ({ what, of }) =>
      what === 'installs' || (what === 'workloads' && of !== 'StatefulSet' && of !== 'DaemonSet'),
  );

const roleOf = ({ name }: ClusterSnapshot, declared: Declared) =>
  declared.clusters.find((one) => one.name === name)?.role;

/** Without a whole list of control planes, an istiod outside the declared root namespace may be of another mesh. */
function withoutFarIstiods(cluster: ClusterSnapshot, declared: Declared): ClusterSnapshot {
  if (!declares(declared, 'rootNamespace')) return cluster;
  const near = cluster.istiods.filter((one) => isAt(one, declared.rootNamespace));
  return near.length === 0 ? cluster : { ...cluster, istiods: near };
}

const declares = ({ undeclared = [] }: { undeclared?: string[] | undefined }, field: string): boolean =>
  !undeclared.includes(field);

/** The control planes of the mesh, the best first, and the others. Of a declared root namespace without a control plane, own is empty. */
function chooseInstalls(
  cluster: ClusterSnapshot,
  { declared, clusters }: Snapshot,
): { own: Install[]; other: Install[] } {
  const root = declares(declared, 'rootNamespace') ? declared.rootNamespace : undefined;
  const all = cluster.installs;
  if (root !== undefined && !all.some((one) => isAt(one, root))) return { own: [], other: [...all] };
  const [best, ...rest] = byFit(all, {
    rootNamespace: root,
    clusterName: cluster.name, // of the mesh file, or of the control plane that was chosen when the mesh was discovered
    meshId: declares(declared, 'meshId') ? declared.meshId : undefined,
    namedByOthers: new Set(
      clusters.flatMap(({ name, remoteSecrets }) =>
        name === cluster.name ? [] : remoteSecrets.map((secret) => secret.cluster),
      ),
    ),
    proxiesOf: countProxies(cluster),
  });
  if (!best) return { own: [], other: [] };
  return {
    own: [best, ...rest.filter((one) => isSameMesh(best, one))],
    other: rest.filter((one) => !isSameMesh(best, one)),
  };
}

/** The proxies by control plane: those that its istiods list, or, if none does, the pods that were injected for it. */
function countProxies({ installs, istiods, pods }: ClusterSnapshot): (install: Install) => number {
  const key = ({ namespace, revision }: { namespace: string; revision: string }) =>
    `${namespace}/${revision}`;
  const counts = new Map<string, number>();
  const add = (of: string, more: number) => counts.set(of, (counts.get(of) ?? 0) + more);
  for (const one of istiods) add(key(one), one.connected?.length ?? 0);
  if ([...counts.values()].every((count) => count === 0))
    for (const pod of pods) {
      const used = pod.proxy && controlPlaneOf(pod, installs);
      if (used) add(key(used), 1);
    }
  return (install) => counts.get(key(install)) ?? 0;
}

/** Says that the control plane of a cluster is not known: checks that need it do not guess. */
function withoutControlPlane(cluster: ClusterSnapshot, rootNamespace: string): ClusterSnapshot {
  const why = `the mesh file names the root namespace ${rootNamespace}, where ${cluster.name} does not have a control plane`;
  const gaps = (['installs', 'istiods', 'webhooks'] as const).map((what): Missing => ({
    what,
    reason: 'noWay',
    why,
  }));
  return { ...cluster, installs: [], istiods: [], webhooks: [], missing: [...cluster.missing, ...gaps] };
}

interface Split {
  cluster: ClusterSnapshot;
  others: OtherMeshes;
  /** The namespaces of other meshes. */
  namespaces: ReadonlySet<string>;
}

function splitCluster(cluster: ClusterSnapshot, own: readonly Install[], other: readonly Install[]): Split {
  const kept = { ...cluster, installs: [...own], resources: resourcesOf(cluster, own) };
  const foreignPods = foreignPodsOf(cluster, own, other);
  const none = { installs: [], webhooks: [], istiods: [] };
  if (other.length === 0 && foreignPods.size === 0)
    return { cluster: kept, others: none, namespaces: new Set() };
  const inOwn = new Set(own.map(({ namespace }) => namespace));
  const inOther = new Set(other.map(({ namespace }) => namespace));
  const revisions = new Set(own.map(({ revision }) => revision));
  const isForeignHook = ({ service, revision }: WebhookRecord) =>
    service
      ? inOther.has(service.namespace) && !inOwn.has(service.namespace)
      : !revisions.has(revision) && other.some((one) => one.revision === revision);
  const [webhooks = [], foreignHooks = []] = parted(cluster.webhooks, isForeignHook);
  const [istiods = [], foreignIstiods = []] = parted(cluster.istiods, ({ namespace }) =>
    inOther.has(namespace),
  );
  const namespaces = foreignNamespaces(cluster, own, other, { webhooks, foreignHooks, foreignPods });
  const isOwn = ({ namespace }: { namespace: string }) => !namespaces.has(namespace);
  const podKeys = new Set([...foreignPods].map(({ namespace, name }) => `${namespace}/${name}`));
  return {
    namespaces,
    others: { installs: other, webhooks: foreignHooks, istiods: foreignIstiods },
    cluster: {
      ...kept,
      ...{ webhooks, istiods },
      namespaces: cluster.namespaces.filter(({ name }) => !namespaces.has(name)),
      services: cluster.services.filter(isOwn),
      pods: cluster.pods.filter(isOwn).map((pod) => (foreignPods.has(pod) ? withoutProxy(pod) : pod)),
      workloads: cluster.workloads.filter(isOwn),
      serviceAccounts: cluster.serviceAccounts.filter(isOwn),
      resources: kept.resources.filter(isOwn),
      authorities: cluster.authorities.filter(isOwn),
      roots: cluster.roots.filter(isOwn),
      remoteSecrets: cluster.remoteSecrets.filter(isOwn),
      readerAccess: cluster.readerAccess.filter(
        ({ secret }) => !namespaces.has(secret.split('/', 1)[0] ?? ''),
      ),
      proxies: cluster.proxies.filter((one) => isOwn(one) && !podKeys.has(`${one.namespace}/${one.pod}`)),
    },
  };
}

/**
 * The resources that the istiods of the mesh read: without a label istio.io/rev, or with the label of their revision (pkg/config/model.go,
 * LabelsInRevision). The Gateway API also knows tags.
 */
function resourcesOf(
  { resources, webhooks }: ClusterSnapshot,
  own: readonly Install[],
): ClusterSnapshot['resources'] {
  if (own.length === 0 || !resources.some(({ labels }) => labels['istio.io/rev'] !== undefined))
    return resources;
  const revisions = new Set(own.map(({ revision }) => revision));
  const tags = new Set(webhooks.flatMap(({ tag, revision }) => (tag && revisions.has(revision) ? tag : [])));
  return resources.filter(({ apiVersion, labels: { 'istio.io/rev': rev } }) => {
    if (rev === undefined || revisions.has(rev)) return true;
    return apiVersion.startsWith('gateway.networking.k8s.io') && tags.has(rev);
  });
}

/** The items that do not fit, and the items that fit. */
function parted<T>(items: readonly T[], fits: (item: T) => boolean): [T[], T[]] {
  return [items.filter((item) => !fits(item)), items.filter(fits)];
}

function withoutProxy({ proxy: _, ...pod }: PodRecord): PodRecord {
  return { ...pod, sidecar: false, annotations: { ...pod.annotations, 'sidecar.istio.io/inject': 'false' } };
}

interface Parts {
  webhooks: readonly WebhookRecord[];
  foreignHooks: readonly WebhookRecord[];
  foreignPods: ReadonlySet<PodRecord>;
}

type Labels = Readonly<Record<string, string>>;

/** The namespaces of other meshes: of their control planes, their pods, their webhooks, or their discovery selectors. */
function foreignNamespaces(
  { namespaces, pods }: ClusterSnapshot,
  own: readonly Install[],
  other: readonly Install[],
  { webhooks, foreignHooks, foreignPods }: Parts,
): ReadonlySet<string> {
  const inOwn = new Set(own.map(({ namespace }) => namespace));
  for (const pod of pods) if (pod.proxy && !foreignPods.has(pod)) inOwn.add(pod.namespace);
  const inOther = new Set([...other, ...foreignPods].map(({ namespace }) => namespace));
  const isChosen = ({ labels }: { labels: Labels }): boolean => {
    if (injects(webhooks, labels)) return false;
    if (injects(foreignHooks, labels)) return true;
    return other.some((one) => selects(one, labels)) && !own.some((one) => selects(one, labels, true));
  };
  for (const one of namespaces) if (isChosen(one)) inOther.add(one.name);
  return inOther.difference(inOwn);
}

const injects = (hooks: readonly WebhookRecord[], labels: Labels): boolean =>
  hooks.some(
    ({ namespaceSelector, objectSelector }) =>
      matches(namespaceSelector, labels) && matches(objectSelector, {}),
  );

/** Whether the discovery selectors of a control plane select a namespace; `ifUnset` is the answer without selectors. */
function selects({ settings }: Install, labels: Labels, ifUnset = false): boolean {
  const selectors = settings?.discoverySelectors ?? [];
  return selectors.length === 0 ? ifUnset : selectors.some((selector) => matches(selector, labels));
}

/** Removes the endpoints in namespaces of other meshes from the pages of the istiods of all clusters. */
function withoutShards(
  clusters: readonly ClusterSnapshot[],
  hidden: ReadonlyMap<string, ReadonlySet<string>>,
): ClusterSnapshot[] {
  if ([...hidden.values()].every(({ size }) => size === 0)) return [...clusters];
  return clusters.map((one) => ({
    ...one,
    istiods: one.istiods.map(({ shards, ...istiod }) => ({
      ...istiod,
      ...(shards && {
        shards: shards.filter(({ cluster, namespace }) => !hidden.get(cluster)?.has(namespace)),
      }),
    })),
  }));
}
