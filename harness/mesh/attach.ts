import type { V1Pod } from '@kubernetes/client-node';
import { whileWaiting } from '../base/waiting.ts';
import type { MeshFile, MeshFileCluster } from '../config/mesh-file.ts';
import { type ClusterApi, openClusterApi } from '../kube/cluster-api.ts';
import { exec, type ExecResult } from '../kube/exec.ts';
import { openPortForward, type PodRef, type PortForward } from '../kube/port-forward.ts';
import { ProxyAdmin } from './proxy-admin.ts';

/** Labels as a selector of the Kubernetes API: `app=catalog,version=v1`. */
export const selectorOf = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');

/** A pod as the harness uses it. */
export interface Pod extends PodRef {
  cluster: string;
  uid: string;
  ip: string;
  ready: boolean;
  /** Has a sidecar of Istio, as a container or as a native sidecar. */
  sidecar: boolean;
  object: V1Pod;
}

/** Which pods: by labels, in the workloads' namespace unless another is named. */
export interface PodQuery {
  labels: Readonly<Record<string, string>>;
  namespace?: string;
}

/** A running mesh that is described by a mesh file. Dispose it to close every connection to it. */
export class Mesh implements AsyncDisposable {
  readonly file: MeshFile;
  readonly clusters: readonly MeshCluster[];

  constructor(file: MeshFile, clusters: readonly MeshCluster[]) {
    this.file = file;
    this.clusters = clusters;
  }

  /** meshproof made it: it may be disrupted. */
  get isLab(): boolean {
    return this.file.lab !== undefined;
  }

  /** @throws Error when the mesh file names no such cluster. */
  cluster(name: string): MeshCluster {
    const found = this.clusters.find((cluster) => cluster.name === name);
    if (found) return found;
    throw new Error(
      `The mesh has no cluster ${name}; it has ${this.clusters.map((one) => one.name).join(', ')}.`,
    );
  }

  /** All clusters but one. */
  others(name: string): MeshCluster[] {
    return this.clusters.filter((cluster) => cluster.name !== name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.clusters.map((cluster) => cluster[Symbol.asyncDispose]()));
  }
}

/** One cluster of a mesh, and the ways into it. */
export class MeshCluster implements AsyncDisposable {
  readonly name: string;
  readonly file: MeshFileCluster;
  readonly api: ClusterApi;
  /** The namespace of meshproof's workloads. */
  readonly namespace: string;
  readonly #proxies = new Map<string, ProxyAdmin>();

  constructor(file: MeshFileCluster, api: ClusterApi, namespace: string) {
    this.name = file.name;
    this.file = file;
    this.api = api;
    this.namespace = namespace;
  }

  /** Pods that are not being deleted, by name. Throws when the API server does not answer, naming the cluster. */
  async findPods(query: PodQuery): Promise<Pod[]> {
    const namespace = query.namespace ?? this.namespace;
    const labelSelector = selectorOf(query.labels);
    const list = await this.#asking(`pods ${labelSelector} of namespace ${namespace}`, () =>
      this.api.core.listNamespacedPod({ namespace, labelSelector }),
    );
    return list.items
      .filter((pod) => pod.metadata?.deletionTimestamp === undefined)
      .map((pod) => podOf(this.name, pod))
      .toSorted((a, b) => a.name.localeCompare(b.name));
  }

  /** The addresses of all pods of the cluster, whosever they are. Throws when the API server does not tell, naming the cluster. */
  async podAddresses(): Promise<Set<string>> {
    const list = await this.#asking('all pods', () => this.api.core.listPodForAllNamespaces());
    return new Set(list.items.flatMap(({ status }) => status?.podIPs?.map(({ ip }) => ip) ?? []));
  }

  /** Pods of one of meshproof's services. */
  pods(service: string): Promise<Pod[]> {
    return this.findPods({ labels: { app: service } });
  }

  /** The first pod of a service that is ready. Throws if no pod is ready, with the pods that exist. */
  async readyPod(service: string): Promise<Pod> {
    const pods = await this.pods(service);
    const ready = pods.find((pod) => pod.ready);
    if (ready) return ready;
    const seen = pods.length === 0 ? 'it has none' : `${pods.map((pod) => pod.name).join(', ')} not ready`;
    throw new Error(`Cluster ${this.name} has no ready pod of ${this.namespace}/${service}: ${seen}.`);
  }

  /** Opens a port-forward; dispose it when done. */
  portForward(pod: PodRef, port: number): Promise<PortForward> {
    return openPortForward(this.api, pod, port);
  }

  /** Runs a command in a container; see {@link exec}. */
  exec(pod: PodRef, container: string, argv: readonly string[], timeoutMs?: number): Promise<ExecResult> {
    return exec(this.api, pod, container, argv, timeoutMs);
  }

  /** The admin interface of a pod's Istio proxy: sidecar or gateway. One port-forward a pod, kept until disposal. */
  proxy(pod: Pod): ProxyAdmin {
    const known = this.#proxies.get(pod.uid);
    if (known) return known;
    const made = new ProxyAdmin(this.api, pod);
    this.#proxies.set(pod.uid, made);
    return made;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const proxies = [...this.#proxies.values()];
    this.#proxies.clear();
    await Promise.all(proxies.map((proxy) => proxy[Symbol.asyncDispose]()));
  }

  async #asking<T>(what: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await whileWaiting(ask);
    } catch (error) {
      const said = error instanceof Error ? error.message.slice(0, 300) : String(error);
      throw new Error(`Cluster ${this.name} (context ${this.file.context}) did not list ${what}: ${said}`, {
        cause: error,
      });
    }
  }
}

/**
 * Attaches to the mesh of a mesh file, as `loadMeshFile` gives it; nothing is sent yet.
 *
 * @throws Error when a kubeconfig or context is not there.
 */
export function attach(file: MeshFile): Mesh {
  const clusters = file.clusters.map((cluster) => {
    const api = openClusterApi(cluster.name, cluster.context, cluster.kubeconfig);
    return new MeshCluster(cluster, api, file.namespace);
  });
  return new Mesh(file, clusters);
}

function podOf(cluster: string, object: V1Pod): Pod {
  const { metadata, spec, status } = object;
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  return {
    cluster,
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    ip: status?.podIP ?? '',
    ready: status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false,
    sidecar: containers.some((container) => container.name === 'istio-proxy'),
    object,
  };
}
