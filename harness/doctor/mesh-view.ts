import type { Certificate, DeclaredCluster, Missing, Snapshot, Source } from '../mesh/snapshot/schema.ts';
import { ClusterView } from './cluster-view.ts';
import { eastWestGateways } from './gateways.ts';

/** The mesh file has it for an external control plane alone. */
const isExternal = ({ role }: DeclaredCluster): boolean => role === 'external';

/** A snapshot, indexed once, so that no check has to search. Never changes. */
export class MeshView {
  readonly snapshot: Snapshot;
  /** When the snapshot was taken, in milliseconds since 1970; NaN when it does not say. */
  readonly now: number;
  /** The clusters that answered, each once. */
  readonly clusters: readonly ClusterView[];
  readonly #byName: ReadonlyMap<string, ClusterView>;
  readonly #certificates: ReadonlyMap<string, Certificate>;

  constructor(snapshot: Snapshot) {
    this.snapshot = snapshot;
    this.now = Date.parse(snapshot.takenAt);
    const answered = snapshot.clusters.filter(({ reachable }) => reachable);
    this.#byName = new Map(answered.map((one) => [one.name, new ClusterView(one, snapshot.declared)]));
    this.clusters = [...this.#byName.values()];
    this.#certificates = new Map(snapshot.certificates.map((one) => [one.fingerprint, one]));
  }

  cluster(name: string): ClusterView | undefined {
    return this.#byName.get(name);
  }

  certificate(fingerprint: string | undefined): Certificate | undefined {
    return fingerprint === undefined ? undefined : this.#certificates.get(fingerprint);
  }

  /** Those of the fingerprints that are in the snapshot. */
  certificatesOf(fingerprints: readonly string[]): Certificate[] {
    return fingerprints.flatMap((one) => this.certificate(one) ?? []);
  }

  /** Clusters with an istiod: those that read others. */
  get primaries(): ClusterView[] {
    return this.clusters.filter(({ hasIstiod }) => hasIstiod);
  }

  /** Clusters with workloads: all but those that the mesh file has for an external control plane alone. */
  get dataPlanes(): ClusterView[] {
    return this.clusters.filter(({ declared }) => !declared || !isExternal(declared));
  }

  /** Whether another cluster of its network has an east-west gateway: istiod then takes that one for all of the network. */
  reachedByNeighbour(cluster: ClusterView): boolean {
    const network = this.declaredNetwork(cluster.name);
    return this.clusters.some(
      (other) =>
        other !== cluster &&
        this.declaredNetwork(other.name) === network &&
        eastWestGateways(other).some((gateway) => gateway.network === network),
    );
  }

  /** Every primary with every other cluster of the mesh file that has workloads, which need not have answered. */
  pairs(): { reader: ClusterView; read: string }[] {
    const bare = new Set(this.snapshot.declared.clusters.filter(isExternal).map(({ name }) => name));
    const names = this.clusterNames.filter((name) => !bare.has(name));
    return this.primaries.flatMap((reader) =>
      names.filter((name) => name !== reader.name).map((read) => ({ reader, read })),
    );
  }

  /** Every cluster of the mesh file, and every other in the snapshot, once. */
  get clusterNames(): string[] {
    return [
      ...new Set([...this.snapshot.declared.clusters, ...this.snapshot.clusters].map(({ name }) => name)),
    ];
  }

  /** The mesh file knows of more than one network with workloads. */
  get multiNetwork(): boolean {
    const planes = this.snapshot.declared.clusters.filter((one) => !isExternal(one));
    return new Set(planes.map(({ network }) => network)).size > 1;
  }

  /** The network that the mesh file says a cluster is on. */
  declaredNetwork(cluster: string): string | undefined {
    return this.snapshot.declared.clusters.find(({ name }) => name === cluster)?.network;
  }

  /** Whether a part was read whole in all clusters of the mesh: only then does absence anywhere mean absence. */
  completeEverywhere(what: Source): boolean {
    return (
      this.clusters.length === this.clusterNames.length && this.clusters.every((one) => one.complete(what))
    );
  }

  /** The same, where a part that was cut by a limit does: see {@link ClusterView.answered}. */
  answeredEverywhere(what: Source): boolean {
    return (
      this.clusters.length === this.clusterNames.length && this.clusters.every((one) => one.answered(what))
    );
  }

  /** What is missing of the whole mesh, by cluster. */
  missing(): { cluster: string; missing: Missing }[] {
    return this.snapshot.clusters.flatMap(({ name, missing }) =>
      missing.map((one) => ({ cluster: name, missing: one })),
    );
  }
}
