import { z } from 'zod';

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
  /** Envoy would send it traffic: healthy by istiod's word and by every check of its own. */
  healthy: boolean;
  /** Taken out by outlier detection. */
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

const address = z.object({
  socket_address: z.object({ address: z.string(), port_value: z.number().default(0) }).optional(),
  envoy_internal_address: z
    .object({ server_listener_name: z.string().optional(), endpoint_id: z.string().optional() })
    .optional(),
  pipe: z.object({ path: z.string() }).optional(),
});
const locality = z
  .object({ region: z.string().default(''), zone: z.string().default(''), sub_zone: z.string().default('') })
  .prefault({});

const clustersDump = z.object({
  cluster_statuses: z
    .array(
      z.object({
        name: z.string(),
        host_statuses: z
          .array(
            z.object({
              address,
              health_status: z
                .object({ eds_health_status: z.string().default('UNKNOWN') })
                .catchall(z.unknown())
                .prefault({}),
              weight: z.number().default(1),
              priority: z.number().default(0),
              locality,
            }),
          )
          .default([]),
      }),
    )
    .default([]),
});

/**
 * Reads Envoy's `/clusters?format=json`.
 *
 * @throws ZodError when it is not that.
 */
export function parseClusters(json: string): Endpoint[] {
  return clustersDump.parse(JSON.parse(json)).cluster_statuses.flatMap((cluster) =>
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

const load = z.object({ load_balancing_weight: z.number().optional() });
const assignment = z.object({
  cluster_name: z.string(),
  endpoints: z
    .array(
      load.extend({
        locality,
        priority: z.number().default(0),
        lb_endpoints: z
          .array(
            load.extend({ endpoint: z.object({ address }), health_status: z.string().default('UNKNOWN') }),
          )
          .default([]),
      }),
    )
    .default([]),
});
const endpointConfig = z.object({ endpoint_config: assignment });
const edsDump = z.object({
  configs: z
    .array(
      z.object({
        endpoint_config: assignment.optional(),
        static_endpoint_configs: z.array(endpointConfig).optional(),
        dynamic_endpoint_configs: z.array(endpointConfig).optional(),
      }),
    )
    .default([]),
});

/**
 * Reads the endpoints out of Envoy's `/config_dump?include_eds`, whole or with `resource=dynamic_endpoint_configs`: by
 * name of the cluster, its localities with the weights and priorities that istiod sent. Not all that it sent: Envoy tells of the hosts
 * that it has, and of several with one address it has the first only.
 *
 * @throws ZodError when it is not that.
 */
export function parseEds(json: string): Map<string, EdsLocality[]> {
  const assignments = edsDump
    .parse(JSON.parse(json))
    .configs.flatMap((config) => [
      ...(config.endpoint_config ? [config.endpoint_config] : []),
      ...(config.static_endpoint_configs ?? []).map((one) => one.endpoint_config),
      ...(config.dynamic_endpoint_configs ?? []).map((one) => one.endpoint_config),
    ]);
  return new Map(assignments.map((one) => [one.cluster_name, one.endpoints.map(edsLocality)]));
}

function edsLocality(group: z.infer<typeof assignment>['endpoints'][number]): EdsLocality {
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

const localityOf = (of: z.infer<typeof locality>) => ({
  region: of.region,
  zone: of.zone,
  subzone: of.sub_zone,
});

/** Addresses that are no IP (HBONE, pipes) keep a name that tells them apart, and port 0. */
function addressOf(of: z.infer<typeof address>): { address: string; port: number } {
  if (of.socket_address) return { address: of.socket_address.address, port: of.socket_address.port_value };
  if (of.pipe) return { address: of.pipe.path, port: 0 };
  const { server_listener_name, endpoint_id } = of.envoy_internal_address ?? {};
  return { address: `envoy://${server_listener_name ?? ''}/${endpoint_id ?? ''}`, port: 0 };
}

/** Envoy lists the checks that failed as flags that are true, beside the health that EDS gave. */
function isHealthy({ eds_health_status, ...checks }: Record<string, unknown>): boolean {
  const eds = eds_health_status === 'HEALTHY' || eds_health_status === 'UNKNOWN';
  return eds && !Object.values(checks).includes(true);
}
