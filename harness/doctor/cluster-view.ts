import type {
  ClusterSnapshot,
  Declared,
  DeclaredCluster,
  Install,
  IstiodRecord,
  MeshSettings,
  NamespaceRecord,
  PodRecord,
  ResourceRecord,
  ServiceRecord,
  ShardRecord,
  Source,
  WebhookRecord,
} from '../snapshot/schema.ts';
import { concernsKind, concernsNamespace, GapIndex } from './gap-index.ts';
import { PodIndex } from './pod-index.ts';
import type { ReadLog } from './unread.ts';

/** The label for the network of a namespace, a Service or a pod. */
export const networkLabel = 'topology.istio.io/network';

/** `namespace/name`. */
export const keyOf = ({ namespace, name }: { namespace: string; name: string }): string =>
  `${namespace}/${name}`;

/** The parts of a cluster that are lists. */
type ListPart = Exclude<Source, 'apiServer'>;
type Page = 'clusters' | 'networks' | 'shards' | 'held' | 'connected' | 'settings';

/** The control planes of other meshes in a cluster, with the webhooks and the istiods that belong to them. */
export interface OtherMeshes {
  installs: readonly Install[];
  webhooks: readonly WebhookRecord[];
  istiods: ClusterSnapshot['istiods'];
}

/**
 * One cluster of a snapshot that answered, indexed. A check that asks for data that was not read gets NotRead: nothing that is
 * not in an incomplete list is known to be absent.
 */
export class ClusterView {
  readonly name: string;
  readonly declared: DeclaredCluster | undefined;
  readonly mesh: Declared;
  /** The control planes of other meshes that run in this cluster. Nothing else of other meshes is in this view. */
  readonly others: OtherMeshes | undefined;
  readonly #data: ClusterSnapshot;
  readonly #gaps: GapIndex;
  readonly #pods: PodIndex;
  readonly #namespaces: ReadonlyMap<string, NamespaceRecord>;
  readonly #services: ReadonlyMap<string, ServiceRecord>;
  readonly #resources: ReadonlyMap<string, ResourceRecord[]>;
  #shards: { istiod: string; shards: Map<string, ShardRecord> }[] | undefined;

  constructor(data: ClusterSnapshot, mesh: Declared, log: ReadLog, others?: OtherMeshes) {
    this.name = data.name;
    this.mesh = mesh;
    this.others = others;
    this.declared = mesh.clusters.find(({ name }) => name === data.name);
    this.#data = data;
    this.#gaps = new GapIndex(data, log);
    this.#namespaces = new Map(data.namespaces.map((one) => [one.name, one]));
    this.#services = new Map(data.services.map((one) => [keyOf(one), one]));
    this.#pods = new PodIndex(data.pods, (namespace) => this.#assertNamespace('pods', namespace));
    this.#resources = Map.groupBy(data.resources, ({ kind, apiVersion }) => keyOfKind(kind, apiVersion));
  }

  /** Whether the mesh file states a field of this cluster. A check compares nothing with a field that it does not state. */
  declares(field: 'name' | 'network' | 'region'): boolean {
    return this.declared !== undefined && !this.declared.undeclared?.includes(field);
  }

  /** A list that was read whole: an item that is not in it does not exist. Throws NotRead if anything of it is missing. */
  whole<P extends ListPart>(part: P): ClusterSnapshot[P] {
    this.#gaps.assertRead(part);
    return this.#data[part];
  }

  /** The items that were read; more may exist. Only for a fault that an item shows by itself. */
  seen<P extends ListPart>(part: P): ClusterSnapshot[P] {
    this.#gaps.note(part);
    return this.#data[part];
  }

  /** Whether a list was read whole. */
  complete(part: Source): boolean {
    return this.#gaps.of(part).length === 0;
  }

  /** Whether lists were read whole. If not, the check is noted as not judged for this cluster. */
  readWhole(...parts: Source[]): boolean {
    for (const part of parts) this.#gaps.note(part);
    return parts.every((part) => this.complete(part));
  }

  get apiServer(): ClusterSnapshot['apiServer'] {
    this.#gaps.note('apiServer');
    return this.#data.apiServer;
  }

  /** All namespaces. Throws NotRead. */
  get namespaces(): ReadonlyMap<string, NamespaceRecord> {
    this.#gaps.assertRead('namespaces');
    return this.#namespaces;
  }

  /** All Services by `namespace/name`. Throws NotRead. */
  get services(): ReadonlyMap<string, ServiceRecord> {
    this.#gaps.assertRead('services');
    return this.#services;
  }

  /** A Service by `namespace/name`. Throws NotRead if the Services of its namespace were not read whole. */
  service(key: string): ServiceRecord | undefined {
    this.#assertNamespace('services', key.split('/', 1)[0] ?? '');
    return this.#services.get(key);
  }

  /** All pods, by namespace. Its methods throw NotRead for a namespace whose pods were not read whole. */
  get pods(): PodIndex {
    return this.#pods;
  }

  podsOf(service: ServiceRecord): readonly PodRecord[] {
    return this.#pods.selected(service.namespace, service.selector);
  }

