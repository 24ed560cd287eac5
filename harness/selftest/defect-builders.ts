import type { z } from 'zod';
import type { editSchema } from '../chaos/objects/edits.ts';
import { objectsChanged } from '../chaos/objects/objects-changed.ts';
import type { MeshFile, MeshFileCluster } from '../config/mesh-file.ts';
import { remoteOnly, shared } from '../config/placement.ts';
import { breakage, type Breakage, type Defect } from './defect.ts';
import type { Place } from './judge-defect.ts';

type EditInput = z.input<typeof editSchema>;

/** On namespaces and gateways (https://istio.io/latest/docs/reference/config/labels/#TopologyNetwork). */
export const networkLabel = 'topology.istio.io/network';

/** The account and role that the istiods of a lab use to read another cluster. */
export const readerAccount = 'meshproof-reader';

/** The name of everything that a defect adds to a mesh. */
export const defectName = 'meshproof-defect';

/**
 * The first two clusters of the mesh file, which the lab names `west` and `east`. A defect of one cluster breaks the second.
 *
 * @throws Error for a mesh of one cluster.
 */
export function pairOf({ clusters }: MeshFile): { west: MeshFileCluster; east: MeshFileCluster } {
  const [west, east] = clusters;
  if (west && east) return { west, east };
  throw new Error(
    `The self-test needs two clusters; the mesh file has ${clusters.length}. Add a cluster to the mesh file.`,
  );
}

/** The clusters that the finding of a defect has to name, by their names in the mesh file. */
export function placeOf({ where }: Pick<Defect, 'where'>, mesh: MeshFile): Place {
  if (!where) return {};
  const pair = pairOf(mesh);
  const { cluster, peer } = where;
  return { cluster: pair[cluster].name, ...(peer === undefined ? {} : { peer: pair[peer].name }) };
}

/** Edits of objects of one cluster, made together. */
export const changed = ({ name }: Pick<MeshFileCluster, 'name'>, ...edits: EditInput[]): Breakage =>
  breakage(objectsChanged, { cluster: name, edits });

/** Applies objects to every cluster. */
export const everywhere = (mesh: MeshFile, ...manifests: Manifest[]): Breakage[] =>
  mesh.clusters.map((cluster) =>
    changed(cluster, ...manifests.map((manifest) => ({ op: 'apply' as const, manifest }))),
  );

/** Applies objects to one cluster. */
export const applied = (cluster: MeshFileCluster, ...manifests: Manifest[]): Breakage =>
  changed(cluster, ...manifests.map((manifest) => ({ op: 'apply' as const, manifest })));

/** Changes the mesh settings of one cluster. istiod applies them without a restart. */
export const settings = (
  { rootNamespace }: MeshFile,
  cluster: MeshFileCluster,
  patch: Record<string, unknown>,
): Breakage =>
  changed(cluster, {
    ...{ op: 'merge-yaml', apiVersion: 'v1', kind: 'ConfigMap' },
    ...{ namespace: rootNamespace, name: 'istio', key: 'mesh', patch },
  });

/** Sets labels of a namespace; null removes a label. */
export const namespaceLabels = (
  cluster: MeshFileCluster,
  name: string,
  labels: Record<string, string | null>,
): Breakage =>
  changed(cluster, {
    ...{ op: 'merge', apiVersion: 'v1', kind: 'Namespace', name },
    patch: { metadata: { labels } },
  });

/** The Service of the east-west gateway of a cluster. It has the name of the Deployment. */
export function gatewayService({ name, eastWestGateway }: MeshFileCluster) {
  if (!eastWestGateway)
    throw new Error(
      `The mesh file has no eastWestGateway for the cluster ${name}. Add eastWestGateway to it.`,
    );
  const { namespace, deployment } = eastWestGateway;
  return { apiVersion: 'v1', kind: 'Service' as const, namespace, name: deployment };
}

/** The Gateway that exposes the services of a cluster, by its name in the samples of Istio. */
export const crossNetworkGateway = ({ rootNamespace }: MeshFile) => ({
  ...{ apiVersion: 'networking.istio.io/v1', kind: 'Gateway' },
  ...{ namespace: rootNamespace, name: 'cross-network-gateway' },
});

/** Replaces the server of the Gateway that exposes the services of a cluster. */
export const crossNetworkServer = (
  mesh: MeshFile,
  cluster: MeshFileCluster,
  server: { mode?: string; hosts?: string[]; port?: number },
): Breakage => {
  const { mode = 'AUTO_PASSTHROUGH', hosts = ['*.local'], port = 15443 } = server;
  const servers = [{ port: { number: port, name: 'tls', protocol: 'TLS' }, tls: { mode }, hosts }];
  return changed(cluster, { op: 'merge', ...crossNetworkGateway(mesh), patch: { spec: { servers } } });
};

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; [key: string]: unknown };
  [key: string]: unknown;
}

/** An object of Istio in the namespace of the workloads. */
export const istio = (
  { namespace }: MeshFile,
  kind: 'DestinationRule' | 'VirtualService' | 'Sidecar' | 'AuthorizationPolicy' | 'PeerAuthentication',
  spec: Record<string, unknown>,
): Manifest => {
  const group = kind === 'AuthorizationPolicy' || kind === 'PeerAuthentication' ? 'security' : 'networking';
  const metadata = { name: defectName, namespace };
  return { apiVersion: `${group}.istio.io/v1`, kind, metadata, spec };
};

/** A Service of the workloads. */
export const serviceOf = ({ namespace }: MeshFile, name: string) => ({
  ...{ apiVersion: 'v1', kind: 'Service' as const, namespace, name },
});

/** The first service that has pods in several clusters: `catalog` in the lab. */
export const sharedService = (mesh: MeshFile): string => nameOf(shared(mesh), 'in several clusters');

/** The first service that has no pods in a cluster, and some elsewhere: `inventory` for west in the lab. */
export const remoteService = (mesh: MeshFile, { name }: MeshFileCluster): string =>
  nameOf(remoteOnly(mesh, name), `outside ${name} only`);

function nameOf(found: readonly { service: string }[], where: string): string {
  if (found[0]) return found[0].service;
  throw new Error(`The mesh file has no service with pods ${where}.`);
}

/** Regions as nodes are labelled (https://kubernetes.io/docs/reference/labels-annotations-taints/#topologykubernetesioregion). */
export const failoverTo = (from: MeshFileCluster, to: Pick<MeshFileCluster, 'region'>) => ({
  localityLbSetting: { enabled: true, failover: [{ from: from.region, to: to.region }] },
});

/** Outlier detection that ejects fast, and may eject all hosts. */
export const outlierDetection = {
  ...{ consecutive5xxErrors: 3, interval: '1s', baseEjectionTime: '5s', maxEjectionPercent: 100 },
};
