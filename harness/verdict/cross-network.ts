import { isIP } from 'node:net';
import type { EdsLocality } from '../mesh/proxy.ts';
import { cannotJudge, measured, unless } from './judgement.ts';
import type { Judgement } from './verdict.ts';
import { count } from './wording.ts';

/** The endpoints that one proxy has for one service and port. */
export interface ProxyEndpoints {
  /** "west/probe-1". */
  proxy: string;
  service: string;
  port: number;
  localities: readonly EdsLocality[];
  /** Addresses of the service's pods in the proxy's own network. */
  ownPods: readonly string[];
  /** The other networks that have pods of the service, each with its east-west gateways. */
  otherNetworks: readonly {
    network: string;
    regions: readonly string[];
    gateways: readonly { address: string; port: number }[];
  }[];
}

/**
 * Judges whether proxies reach pods of other networks only through an east-west gateway
 * (https://istio.io/latest/docs/ops/deployment/deployment-models/#multiple-networks). Each endpoint must be a pod of the
 * proxy's own network, or a gateway of another network that has pods. An endpoint in the region of another network must not
 * be a pod. Every other network with pods must have a gateway among the endpoints. If the address of a gateway is a host
 * name, only its port is compared. Cannot judge if no proxy has a service across networks.
 */
export function judgeCrossNetwork(proxies: readonly ProxyEndpoints[]): Judgement {
  const complaints = proxies.flatMap(complaintsOf);
  const crossing = proxies.filter(({ otherNetworks }) => otherNetworks.length > 0);
  const endpoints = proxies.flatMap((one) => endpointsOf(one));
  const viaGateway = endpoints.filter(({ gateway }) => gateway).length;
  const measurements = [
    measured('proxies', new Set(proxies.map(({ proxy }) => proxy)).size, ''),
    measured('endpoints', endpoints.length, ''),
    measured('endpoints that are gateways', viaGateway, ''),
    measured('unexpected or missing endpoints', complaints.length, '', { atMost: 0 }),
  ];
  if (complaints.length === 0 && crossing.length === 0)
    return cannotJudge('no proxy has a service with pods in another network', measurements);
  const shown = complaints.slice(0, 3);
  const more = complaints.length > 3 ? [`and ${complaints.length - 3} more`] : [];
  return unless(
    [...shown, ...more],
    `${viaGateway} of ${count(endpoints.length, 'endpoint')} route to other networks, each through its gateway`,
    measurements,
  );
}

function endpointsOf({ localities, otherNetworks }: ProxyEndpoints) {
  const gateways = otherNetworks.flatMap((one) => one.gateways);
  return localities.flatMap(({ region, endpoints }) =>
    endpoints.map(({ address, port }) => ({
      region,
      address,
      port,
      gateway: gateways.some((one) => isSame(one, { address, port })),
    })),
  );
}

function complaintsOf(of: ProxyEndpoints): string[] {
  const { proxy, service, port, ownPods, otherNetworks } = of;
  const endpoints = endpointsOf(of);
  const where = `${service}:${port} in ${proxy}`;
  const foreign = otherNetworks.flatMap(({ regions }) => regions);
  const unexpected = endpoints
    .filter(
      ({ gateway, region, address }) => !gateway && (foreign.includes(region) || !ownPods.includes(address)),
    )
    .map(
      ({ address, port: at, region }) =>
        `${where} has ${address}:${at} (${region}), neither a pod of the proxy's network nor a gateway of another network`,
    );
  const missing = otherNetworks
    .filter(({ gateways }) => !endpoints.some((one) => gateways.some((gateway) => isSame(gateway, one))))
    .map(({ network }) => `${where} has no gateway of ${network}, although ${service} has pods there`);
  return [...unexpected, ...missing];
}

function isSame(
  gateway: { address: string; port: number },
  endpoint: { address: string; port: number },
): boolean {
  return (
    gateway.port === endpoint.port && (isIP(gateway.address) === 0 || gateway.address === endpoint.address)
  );
}