  /** The authorities of a namespace. Throws NotRead if one of them was not read. */
  authoritiesIn(namespace: string): ClusterSnapshot['authorities'] {
    this.#assertNamespace('authorities', namespace);
    return this.#data.authorities.filter((one) => one.namespace === namespace);
  }

  /** The remote secrets of a namespace. Throws NotRead if one of them was not read. */
  remoteSecretsIn(namespace: string): ClusterSnapshot['remoteSecrets'] {
    this.#assertNamespace('remoteSecrets', namespace);
    return this.#data.remoteSecrets.filter((one) => one.namespace === namespace);
  }

  /** Istio's resources by kind; `KubernetesGateway` is the Gateway of the Gateway API. Throws NotRead by kind. */
  resources(kind: string): readonly ResourceRecord[] {
    this.#gaps.assertRead('resources', (gap) => concernsKind(gap, kind));
    return this.#resources.get(kind) ?? [];
  }

  /** The control plane of the mesh: of its revisions, the one with istiod that fits the mesh file best. Throws NotRead. */
  get install(): Install | undefined {
    const installs = this.whole('installs');
    return installs.find(({ istiod }) => istiod) ?? installs[0];
  }

  /** The revisions of the control plane that run here; without an istiod, as in a remote cluster, all that are configured. Throws NotRead. */
  get revisions(): readonly Install[] {
    const installs = this.whole('installs');
    const running = installs.filter(({ istiod }) => istiod);
    return running.length > 0 ? running : installs;
  }

  /** Whether istiod is installed here. An install that was read is enough to know that. */
  get hasIstiod(): boolean {
    return (
      this.#data.installs.some(({ istiod }) => istiod) || this.whole('installs').some(({ istiod }) => istiod)
    );
  }

  /** Every istiod that is ready. Throws NotRead if one of them did not answer; a page of one may still be missing. */
  get istiods(): readonly IstiodRecord[] {
    const answered = new Set(this.#data.istiods.map(({ namespace, pod }) => `${namespace}/${pod}`));
    this.#gaps.assertRead('istiods', ({ of }) => of !== undefined && !answered.has(of));
    return this.#data.istiods;
  }

  /** A page of every istiod. Throws NotRead if an istiod did not give it. */
  pages<P extends Page>(page: P): NonNullable<IstiodRecord[P]>[] {
    return this.istiods.map((istiod) => this.page(istiod, page));
  }

  /** A page of an istiod. Throws NotRead if it did not give it. */
  page<P extends Page>(istiod: IstiodRecord, page: P): NonNullable<IstiodRecord[P]> {
    return istiod[page] ?? this.#gaps.refusePage(istiod, page);
  }

  /** Whether a limit cut the endpoints of an istiod. */
  isCut({ namespace, pod }: { namespace: string; pod: string }): boolean {
    return this.#data.missing.some(
      ({ what, reason, of = `${namespace}/${pod}` }) =>
        what === 'istiods' && reason === 'limit' && of === `${namespace}/${pod}`,
    );
  }

  /** By istiod of this cluster: the endpoints that it holds, by `host cluster`. Throws NotRead. */
  shards(): readonly { istiod: string; shards: ReadonlyMap<string, ShardRecord> }[] {
    const pages = this.pages('shards');
    this.#shards ??= this.#data.istiods.map(({ pod }, index) => ({
      istiod: pod,
      shards: new Map(
        (pages[index] ?? [])
          .filter(({ provider }) => provider === 'Kubernetes')
          .map((shard) => [`${shard.host} ${shard.cluster}`, shard]),
      ),
    }));
    return this.#shards;
  }

  /** The namespace of mesh-wide policies. Throws NotRead. */
  get rootNamespace(): string {
    return this.settings?.rootNamespace ?? this.install?.namespace ?? this.mesh.rootNamespace;
  }

  /** The namespace of the control plane: istiod reads remote secrets there, and its label names the network. Throws NotRead. */
  get systemNamespace(): string {
    return this.install?.namespace ?? this.mesh.rootNamespace;
  }

  /** The mesh settings that the operator wrote; without them, the settings in force. Throws NotRead. */
  get settings(): MeshSettings | undefined {
    const written = this.install?.settings;
    if (written) return written;
    const [first] = this.istiods;
    return first && this.page(first, 'settings');
  }

  /** Throws NotRead. */
  get trustDomain(): string {
    return this.settings?.trustDomain ?? 'cluster.local';
  }

  /** The network that the label of the system namespace names. Throws NotRead. */
  get networkLabelled(): string | undefined {
    return this.namespaces.get(this.systemNamespace)?.labels[networkLabel];
  }

  #assertNamespace(part: Source, namespace: string): void {
    this.#gaps.assertRead(part, (gap) => concernsNamespace(gap, namespace));
  }
}

function keyOfKind(kind: string, apiVersion: string): string {
  return kind === 'Gateway' && apiVersion.startsWith('gateway.networking.k8s.io')
    ? 'KubernetesGateway'
    : kind;
}
