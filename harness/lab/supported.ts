import type { Topology } from '../config/topology.ts';

/** The port that Istio's east-west gateways of a lab listen on. */
export const dataPort = 15443;

/**
 * What a topology asks for that the format can say and the lab cannot make yet, a sentence each; empty when it can make
 * all of it. Better refused than half made: a mesh that is not what its topology says gives wrong verdicts.
 */
export function unsupported({ clusters, link }: Topology): string[] {
  const roles = clusters
    .filter(({ role }) => role !== 'primary')
    .map(({ name, role }) => `cluster ${name} is ${role}; this version makes primary clusters only`);
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
