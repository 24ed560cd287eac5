import { isIP } from 'node:net';
import type { EdsLocality } from './proxy.ts';

/**
 * What istiod sent, by region: the sum of the weights of its endpoints, first priority only. Envoy without locality
 * weights spreads over all endpoints of a priority by their own weights
 * (https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/locality_weight).
 */
export function endpointWeights(localities: readonly EdsLocality[]): Record<string, number> {
  return sumByRegion(localities, ({ endpoints }) => endpoints.reduce((sum, { weight }) => sum + weight, 0));
}

/** What istiod sent, by region: the weights of its localities, first priority only; one without a weight has none. */
export function localityWeights(localities: readonly EdsLocality[]): Record<string, number> {
  return sumByRegion(localities, ({ weight = 0 }) => weight);
}

function sumByRegion(
  localities: readonly EdsLocality[],
  weightOf: (locality: EdsLocality) => number,
): Record<string, number> {
  const weights: Record<string, number> = {};
  for (const locality of localities.filter(({ priority }) => priority === 0))
    weights[locality.region] = (weights[locality.region] ?? 0) + weightOf(locality);
  return weights;
}

/**
 * The weight that leads to one cluster: of its network's gateway where that is another network's, otherwise of its pods,
 * by their addresses. A gateway known by a host name is told by its port.
 */
export function weightTowards(
  localities: readonly EdsLocality[],
  to: { gateway: { address: string; port: number } } | { podAddresses: readonly string[] },
): number {
  const leadsThere = ({ address, port }: { address: string; port: number }) =>
    'gateway' in to
      ? port === to.gateway.port && (isIP(to.gateway.address) === 0 || address === to.gateway.address)
      : to.podAddresses.includes(address);
  return localities
    .flatMap(({ endpoints }) => endpoints)
    .filter(leadsThere)
    .reduce((sum, { weight }) => sum + weight, 0);
}
