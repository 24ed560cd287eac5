import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '#kubernetes-client';
import type { MeshFileCluster } from '../config/mesh-file.ts';
import { openClusterApi } from '../kube/cluster-api.ts';

/**
 * The kubeconfigs of several clusters in one file. The context, cluster and user of each cluster have its name in the mesh file, because
 * a list of files in KUBECONFIG is merged by name, and the first file wins
 * (https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/). The file contains credentials. Dispose it to
 * remove the file.
 */
export class MergedKubeconfig implements Disposable {
  readonly file: string;
  readonly #folder: string;

  /** @throws Error if a kubeconfig or context does not exist. */
  constructor(clusters: readonly Pick<MeshFileCluster, 'name' | 'context' | 'kubeconfig'>[]) {
    const merged = merge(clusters);
    this.#folder = mkdtempSync(join(tmpdir(), 'meshproof-kubeconfig-')); // mode 0700
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
    if (!cluster || !user)
      throw new Error(`The context ${context} of ${name} lacks a cluster or a user. Correct the kubeconfig.`);
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
