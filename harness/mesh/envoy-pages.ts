import { z } from 'zod';

/** The pages of Envoy's admin interface. The schemas have only the fields that meshproof reads, and drop all others. */

const locality = z
  .object({ region: z.string().default(''), zone: z.string().default(''), sub_zone: z.string().default('') })
  .prefault({});
export type Locality = z.infer<typeof locality>;

const address = z.object({
  socket_address: z.object({ address: z.string(), port_value: z.number().default(0) }).optional(),
  envoy_internal_address: z
    .object({ server_listener_name: z.string().optional(), endpoint_id: z.string().optional() })
    .optional(),
  pipe: z.object({ path: z.string() }).optional(),
});
export type Address = z.infer<typeof address>;

/** `/clusters?format=json`. */
export const clustersPage = z.object({
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

/** A ClusterLoadAssignment, with as much of each endpoint as `lbEndpoint` reads. */
const endpointConfigOf = <T extends z.ZodType>(lbEndpoint: T) =>
  z.object({
    endpoint_config: z.object({
      cluster_name: z.string().default(''),
      endpoints: z
        .array(
          z.object({
            locality,
            priority: z.number().default(0),
            load_balancing_weight: z.number().optional(),
            lb_endpoints: z.array(lbEndpoint).default([]),
          }),
        )
        .default([]),
    }),
  });

const wholeEndpointConfig = endpointConfigOf(
  z.object({
    endpoint: z.object({ address }),
    health_status: z.string().default('UNKNOWN'),
    load_balancing_weight: z.number().optional(),
  }),
);

/** `/config_dump?include_eds`, whole or with `resource=dynamic_endpoint_configs`, for its endpoints. */
export const edsPage = z.object({
  configs: z
    .array(
      wholeEndpointConfig.partial().extend({
        static_endpoint_configs: z.array(wholeEndpointConfig).optional(),
        dynamic_endpoint_configs: z.array(wholeEndpointConfig).optional(),
      }),
    )
    .default([]),
});
export type EndpointConfig = z.infer<typeof wholeEndpointConfig>;

const duration = z
  .string()
  .transform((text) => Number(text.replace(/s$/, '')) * 1_000)
  .optional()
  .catch(undefined);

const tlsContext = z.looseObject({
  sni: z.string().optional(),
  common_tls_context: z
    .looseObject({
      combined_validation_context: z
        .looseObject({
          default_validation_context: z
            .looseObject({
              match_subject_alt_names: z.array(z.object({ exact: z.string().optional() })).optional(),
            })
            .optional(),
        })
        .optional(),
    })
    .optional(),
});

const transportSocket = z.object({ name: z.string().default(''), typed_config: tlsContext.optional() });

const cluster = z.object({
  name: z.string(),
  lb_policy: z.string().default('ROUND_ROBIN'),
  outlier_detection: z
    .object({
      consecutive_5xx: z.number().optional(),
      consecutive_gateway_failure: z.number().optional(),
      consecutive_local_origin_failure: z.number().optional(),
      interval: duration,
      base_ejection_time: duration,
      max_ejection_percent: z.number().optional(),
    })
    .optional(),
  common_lb_config: z.object({ locality_weighted_lb_config: z.unknown().optional() }).optional(),
  load_balancing_policy: z.unknown().optional(),
  transport_socket: transportSocket.optional(),
  transport_socket_matches: z
    .array(
      z.object({
        match: z.record(z.string(), z.unknown()).optional(),
        transport_socket: transportSocket.optional(),
      }),
    )
    .optional(),
});

const filterChain = z.object({
  filter_chain_match: z.object({ server_names: z.array(z.string()).default([]) }).optional(),
  transport_socket: z.unknown().optional(),
});

const listener = z.object({
  name: z.string().default(''),
  address: z
    .object({
      socket_address: z.object({ address: z.string(), port_value: z.number().default(0) }).optional(),
    })
    .optional(),
  filter_chains: z.array(filterChain).default([]),
  default_filter_chain: filterChain.optional(),
});

const inline = z
  .object({ inline_bytes: z.string().optional(), inline_string: z.string().optional() })
  .optional();

const secret = z.object({
  name: z.string().default(''),
  // A private key is never read, although Envoy replaces it with a placeholder.
  secret: z
    .object({
      tls_certificate: z.object({ certificate_chain: inline }).optional(),
      validation_context: z.object({ trusted_ca: inline }).optional(),
    })
    .optional(),
});

/** A snapshot only counts the endpoints: a dump of a big mesh has many. */
const endpointConfig = endpointConfigOf(z.unknown());

const node = z.object({
  locality,
  metadata: z.object({ CLUSTER_ID: z.string().optional(), NETWORK: z.string().optional() }).prefault({}),
  user_agent_build_version: z
    .object({
      version: z.object({
        major_number: z.number().default(0),
        minor_number: z.number().default(0),
        patch: z.number().default(0),
      }),
    })
    .optional(),
});

const config = z.object({
  bootstrap: z.object({ node: node.optional() }).optional(),
  dynamic_active_clusters: z.array(z.object({ cluster })).optional(),
  dynamic_warming_clusters: z.array(z.object({ cluster: z.object({ name: z.string() }) })).optional(),
  dynamic_endpoint_configs: z.array(endpointConfig).optional(),
  dynamic_listeners: z
    .array(
      z.object({
        name: z.string().default(''),
        active_state: z.object({ listener: listener }).optional(),
        warming_state: z.unknown().optional(),
      }),
    )
    .optional(),
  dynamic_active_secrets: z.array(secret).optional(),
});

export type DumpedCluster = z.infer<typeof cluster>;
export type DumpedListener = z.infer<typeof listener>;
export type DumpedSecret = z.infer<typeof secret>;
export type DumpedLocality = z.infer<typeof endpointConfig>['endpoint_config']['endpoints'][number];

/** The parts of `/config_dump?include_eds`, in any order. */
export interface EnvoyDump {
  node: z.infer<typeof node> | undefined;
  clusters: DumpedCluster[];
  listeners: DumpedListener[];
  secrets: DumpedSecret[];
  /** By name of the cluster. */
  localities: Map<string, DumpedLocality[]>;
  /** Names of clusters and listeners that are not in use yet. */
  warming: string[];
}

/**
 * Reads `/config_dump?include_eds`.
 *
 * @throws SyntaxError or ZodError if the text is not a dump.
 */
export function parseDump(json: string): EnvoyDump {
  const { configs } = z.object({ configs: z.array(config) }).parse(JSON.parse(json));
  const listeners = configs.flatMap((one) => one.dynamic_listeners ?? []);
  const endpoints = configs.flatMap((one) => one.dynamic_endpoint_configs ?? []);
  return {
    node: configs.find((one) => one.bootstrap)?.bootstrap?.node,
    clusters: configs.flatMap((one) => (one.dynamic_active_clusters ?? []).map((each) => each.cluster)),
    listeners: listeners.flatMap((one) => (one.active_state ? [one.active_state.listener] : [])),
    secrets: configs.flatMap((one) => one.dynamic_active_secrets ?? []),
    localities: new Map(endpoints.map(({ endpoint_config: one }) => [one.cluster_name, one.endpoints])),
    warming: [
      ...configs.flatMap((one) => (one.dynamic_warming_clusters ?? []).map((each) => each.cluster.name)),
      ...listeners.filter((one) => one.warming_state !== undefined).map(({ name }) => name),
    ],
  };
}
