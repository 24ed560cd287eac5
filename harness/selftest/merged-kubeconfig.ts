import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '#kubernetes-client';
import type { MeshFileCluster } from '../config/mesh-file.ts';
import { openClusterApi } from '../kube/cluster-api.ts';

/**
 * The kubeconfigs of several clusters as one file, for a program that takes no more than one: the context, cluster and user of each
 * have its name in the mesh file. Files that are only listed beside each other in KUBECONFIG are merged by the names in them, the first
 * wins (https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/), and another cluster is asked.
 * It holds credentials; dispose it to remove it.
 */
export class MergedKubeconfig implements Disposable {
  readonly file: string;
  readonly #folder: string;

  /** @throws Error when a kubeconfig or context is not there. */
  constructor(clusters: readonly Pick<MeshFileCluster, 'name' | 'context' | 'kubeconfig'>[]) {
    const merged = merge(clusters);
    this.#folder = mkdtempSync(join(tmpdir(), 'meshproof-kubeconfig-')); // of its own user alone: 0700
    this.file = join(this.#folder, 'kubeconfig');
    writeFileSync(this.file, merged, { mode: 0o600 });
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function merge(clusters: readonly Pick<MeshFileCluster, 'name' | 'context' | 'kubeconfig'>[]): string {
  const parts = clusters.map(({ name, context, kubeconfig }) => {
    const { config } = openClusterApi(name, context, kubeconfig);
    const [cluster, user] = [config.getCurrentCluster(), config.getCurrentUser()];
    if (!cluster || !user) throw new Error(`The context ${context} of ${name} has no cluster or no user.`);
    return { name, cluster, user };
  });
  const merged = new KubeConfig();
  merged.loadFromOptions({
    clusters: parts.map(({ name, cluster }) => ({ ...cluster, name })),
    users: parts.map(({ name, user }) => ({ ...user, name })),
    contexts: parts.map(({ name }) => ({ name, cluster: name, user: name })),
    currentContext: parts[0]?.name ?? '',
  });
  return merged.exportConfig();
}
