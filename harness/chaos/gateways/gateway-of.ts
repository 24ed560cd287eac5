import type { Mesh } from '../../mesh/attach.ts';
import type { DeploymentRef } from '../scale.ts';

/** The Deployment of a cluster's east-west gateway. Throws when the mesh file names none. */
export function gatewayOf(mesh: Mesh, cluster: string): DeploymentRef {
  const gateway = mesh.cluster(cluster).file.eastWestGateway;
  if (!gateway) throw new Error(`The mesh file gives no eastWestGateway for ${cluster}.`);
  return { namespace: gateway.namespace, name: gateway.deployment };
}
