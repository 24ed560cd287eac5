import { isIP } from 'node:net';
import type { EdsLocality } from '../mesh/proxy.ts';
import { cannotJudge, measured, unless } from './judgement.ts';
import type { Judgement } from './verdict.ts';
import { count } from './wording.ts';

/** What one proxy was told about one service and port. */
export interface ProxyEndpoints {
  /** "west/probe-1". */
  proxy: string;
  service: string;
  port: number;
  localities: readonly EdsLocality[];
  /** Addresses of the service's pods in the proxy's own network. */
  ownPods: readonly string[];
  /** The other networks that have pods of the service, each with the gateways that lead there. */
  otherNetworks: readonly {
    network: string;
    regions: readonly string[];
    gateways: readonly { address: string; port: number }[];
  }[];
}

/**
 * Judges whether proxies know pods of other networks by an east-west gateway alone
 * (https://istio.io/latest/docs/ops/deployment/deployment-models/#multiple-networks): each endpoint is a pod of the
 * proxy's own network or a gateway of another that has pods, none in the region of another network is a pod, and every
 * other network with pods has a gateway among the endpoints. A gateway known by a host name is told by its port.
 * Cannot judge where no proxy has a service across networks.
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
    measured('endpoints amiss', complaints.length, '', { atMost: 0 }),
  ];
  if (complaints.length === 0 && crossing.length === 0)
    return cannotJudge('no proxy has a service with pods in another network', measurements);
  const shown = complaints.slice(0, 3);
  const more = complaints.length > 3 ? [`and ${complaints.length - 3} more`] : [];
  return unless(
    [...shown, ...more],
    `${viaGateway} of ${count(endpoints.length, 'endpoint')} lead to other networks, each by its gateway`,
    measurements,
  );
}

function endpointsOf({ localities, otherNetworks }: ProxyEndpoints) {
  const gateways = otherNetworks.flatMap((one) => one.gateways);
  return localities.flatMap(({ region, endpoints }) =>
    endpoints.map(({ address, port }) => ({
      ...{ region, address, port },
      gateway: gateways.some((one) => isSame(one, { address, port })),
    })),
  );
}

function complaintsOf(of: ProxyEndpoints): string[] {
  const { proxy, service, port, ownPods, otherNetworks } = of;
  const endpoints = endpointsOf(of);
  const where = `${service}:${port} in ${proxy}`;
  const foreign = otherNetworks.flatMap(({ regions }) => regions);
  const amiss = endpoints
    .filter(
      ({ gateway, region, address }) => !gateway && (foreign.includes(region) || !ownPods.includes(address)),
    )
    .map(
      ({ address, port: at, region }) =>
        `${where} has ${address}:${at} (${region}), neither a pod of its own network nor a gateway of another`,
    );
  const missing = otherNetworks
    .filter(({ gateways }) => !endpoints.some((one) => gateways.some((gateway) => isSame(gateway, one))))
    .map(({ network }) => `${where} has no gateway of ${network}, where it has pods`);
  return [...amiss, ...missing];
}

function isSame(
  gateway: { address: string; port: number },
  endpoint: { address: string; port: number },
): boolean {
  return (
    gateway.port === endpoint.port && (isIP(gateway.address) === 0 || gateway.address === endpoint.address)
  );
}
