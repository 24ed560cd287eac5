import { type Address, clustersPage, edsPage, type EndpointConfig, type Locality } from './envoy-pages.ts';

/** One endpoint of one cluster, as an Envoy uses it. */
export interface Endpoint {
  /** Envoy's name of the cluster: `outbound|80||catalog.meshproof.svc.cluster.local`. */
  cluster: string;
  address: string;
  port: number;
  region: string;
  zone: string;
  subzone: string;
  /** 0 is the first choice. */
  priority: number;
  /** Envoy's weight of the endpoint within its locality. */
  weight: number;
  /** Envoy sends traffic to the endpoint: istiod and every check of Envoy report it healthy. */
  healthy: boolean;
  /** Ejected by outlier detection. */
  ejected: boolean;
}

/** The endpoints of one locality, as an Envoy has them. */
export interface EdsLocality {
  region: string;
  zone: string;
  subzone: string;
  priority: number;
  /** Weight among the localities of the same priority; absent when istiod sent none. */
  weight?: number;
  endpoints: { address: string; port: number; weight: number; health: string }[];
}

/** Envoy's name of the cluster of a service and port. */
export const outboundCluster = (
  service: string,
  namespace: string,
  port = 80,
  subset = '',
  domain = 'cluster.local',
): string => `outbound|${port}|${subset}|${service}.${namespace}.svc.${domain}`;

/**
 * Reads Envoy's `/clusters?format=json`.
 *
 * @throws SyntaxError or ZodError if the text is not that page.
 */
export function parseClusters(json: string): Endpoint[] {
  return clustersPage.parse(JSON.parse(json)).cluster_statuses.flatMap((cluster) =>
    cluster.host_statuses.map((host) => ({
      cluster: cluster.name,
      ...addressOf(host.address),
      ...localityOf(host.locality),
      priority: host.priority,
      weight: host.weight,
      healthy: isHealthy(host.health_status),
      ejected: host.health_status['failed_outlier_check'] === true,
    })),
  );
}

/**
 * Reads the endpoints in Envoy's `/config_dump?include_eds`, whole or with `resource=dynamic_endpoint_configs`: by
 * name of the cluster, its localities with the weights and priorities that istiod sent. If istiod sent several hosts with the same address,
 * Envoy has only the first.
 *
 * @throws SyntaxError or ZodError if the text is not that page.
 */
export function parseEds(json: string): Map<string, EdsLocality[]> {
  const assignments = edsPage
    .parse(JSON.parse(json))
    .configs.flatMap((config) => [
      ...(config.endpoint_config ? [config.endpoint_config] : []),
      ...(config.static_endpoint_configs ?? []).map((one) => one.endpoint_config),
      ...(config.dynamic_endpoint_configs ?? []).map((one) => one.endpoint_config),
    ]);
  return new Map(assignments.map((one) => [one.cluster_name, one.endpoints.map(edsLocality)]));
}

function edsLocality(group: EndpointConfig['endpoint_config']['endpoints'][number]): EdsLocality {
  return {
    ...localityOf(group.locality),
    priority: group.priority,
    ...(group.load_balancing_weight === undefined ? {} : { weight: group.load_balancing_weight }),
    endpoints: group.lb_endpoints.map((one) => ({
      ...addressOf(one.endpoint.address),
      weight: one.load_balancing_weight ?? 1,
      health: one.health_status,
    })),
  };
}

const localityOf = (of: Locality) => ({
  region: of.region,
  zone: of.zone,
  subzone: of.sub_zone,
});

/** An address that is not an IP address (HBONE, pipes) becomes a distinct name with port 0. */
function addressOf(of: Address): { address: string; port: number } {
  if (of.socket_address) return { address: of.socket_address.address, port: of.socket_address.port_value };
  if (of.pipe) return { address: of.pipe.path, port: 0 };
  const { server_listener_name, endpoint_id } = of.envoy_internal_address ?? {};
  return { address: `envoy://${server_listener_name ?? ''}/${endpoint_id ?? ''}`, port: 0 };
}

/** Envoy lists each failed check as a flag that is true, in addition to the health from EDS. */
function isHealthy({ eds_health_status, ...checks }: Record<string, unknown>): boolean {
  const eds = eds_health_status === 'HEALTHY' || eds_health_status === 'UNKNOWN';
  return eds && !Object.values(checks).includes(true);
}
