import { isIP } from 'node:net';
import type { EdsLocality } from './proxy.ts';
import type { SeenWeight } from './seen-weights.ts';

// All that is read here is what an Envoy has made of istiod's word: of several endpoints with one address it keeps the first only, such
// as those of one gateway in two localities.

/**
 * By region: the sum of the weights of its endpoints, first priority only. Envoy without locality
 * weights spreads over all endpoints of a priority by their own weights
 * (https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/locality_weight).
 */
export function endpointWeights(localities: readonly EdsLocality[]): Record<string, number> {
  return sumByRegion(localities, ({ endpoints }) => endpoints.reduce((sum, { weight }) => sum + weight, 0));
}

/** By region: the weights of its localities, first priority only; one without a weight has none. */
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

/** The location of one cluster: behind its network's gateway where that is another network's, otherwise its pods, by their addresses. */
export type Towards = { gateway: { address: string; port: number } } | { podAddresses: readonly string[] };

/** The weight of the routes to one cluster. */
export function weightTowards(localities: readonly EdsLocality[], to: Towards): number {
  return wayTowards(localities, to).weight;
}

/** The weight of the routes to one cluster, and the localities of the endpoints that it is the weight of. */
export function wayTowards(localities: readonly EdsLocality[], to: Towards): SeenWeight {
  const there = localities
    .map((one) => ({ ...one, endpoints: one.endpoints.filter((endpoint) => leadsThere(endpoint, to)) }))
    .filter(({ endpoints }) => endpoints.length > 0);
  return {
    weight: there.flatMap(({ endpoints }) => endpoints).reduce((sum, { weight }) => sum + weight, 0),
    localities: there.map(({ region, zone, subzone }) => [region, zone, subzone].filter(Boolean).join('/')),
  };
}

/**
 * What istiod multiplies all weights by, so that a network with several gateway addresses can share them evenly
 * (GetLBWeightScaleFactor in pilot/pkg/model/network.go): the weight of an endpoint that is one of these pods. 1 where the proxy
 * does not have them.
 *
 * @param sent by Envoy cluster, all assignments of a proxy.
 */
export function scaleOf(
  sent: ReadonlyMap<string, readonly EdsLocality[]>,
  pods: readonly { ip: string }[],
): number {
  const endpoints = [...sent.values()].flat().flatMap((locality) => locality.endpoints);
  return endpoints.find(({ address }) => pods.some(({ ip }) => ip === address))?.weight ?? 1;
}

/** A gateway with a host name is identified by its port. */
function leadsThere({ address, port }: { address: string; port: number }, to: Towards): boolean {
  return 'gateway' in to
    ? port === to.gateway.port && (isIP(to.gateway.address) === 0 || address === to.gateway.address)
    : to.podAddresses.includes(address);
}
