import { type Mesh, type MeshCluster, selectorOf } from '../../mesh/attach.ts';
import { testScope } from '../../workloads/apply.ts';
import type { ObjectHeader } from '../objects/edits.ts';

/** The kinds that suites apply, those first that act on traffic. */
export const kinds = [
  ['networking.istio.io/v1', 'DestinationRule'],
  ['networking.istio.io/v1', 'VirtualService'],
  ['networking.istio.io/v1', 'ServiceEntry'],
  ['networking.istio.io/v1', 'Gateway'],
  ['networking.istio.io/v1', 'Sidecar'],
  ['security.istio.io/v1', 'AuthorizationPolicy'],
  ['security.istio.io/v1', 'PeerAuthentication'],
  ['apps/v1', 'Deployment'],
  ['v1', 'Service'],
  ['v1', 'ConfigMap'],
  ['v1', 'ServiceAccount'],
] as const;

/** The label that finds objects of tests. */
export const selector = selectorOf(testScope);

/**
 * The namespaces of a cluster in which faults act, each once. A mesh file can name another namespace for the
 * east-west gateway.
 */
export const namespacesOf = ({ file: { rootNamespace } }: Mesh, cluster: MeshCluster): string[] => [
  ...new Set([cluster.namespace, rootNamespace, cluster.file.eastWestGateway?.namespace ?? rootNamespace]),
];

const groupOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';

/** Whether a mark can restore objects of a kind. An account gives rights, so only the journal restores one. */
const isRestorable = ({ apiVersion, kind }: ObjectHeader): boolean =>
  kind !== 'ServiceAccount' &&
  kinds.some(([version, one]) => one === kind && groupOf(version) === groupOf(apiVersion));

/**
 * The reason why a mark cannot restore an object, whoever signed it; undefined if it can. Objects of the whole
 * cluster, RBAC and Secrets are never among them: the local journal restores those.
 */
export function outOfScope(header: ObjectHeader, namespaces: readonly string[]): string | undefined {
  const { kind, namespace } = header;
  if (!isRestorable(header)) return `only the local journal restores a ${kind}`;
  if (namespace === undefined || !namespaces.includes(namespace))
    return `faults act in the namespaces ${namespaces.join(', ')} only`;
  return undefined;
}
