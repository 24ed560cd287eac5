import { waitUntil } from '../../base/wait-until.ts';
import type { MeshFile } from '../../config/mesh-file.ts';
import { plainProbe } from '../../config/workload-names.ts';
import type { Mesh, MeshCluster } from '../../mesh/attach.ts';
import { Caller } from '../../traffic/caller.ts';
import type { DeploymentRef } from '../scale.ts';

/**
 * The cluster from which an east-west gateway is observed, as its clients use it: on another network, with a workload
 * without a sidecar (`probe`). Undefined without such a cluster: then the gateway has no clients either.
 */
export function observerOf(
  file: Pick<MeshFile, 'clusters' | 'services'>,
  cluster: string,
): string | undefined {
  const home = file.clusters.find(({ name }) => name === cluster);
  const probes = file.services.find(({ name }) => name === 'probe')?.pods ?? {};
  return file.clusters.find(({ name, network }) => network !== home?.network && (probes[name] ?? 0) > 0)
    ?.name;
}

/** Whether the port of an east-west gateway accepts a TCP connection from another network. */
interface GatewayPort {
  isOpen: boolean;
  where: string;
}

async function look(mesh: Mesh, cluster: MeshCluster): Promise<GatewayPort | undefined> {
  const from = observerOf(mesh.file, cluster.name);
  const { eastWestGateway: gateway } = cluster.file;
  if (from === undefined || !gateway) return undefined;
  await using observer = new Caller(mesh.cluster(from), plainProbe);
  const where = `${gateway.address}:${gateway.port}`;
  return { isOpen: await observer.canConnect(gateway.address, gateway.port), where: `${where} from ${from}` };
}

/** @throws Error if the gateway does not accept connections before the fault. */
export async function requireOpen(mesh: Mesh, cluster: MeshCluster): Promise<void> {
  const port = await look(mesh, cluster);
  if (port?.isOpen === false)
    throw new Error(`${port.where}: no connection before the fault, which proves nothing.`);
}

/**
 * Waits until the port of the gateway is open, or closed. @returns the evidence as a sentence; empty without an
 * observer.
 */
export async function proveGatewayPort(
  mesh: Mesh,
  cluster: MeshCluster,
  { open, withinMs }: { open: boolean; withinMs: number },
): Promise<string> {
  let port: GatewayPort | undefined;
  const isSo = async () => {
    port = await look(mesh, cluster);
    return port === undefined || port.isOpen === open;
  };
  const what = open ? 'to accept connections' : 'to refuse connections';
  await waitUntil(isSo, `the east-west gateway of ${cluster.name} ${what}`, withinMs);
  return port === undefined ? '' : `; ${port.where}: ${open ? 'connected' : 'no longer connected'}`;
}

/** The Deployment of a cluster's east-west gateway. Throws when the mesh file names none. */
export function gatewayOf(mesh: Mesh, cluster: string): DeploymentRef {
  const gateway = mesh.cluster(cluster).file.eastWestGateway;
  if (!gateway)
    throw new Error(`The mesh file does not give an eastWestGateway for cluster ${cluster}. Add it.`);
  return { namespace: gateway.namespace, name: gateway.deployment };
}
