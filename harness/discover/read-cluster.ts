import type {
  V1ConfigMap,
  V1Deployment,
  V1DeploymentSpec,
  V1Namespace,
  V1Node,
  V1Service,
} from '@kubernetes/client-node';
import { timeouts } from '../base/timeouts.ts';
import type { PartialCluster } from '../config/mesh-file.ts';
import { openClusterApi } from '../kube/cluster-api.ts';
import { KubeReader, Refused } from '../kube/kube-reader.ts';
import { CertificateBook } from '../snapshot/certificate-book.ts';
import { Gaps, itemsOf } from '../snapshot/gaps.ts';
import { installsOf } from '../snapshot/installs.ts';
import { snapshotHash } from '../snapshot/kept.ts';
import {
  namespaceRecord,
  nodeRecord,
  serviceRecord,
  workloadRecord,
} from '../snapshot/kubernetes-records.ts';
import { listed, rootConfigMapsPath } from '../snapshot/lists.ts';
import type {
  Install,
  Missing,
  NamespaceRecord,
  NodeRecord,
  ServiceRecord,
  Source,
  WorkloadRecord,
} from '../snapshot/schema.ts';
import * as shapes from '../snapshot/shape-kubernetes.ts';

/** A Gateway of the Gateway API, as an API server returns it. */
export interface KubernetesGateway {
  metadata?: { namespace?: string; name?: string; labels?: Record<string, string> };
  spec?: { gatewayClassName?: string; listeners?: { port?: number; protocol?: string }[] };
  status?: { addresses?: { value?: string }[] };
}

/** The objects of one cluster that describe its place in a mesh. */
export interface ClusterObjects {
  /** The fields that you gave, at least the context. */
  given: PartialCluster;
  /** Its API server answered. */
  answered: boolean;
  missing: readonly Missing[];
  /** The uid of namespace kube-system, which identifies the cluster. */
  uid: string | undefined;
  namespaces: NamespaceRecord[];
  nodes: NodeRecord[];
  services: ServiceRecord[];
  deployments: WorkloadRecord[];
  gateways: KubernetesGateway[];
  /** The control planes, those with an istiod in this cluster first. */
  installs: Install[];
  /** The clusters that its remote secrets name. */
  remoteNames: string[];
}

const gatewaysPath = '/apis/gateway.networking.k8s.io/v1/gateways';
const remoteSecretsPath = '/api/v1/secrets?labelSelector=istio%2FmultiCluster%3Dtrue';
const metadataOnly = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

/**
 * Reads the objects of one cluster that describe its place in a mesh; changes nothing. A list that cannot be read is in `missing`.
 * A server that does not answer takes at most `timeouts.snapshotSilenceMs`.
 *
 * @throws Error if the kubeconfig or the context does not exist.
 */
export async function readCluster(given: PartialCluster): Promise<ClusterObjects> {
  const { config } = openClusterApi(given.name ?? given.context, given.context, given.kubeconfig);
  using reader = new KubeReader(config, timeouts.snapshotSourceMs, timeouts.snapshotSilenceMs);
  const gaps = new Gaps();
  const list = <T>(part: Source, path: string, accept?: string): Promise<T[]> =>
    gaps.attempt(part, async () => itemsOf(await reader.get(path, accept)).filter(isObject) as T[], []);
  const deployments = list<V1Deployment>('workloads', listed.deployments.path);
  const [namespaces, nodes, services, gateways, secrets, installs] = await Promise.all([
    list<V1Namespace>('namespaces', listed.namespaces.path),
    list<V1Node>('nodes', listed.nodes.path),
    list<V1Service>('services', listed.services.path),
    gaps.attempt('resources', () => gatewaysOf(reader), []),
    list<SecretMetadata>('remoteSecrets', remoteSecretsPath, metadataOnly),
    deployments.then((all) => readInstalls(all, list, gaps)),
  ]);
  return {
    given,
    answered: reader.clock.length > 0,
    missing: gaps.list,
    uid: namespaces.find(({ metadata }) => metadata?.name === 'kube-system')?.metadata?.uid,
    namespaces: gaps.records('namespaces', namespaces, shapes.namespace, namespaceRecord),
    nodes: gaps.records('nodes', nodes, shapes.node, nodeRecord),
    services: gaps.records('services', services, shapes.service, serviceRecord),
    deployments: gaps.records('workloads', await deployments, shapes.workload, (one) =>
      workloadRecord('Deployment', one),
    ),
    gateways,
    installs,
    remoteNames: secrets.flatMap(
      ({ metadata }) => metadata?.annotations?.['networking.istio.io/cluster'] ?? [],
    ),
  };
}

const isObject = (item: unknown): item is object => typeof item === 'object' && item !== null;

interface SecretMetadata {
  metadata?: { annotations?: Record<string, string> };
}

/** All Gateways; an empty list if the Gateway API is not installed. */
async function gatewaysOf(reader: KubeReader): Promise<KubernetesGateway[]> {
  try {
    return itemsOf(await reader.get(gatewaysPath)).filter(isObject);
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return [];
    throw error;
  }
}

/** The ConfigMaps of Istio have the label istio.io/rev, or are in the namespace of an istiod. */
async function readInstalls(
  deployments: readonly V1Deployment[],
  list: <T>(part: Source, path: string) => Promise<T[]>,
  gaps: Gaps,
): Promise<Install[]> {
  const places = deployments
    .filter(
      (one) =>
        (one.spec as Partial<V1DeploymentSpec> | undefined)?.template?.metadata?.labels?.['app'] === 'istiod',
    )
    .flatMap(({ metadata }) => metadata?.namespace ?? []);
  const paths = [...new Set([...places, 'istio-system'])].map(rootConfigMapsPath);
  const lists = [listed.istioConfigMaps.path, ...paths].map((path) => list<V1ConfigMap>('installs', path));
  const configMaps = new Map(
    (await Promise.all(lists)).flat().map((one) => [`${one.metadata?.namespace}/${one.metadata?.name}`, one]),
  );
  const sources = { deployments, configMaps: [...configMaps.values()], hash: snapshotHash() };
  return installsOf(sources, new CertificateBook(), gaps).toSorted((a, b) => +b.istiod - +a.istiod);
}
