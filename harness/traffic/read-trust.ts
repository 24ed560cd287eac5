import { whileWaiting } from '../base/waiting.ts';
import { placements } from '../config/placement.ts';
import { workloadPorts } from '../config/workload-names.ts';
import type { Mesh, MeshCluster, Pod } from '../mesh/attach.ts';
import { spiffeIdOf } from '../mesh/spiffe.ts';
import type { Caller } from './caller.ts';
import type { TlsResult } from './tls.ts';

/** A certificate chain that a workload showed in a TLS handshake, and the expected identity. */
export interface ShownChain {
  /** Name of the workload in the report: "catalog-7f on east". */
  who: string;
  /** PEM, leaf first. */
  chain: readonly string[];
  /** The only SPIFFE id that the leaf may have. */
  spiffeId: string;
}

/** The public parts of a cluster's trust. */
export interface ClusterTrust {
  cluster: string;
  /** The cluster runs its own istiod, and so has its own authority. */
  primary: boolean;
  /** PEM bundle that its workloads verify peers with: the ConfigMap istio-ca-root-cert. */
  roots: string;
  /** The authority that issues its workloads' certificates, from the chain that its istiod shows. PEM. */
  intermediate: string;
  workloads: readonly ShownChain[];
}

/** Istiod serves discovery here, with a certificate of the authority that it issues workload certificates from. */
const discoveryPort = 15012;

/**
 * What a cluster shows of its trust: the roots that its workloads verify with, the authority behind its istiod's own
 * certificate, and the chain of every meshproof workload, read from a TLS handshake with each pod. No secret is read.
 *
 * @param observer a workload of that cluster without a sidecar.
 * @throws Error when the roots or istiod's authority cannot be read, naming the cluster.
 */
export async function readTrust(mesh: Mesh, observer: Caller): Promise<ClusterTrust> {
  const { cluster } = observer;
  const services = placements(mesh.file).filter(({ pods }) => pods[cluster.name] !== undefined);
  const [roots, intermediate, ...shown] = await Promise.all([
    readRoots(cluster),
    readIntermediate(cluster, mesh.file.rootNamespace, observer),
    ...services.map(async ({ service }) => {
      const pods = await cluster.pods(service);
      return Promise.all(
        pods.map(async (pod): Promise<ShownChain> => {
          const result = await observer.attemptTls({ host: pod.ip, port: workloadPorts.serve });
          return {
            who: shownBy(cluster, pod),
            chain: pems(result),
            spiffeId: spiffeIdOf(mesh.file, service),
          };
        }),
      );
    }),
  ]);
  const primary = cluster.file.role === 'primary';
  return { cluster: cluster.name, primary, roots, intermediate, workloads: shown.flat() };
}

/** How {@link readTrust} names a pod. */
export const shownBy = (cluster: MeshCluster, pod: Pick<Pod, 'name'>): string =>
  `${cluster.name}/${pod.name}`;

async function readRoots(cluster: MeshCluster): Promise<string> {
  const [name, namespace] = ['istio-ca-root-cert', cluster.namespace];
  const map = await whileWaiting(() => cluster.api.core.readNamespacedConfigMap({ name, namespace }));
  const roots = map.data?.['root-cert.pem'];
  if (roots) return roots;
  throw new Error(`Cluster ${cluster.name}: ConfigMap ${namespace}/${name} has no root-cert.pem.`);
}

async function readIntermediate(cluster: MeshCluster, namespace: string, observer: Caller): Promise<string> {
  const istiods = await cluster.findPods({ namespace, labels: { app: 'istiod' } });
  // A remote cluster does not have an istiod. Its Service of that name routes to the primary's istiod.
  const host = istiods.find((pod) => pod.ready)?.ip ?? `istiod.${namespace}.svc.cluster.local`;
  const result = await observer.attemptTls({ host, port: discoveryPort, alpn: ['h2'] });
  const [, authority] = pems(result);
  if (authority) return authority;
  const seen = result.error ?? `${result.chain.length} certificates`;
  throw new Error(
    `Istiod of cluster ${cluster.name} (${host}:${discoveryPort}) shows no authority: ${seen}.`,
  );
}

const pems = (result: TlsResult) => result.chain.map(({ pem }) => pem);
