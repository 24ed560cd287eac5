import type { Topology } from '../config/topology.ts';

/** The port of the east-west gateways of a lab. */
export const dataPort = 15443;

/**
 * The parts of a topology that this version cannot create, a sentence for each; empty if it can create all. Such a topology must
 * be refused: a mesh that differs from its topology gives wrong verdicts.
 */
export function unsupported({ clusters, link }: Topology): string[] {
  const roles = clusters
    .filter(({ role }) => role !== 'primary')
    .map(({ name, role }) => `cluster ${name} has role ${role}; this version creates only primary clusters`);
  const shared = clusters
    .filter(({ network }, index) => clusters.findIndex((other) => other.network === network) !== index)
    .map(
      ({ name, network }) =>
        `cluster ${name} shares network ${network}; this version gives each cluster its own`,
    );
  const ports = link.forwards
    .filter(({ port, purpose }) => purpose === 'data' && port !== dataPort)
    .map(({ port }) => `the link forwards ${port} for data; this version's gateways listen on ${dataPort}`);
  return [...roles, ...shared, ...ports];
}
