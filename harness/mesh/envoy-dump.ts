import { z } from 'zod';

/** Envoy's `/config_dump?include_eds`, as far as a snapshot reads it; anything else in it is dropped. */

const locality = z
  .object({ region: z.string().default(''), zone: z.string().default(''), sub_zone: z.string().default('') })
  .prefault({});

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
  // A private key is never read, though Envoy blanks it out.
  secret: z
    .object({
      tls_certificate: z.object({ certificate_chain: inline }).optional(),
      validation_context: z.object({ trusted_ca: inline }).optional(),
    })
    .optional(),
});

const endpointConfig = z.object({
  endpoint_config: z.object({
    cluster_name: z.string().default(''),
    endpoints: z
      .array(
        z.object({
          locality,
          priority: z.number().default(0),
          load_balancing_weight: z.number().optional(),
          lb_endpoints: z.array(z.unknown()).default([]),
        }),
      )
      .default([]),
  }),
});

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

/** The parts of a dump, whatever the order in which it has them. */
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
 * Reads a dump.
 *
 * @throws SyntaxError or ZodError when it is none.
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
