import type { Certificate, DeclaredCluster, Snapshot } from '../snapshot/schema.ts';
import { ClusterView } from './cluster-view.ts';
import { ownMesh, type OwnMesh } from './facts/other-meshes.ts';
import { eastWestGateways } from './gateways.ts';
import { anyOf, fromReadable, NotRead, ReadLog } from './unread.ts';

/** The cluster hosts only an external control plane. */
const isExternal = ({ role }: DeclaredCluster): boolean => role === 'external';

/**
 * A snapshot, indexed once. Data that was not read is not given: see {@link ClusterView}. Other meshes in the same clusters are left out:
 * see {@link ownMesh}.
 */
export class MeshView {
  readonly snapshot: Snapshot;
  /** By name: the clusters where the mesh file expects a control plane in another namespace than it is in. */
  readonly misplaced: OwnMesh['misplaced'];
  /** When the snapshot was taken, in milliseconds since 1970; NaN if that is not recorded. */
  readonly now: number;
  /** The clusters that answered, each once. */
  readonly clusters: readonly ClusterView[];
  /** The data that checks asked for since it was last cleared. */
  readonly log = new ReadLog();
  readonly #byName: ReadonlyMap<string, ClusterView>;
  readonly #certificates: ReadonlyMap<string, Certificate>;
  /** Every cluster of the mesh file and of the snapshot, once. */
  readonly clusterNames: readonly string[];
  readonly #networks: ReadonlyMap<string, string>;
  /** The mesh file has more than one network with workloads. */
  readonly multiNetwork: boolean;

  constructor(all: Snapshot) {
    const { snapshot, others, misplaced } = ownMesh(all);
    this.snapshot = snapshot;
    this.misplaced = misplaced;
    this.now = Date.parse(snapshot.takenAt);
    const answered = snapshot.clusters.filter(({ reachable }) => reachable);
    this.#byName = new Map(
      answered.map((one) => [
        one.name,
        new ClusterView(one, snapshot.declared, this.log, others.get(one.name)),
      ]),
    );
    this.clusters = [...this.#byName.values()];
    this.#certificates = new Map(snapshot.certificates.map((one) => [one.fingerprint, one]));
    const declared = snapshot.declared.clusters;
    this.clusterNames = [...new Set([...declared, ...snapshot.clusters].map(({ name }) => name))];
    this.#networks = new Map(declared.map(({ name, network }) => [name, network]));
    const planes = declared.filter((one) => !isExternal(one));
    this.multiNetwork = new Set(planes.flatMap(({ network }) => network || [])).size > 1;
  }

  /** A cluster that answered. */
  cluster(name: string): ClusterView | undefined {
    return this.#byName.get(name);
  }

  /** A cluster of the mesh. Throws NotRead if it did not answer. */
  answered(name: string): ClusterView {
    const cluster = this.#byName.get(name);
    if (!cluster) throw new NotRead(name);
    return cluster;
  }

  /** All clusters of the mesh, for a question about all of them. Throws NotRead if one did not answer. */
  everyCluster(): ClusterView[] {
    return this.clusterNames.map((name) => this.answered(name));
  }

  certificate(fingerprint: string | undefined): Certificate | undefined {
    return fingerprint === undefined ? undefined : this.#certificates.get(fingerprint);
  }

  /** The certificates of the fingerprints that are in the snapshot. */
  certificatesOf(fingerprints: readonly string[]): Certificate[] {
    return fingerprints.flatMap((one) => this.certificate(one) ?? []);
  }

  /** The clusters that are known to have an istiod. */
  get primaries(): ClusterView[] {
    return fromReadable(this.clusters, (cluster) => (cluster.hasIstiod ? [cluster] : []));
  }

  /** All clusters with an istiod. Throws NotRead if that is not known of a cluster. */
  everyPrimary(): ClusterView[] {
    return this.everyCluster().filter(({ hasIstiod }) => hasIstiod);
  }

  /** The clusters with workloads that answered. */
  get dataPlanes(): ClusterView[] {
    return this.clusters.filter(({ declared }) => !declared || !isExternal(declared));
  }

  /** Whether another cluster of the same network has an east-west gateway; istiod uses it for the whole network. Throws NotRead. */
  reachedByNeighbour(cluster: ClusterView): boolean {
    const network = this.declaredNetwork(cluster.name);
    const neighbours = this.clusterNames.filter(
      (name) => name !== cluster.name && this.declaredNetwork(name) === network,
    );
    return anyOf(neighbours, (name) =>
      eastWestGateways(this.answered(name)).some((gateway) => gateway.network === network),
    );
  }

  /** Every primary with every other cluster of the mesh that has workloads. The other cluster need not have answered. */
  pairs(): { reader: ClusterView; read: string }[] {
    const bare = new Set(this.snapshot.declared.clusters.filter(isExternal).map(({ name }) => name));
    const names = this.clusterNames.filter((name) => !bare.has(name));
    return this.primaries.flatMap((reader) =>
      names.filter((name) => name !== reader.name).map((read) => ({ reader, read })),
    );
  }

  /** The network of a cluster in the mesh file, or without one the network that the cluster states. */
  declaredNetwork(cluster: string): string | undefined {
    return this.#networks.get(cluster) || undefined;
  }
}
