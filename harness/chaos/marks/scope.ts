import { type Mesh, type MeshCluster, selectorOf } from '../../mesh/attach.ts';
import { testScope } from '../../workloads/apply.ts';
import type { ObjectHeader } from '../objects/edits.ts';

/** What suites apply: apiVersion and kind, those first that act on traffic. */
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

/** By this label they are found. */
export const selector = selectorOf(testScope);

/** The namespaces of a cluster in which faults act, each once: a mesh file may put the east-west gateway into one of its own. */
export const namespacesOf = ({ file: { rootNamespace } }: Mesh, cluster: MeshCluster): string[] => [
  ...new Set([cluster.namespace, rootNamespace, cluster.file.eastWestGateway?.namespace ?? rootNamespace]),
];

const groupOf = (apiVersion: string): string =>
  apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';

/** Whether a mark may have objects of a kind written. An account gives rights, so that only the journal restores one. */
const isRestorable = ({ apiVersion, kind }: ObjectHeader): boolean =>
  kind !== 'ServiceAccount' &&
  kinds.some(([version, one]) => one === kind && groupOf(version) === groupOf(apiVersion));

/**
 * Why a mark must not have an object written, whoever signed it: undefined when it may. Objects of the whole cluster, RBAC and
 * Secrets are never among them; the local journal restores those.
 */
export function outOfScope(header: ObjectHeader, namespaces: readonly string[]): string | undefined {
  const { kind, namespace } = header;
  if (!isRestorable(header)) return `only the local journal restores a ${kind}`;
  if (namespace === undefined || !namespaces.includes(namespace))
    return `faults act in the namespaces ${namespaces.join(', ')} only`;
  return undefined;
}
