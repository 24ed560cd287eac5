import { timeouts } from '../base/timeouts.ts';
import { whileWaiting } from '../base/waiting.ts';
import type { Mesh } from '../mesh/attach.ts';
import { CertificateBook } from './certificate-book.ts';
import { collectCluster, type OnProgress } from './collect-cluster.ts';
import { hashUnusedLabels } from './kept-labels.ts';
import { snapshotHash } from './kept.ts';
import { given } from './kubernetes-records.ts';
import type { Prober } from './probing.ts';
import { redacted, withoutQuery } from './redact.ts';
import { snapshotSchema, snapshotVersion, type Declared, type Limits, type Snapshot } from './schema.ts';

/** The options of {@link collectSnapshot}. */
export interface CollectOptions {
  /** Version of meshproof, for the record. */
  meshproof: string;
  /** Tries connections from pods; without a prober, `probes` is missing. */
  prober?: Prober;
  /** Other limits than {@link defaultLimits}. */
  limits?: Partial<Limits>;
  /** The fields of the mesh file without a declaration; absent: every field is declared. */
  undeclared?: Undeclared;
  /** Called when a cluster's next part is read, or when the cluster is done. */
  onProgress?: OnProgress;
}

/** Names of fields that the mesh file does not state: of the mesh, and of each cluster in order. */
export interface Undeclared {
  mesh: readonly string[];
  clusters: readonly (readonly string[])[];
}

/**
 * The default limits. Every istiod has the endpoints of all clusters, so their total grows with the square of the number of clusters.
 * The limits keep the total so small that judging it takes less than a gigabyte.
 *
 * @param clusters the number of clusters of the mesh.
 */
export const defaultLimits = (clusters: number): Limits => ({
  proxiesPerService: 2,
  proxiesPerCluster: 24,
  upstreamsPerProxy: 2_000,
  shardsPerIstiod: Math.floor(60_000 / Math.max(1, clusters)),
  sourceMs: timeouts.snapshotSourceMs,
});

/**
 * Reads all clusters of a mesh concurrently, without changes. Does not throw if a part cannot be read: the part is in `missing` of its
 * cluster, or the cluster is not `reachable`. Takes at most {@link timeouts.snapshotMs}.
 */
export async function collectSnapshot(mesh: Mesh, options: CollectOptions): Promise<Snapshot> {
  const limits = { ...defaultLimits(mesh.clusters.length), ...options.limits };
  const takenAt = new Date();
  const startMs = performance.now();
  const book = new CertificateBook();
  const declared = declaredOf(mesh, options.undeclared);
  const context = {
    mesh,
    declared,
    limits,
    book,
    hash: snapshotHash(),
    prober: options.prober,
    silent: new Map<string, boolean>(),
    startMs,
    onProgress: options.onProgress ?? (() => undefined),
  };
  const clusters = await whileWaiting(() =>
    Promise.all(mesh.clusters.map((cluster) => collectCluster(cluster, context))),
  );
  hashUnusedLabels(clusters, context.hash);
  const snapshot: Snapshot = {
    apiVersion: snapshotVersion,
    kind: 'Snapshot',
    takenAt: takenAt.toISOString(),
    tookMs: Math.round(performance.now() - startMs),
    meshproof: options.meshproof,
    limits,
    declared,
    certificates: book.certificates(),
    clusters,
  };
  // The schema drops every unknown field.
  return redacted(snapshotSchema.parse(snapshot));
}

function declaredOf({ file, isLab }: Mesh, undeclared?: Undeclared): Declared {
  const { meshId, trustDomain, rootNamespace, namespace, services } = file;
  const clusters = file.clusters.map(({ kubeconfig: _path, ingress, ...declared }, index) => ({
    ...declared,
    ...given('ingress', ingress === undefined ? undefined : withoutQuery(ingress)),
    ...given('undeclared', fieldsOf(undeclared?.clusters[index])),
  }));
  const mesh = { meshId, trustDomain, rootNamespace, namespace, isLab, clusters, services };
  return { ...mesh, ...given('undeclared', fieldsOf(undeclared?.mesh)) };
}

const fieldsOf = (names: readonly string[] = []): string[] | undefined =>
  names.length > 0 ? [...names] : undefined;
