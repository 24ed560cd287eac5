import { waitUntil } from '../../base/wait-until.ts';
import type { MeshFile } from '../../config/mesh-file.ts';
import { plainProbe } from '../../config/workload-names.ts';
import type { Mesh, MeshCluster } from '../../mesh/attach.ts';
import { Caller } from '../../traffic/caller.ts';
import type { DeploymentRef } from '../scale.ts';

/**
 * The cluster from which an east-west gateway is looked at as its users do: on another network, with a workload without a
 * sidecar, which stands where `probe` has pods. Undefined where there is none: then nobody needs the gateway either.
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

/** Whether the port of an east-west gateway takes a TCP connection, seen from another network; where is in words. */
interface Door {
  isOpen: boolean;
  where: string;
}

async function look(mesh: Mesh, cluster: MeshCluster): Promise<Door | undefined> {
  const from = observerOf(mesh.file, cluster.name);
  const { eastWestGateway: gateway } = cluster.file;
  if (from === undefined || !gateway) return undefined;
  await using observer = new Caller(mesh.cluster(from), plainProbe);
  const where = `${gateway.address}:${gateway.port}`;
  return { isOpen: await observer.canConnect(gateway.address, gateway.port), where: `${where} from ${from}` };
}

/** @throws Error where the gateway lets nobody in before it is disturbed. */
export async function requireOpen(mesh: Mesh, cluster: MeshCluster): Promise<void> {
  const door = await look(mesh, cluster);
  if (door?.isOpen === false)
    throw new Error(`${door.where}: no connection before it was disturbed, which proves nothing.`);
}

/** Waits until the gateway lets everybody in, or nobody. @returns the evidence as a sentence; empty where nobody can look. */
export async function proveGatewayPort(
  mesh: Mesh,
  cluster: MeshCluster,
  { open, withinMs }: { open: boolean; withinMs: number },
): Promise<string> {
  let door: Door | undefined;
  const isSo = async () => {
    door = await look(mesh, cluster);
    return door === undefined || door.isOpen === open;
  };
  const what = open ? 'to take connections' : 'to take no connection';
  await waitUntil(isSo, `the east-west gateway of ${cluster.name} ${what}`, withinMs);
  return door === undefined ? '' : `; ${door.where}: ${open ? 'connected' : 'no connection any more'}`;
}

/** The Deployment of a cluster's east-west gateway. Throws when the mesh file names none. */
export function gatewayOf(mesh: Mesh, cluster: string): DeploymentRef {
  const gateway = mesh.cluster(cluster).file.eastWestGateway;
  if (!gateway) throw new Error(`The mesh file gives no eastWestGateway for ${cluster}.`);
  return { namespace: gateway.namespace, name: gateway.deployment };
}
