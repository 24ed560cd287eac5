import type { MeshFile, MeshFileCluster } from '../config/mesh-file.ts';
import { FakeCluster } from '../kube/fake-cluster.ts';
import { Mesh, MeshCluster } from './attach.ts';

/** For tests: a cluster of a mesh whose API server is in memory. */
export class FakeMeshCluster extends FakeCluster {
  readonly cluster: MeshCluster;

  constructor(name: string, uid?: string) {
    super(name, uid);
    this.cluster = new MeshCluster(
      { name, context: `${name}-context` } as MeshFileCluster,
      this.api,
      'workloads',
    );
  }
}

/** For tests: a mesh of fake clusters, with a mesh file that has their names and `more`. */
export function fakeMesh(fakes: readonly FakeMeshCluster[], more: Partial<MeshFile> = {}): Mesh {
  const clusters = fakes.map(({ cluster }) => cluster);
  const file = { clusters: clusters.map((one) => one.file), services: [], ...more };
  return new Mesh(file as unknown as MeshFile, clusters);
}
