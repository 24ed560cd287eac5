import type {
  ClusterSnapshot,
  Declared,
  DeclaredCluster,
  Install,
  MeshSettings,
  NamespaceRecord,
  PodRecord,
  ResourceRecord,
  ServiceRecord,
  ShardRecord,
  Source,
} from '../mesh/snapshot/schema.ts';
import { PodIndex } from './pod-index.ts';

/** The label that says on which network something is. */
export const networkLabel = 'topology.istio.io/network';

/** `namespace/name`. */
export const keyOf = ({ namespace, name }: { namespace: string; name: string }): string =>
  `${namespace}/${name}`;

/** One cluster of a snapshot that answered, indexed. */
export class ClusterView {
  readonly name: string;
  readonly data: ClusterSnapshot;
  readonly declared: DeclaredCluster | undefined;
  readonly mesh: Declared;
  readonly namespaces: ReadonlyMap<string, NamespaceRecord>;
  readonly services: ReadonlyMap<string, ServiceRecord>;
  readonly pods: PodIndex;
  readonly #incomplete: ReadonlySet<Source>;
  readonly #resources: ReadonlyMap<string, ResourceRecord[]>;
  #shards: { istiod: string; shards: Map<string, ShardRecord> }[] | undefined;

  constructor(data: ClusterSnapshot, mesh: Declared) {
    this.name = data.name;
    this.data = data;
    this.mesh = mesh;
    this.declared = mesh.clusters.find(({ name }) => name === data.name);
    this.namespaces = new Map(data.namespaces.map((one) => [one.name, one]));
    this.services = new Map(data.services.map((one) => [keyOf(one), one]));
    this.pods = new PodIndex(data.pods);
    this.#incomplete = new Set(data.missing.map(({ what }) => what));
    this.#resources = Map.groupBy(data.resources, ({ kind, apiVersion }) => keyOfKind(kind, apiVersion));
  }

  /** A part of the snapshot was read whole: what is not in it is not there. */
  complete(...parts: Source[]): boolean {
    return parts.every((part) => !this.#incomplete.has(part));
  }

  /** The same but for what was left out by a limit: what is in it is whole, and what is not in it may be there. */
  answered(part: Source): boolean {
    return this.data.missing.every(({ what, reason }) => what !== part || reason === 'limit');
  }

  /** Whether no more than a part of an istiod's endpoints was kept. */
  isCut({ namespace, pod }: { namespace: string; pod: string }): boolean {
    return this.data.missing.some(
      ({ what, reason, of = `${namespace}/${pod}` }) =>
        what === 'istiods' && reason === 'limit' && of === `${namespace}/${pod}`,
    );
  }

  /** Istio's resources by kind; Kubernetes' own Gateways are `KubernetesGateway`. */
  resources(kind: string): readonly ResourceRecord[] {
    return this.#resources.get(kind) ?? [];
  }

  /** The installation with istiod, or the only one. */
  get install(): Install | undefined {
    return this.data.installs.find(({ istiod }) => istiod) ?? this.data.installs[0];
  }

  get hasIstiod(): boolean {
    return this.data.installs.some(({ istiod }) => istiod);
  }

  /** Where istiod is, and where it looks for remote secrets and mesh-wide policies. */
  get rootNamespace(): string {
    return this.settings?.rootNamespace ?? this.install?.namespace ?? this.mesh.rootNamespace;
  }

  /** Where the control plane is installed: its label names the network. */
  get systemNamespace(): string {
    return this.install?.namespace ?? this.mesh.rootNamespace;
  }

  /** What the operator wrote; where that could not be read, what an istiod has in force. */
  get settings(): MeshSettings | undefined {
    return this.install?.settings ?? this.data.istiods[0]?.settings;
  }

  get trustDomain(): string {
    return this.settings?.trustDomain ?? 'cluster.local';
  }

  /** The network that the system namespace's label names. */
  get networkLabelled(): string | undefined {
    return this.namespaces.get(this.systemNamespace)?.labels[networkLabel];
  }

  podsOf(service: ServiceRecord): readonly PodRecord[] {
    return this.pods.selected(service.namespace, service.selector);
  }

  /** By istiod of this cluster: what it holds, by `host cluster`. */
  shards(): readonly { istiod: string; shards: ReadonlyMap<string, ShardRecord> }[] {
    this.#shards ??= this.data.istiods.map(({ pod, shards = [] }) => ({
      istiod: pod,
      shards: new Map(
        shards
          .filter(({ provider }) => provider === 'Kubernetes')
          .map((shard) => [`${shard.host} ${shard.cluster}`, shard]),
      ),
    }));
    return this.#shards;
  }
}

function keyOfKind(kind: string, apiVersion: string): string {
  return kind === 'Gateway' && apiVersion.startsWith('gateway.networking.k8s.io')
    ? 'KubernetesGateway'
    : kind;
}
