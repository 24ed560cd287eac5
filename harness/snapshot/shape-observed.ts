import { z } from 'zod';
import { chain, locality, moment } from './shape-basics.ts';
import { meshSettings } from './shape-istio.ts';

/** How far a clock is from that of the machine that took the snapshot. */
export const clock = z.object({
  of: z.enum(['apiServer', 'node']),
  name: z.string().describe('Of the node; empty for the API server.'),
  offsetMs: z.number().describe('Its clock minus ours: positive when it is ahead.'),
  errorMs: z.number().describe('The true offset is within offsetMs ± errorMs.'),
  by: z.string().describe('What was read, such as "Date header of 12 answers".'),
});

const shard = z.object({
  host: z.string(),
  namespace: z.string(),
  cluster: z.string().describe('The cluster that these endpoints were read from.'),
  provider: z.string().describe('Kubernetes or External (ServiceEntry).'),
  ports: z.record(z.string(), z.number()).describe('Number of endpoints by name of the port.'),
  addresses: z.array(z.string()).describe('Each address once, without port, sorted.'),
  unhealthy: z.number().describe('Endpoints that are kept as not healthy.'),
  networks: z.array(z.string()).describe('Each network of them once; "" where unknown.'),
  localities: z.array(z.string()).describe('Each locality of them once, "region/zone/subzone".'),
  mtls: z.number().describe('Endpoints whose TLSMode is istio: they have a sidecar.'),
});

/** The view of one istiod replica. A page that could not be read is absent, so its contents are unknown. */
export const istiod = z.object({
  pod: z.string(),
  namespace: z.string(),
  revision: z.string(),
  version: z.string().optional().describe('Of its /version.'),
  clusters: z
    .array(z.object({ id: z.string(), secret: z.string(), syncStatus: z.string() }))
    .optional()
    .describe('/debug/clusterz, its own cluster included (secret ""); syncStatus is "synced" when well.'),
  networks: z
    .array(z.object({ network: z.string(), cluster: z.string(), address: z.string(), port: z.number() }))
    .optional()
    .describe('/debug/networkz: the gateways of other networks.'),
  shards: z
    .array(shard)
    .optional()
    .describe('/debug/endpointShardz, one a service and cluster; see limits.shardsPerIstiod.'),
  held: z
    .record(z.string(), z.object({ services: z.number(), endpoints: z.number() }))
    .optional()
    .describe('Totals of the same by cluster, never cut.'),
  connected: z
    .array(
      z.object({
        proxy: z.string().describe('pod.namespace.'),
        cluster: z.string(),
        version: z.string(),
        stale: z
          .array(z.string())
          .describe('Types that were sent and not acknowledged at that moment, such as EDS.'),
        oldestStaleMs: z.number().describe('Age of the oldest of these sendings; 0 where none is.'),
        rejected: z.array(z.string()).describe('Types that the proxy refused, with its words.'),
      }),
    )
    .optional()
    .describe('/debug/syncz: the proxies that are connected to this replica.'),
  settings: meshSettings.optional().describe('/debug/mesh: the MeshConfig in force, defaults filled in.'),
});

/** An endpoint as an Envoy has it. */
const endpoint = z.object({
  address: z.string(),
  port: z.number(),
  ...locality.shape,
  priority: z.number().describe('0 is the first choice.'),
  weight: z.number().describe('Within its locality.'),
  healthy: z.boolean().describe("By istiod's word and every check of Envoy's own."),
  ejected: z.boolean().describe('Taken out by outlier detection.'),
});

export const outlierDetection = z.object({
  consecutive5xx: z.number().optional(),
  consecutiveGatewayFailure: z.number().optional(),
  consecutiveLocalOriginFailure: z.number().optional(),
  intervalMs: z.number().optional(),
  baseEjectionMs: z.number().optional(),
  maxEjectionPercent: z.number().optional(),
});

const upstream = z.object({
  name: z.string().describe("Envoy's name: outbound|80|subset|host."),
  host: z.string(),
  port: z.number(),
  subset: z.string(),
  outlierDetection: outlierDetection
    .nullable()
    .describe("null: it has none; Envoy's default for an absent field."),
  tls: z
    .enum(['none', 'istioMutual', 'auto', 'other'])
    .describe('auto: mutual TLS for endpoints that have a sidecar, plain text for others.'),
  sni: z.string().optional(),
  policy: z.string().describe('LEAST_REQUEST and the like.'),
  localityWeighted: z.boolean().describe('Balances by the weights of localities.'),
  trusts: z.array(z.string()).describe('SPIFFE ids that it accepts of the other end; empty: any.'),
  localityWeights: z
    .array(
      z.object({
        ...locality.shape,
        priority: z.number(),
        weight: z.number().optional(),
        endpoints: z.number(),
      }),
    )
    .describe('As istiod sent them.'),
  endpoints: z.array(endpoint),
});

/** The configuration of one Envoy: of every gateway, and of a few sidecars per service (limits.proxiesPerService). */
export const proxy = z.object({
  pod: z.string(),
  namespace: z.string(),
  type: z.enum(['gateway', 'sidecar']),
  version: z.string().optional().describe("Envoy's, of /server_info."),
  state: z.string().optional().describe('LIVE, DRAINING, PRE_INITIALIZING or INITIALIZING.'),
  nodeLocality: locality
    .optional()
    .describe(
      'The locality that the proxy reports; absent unless the cloud or a label of the pod gives one.',
    ),
  clusterId: z.string().optional().describe("CLUSTER_ID of the node's metadata."),
  network: z.string().optional(),
  upstreams: z.array(upstream).describe('Outbound clusters; see limits.upstreamsPerProxy.'),
  listeners: z.array(
    z.object({
      name: z.string(),
      address: z.string(),
      port: z.number(),
      serverNames: z.array(z.string()).describe('SNIs that its filter chains match, each once.'),
      tls: z.boolean().describe('A filter chain ends TLS here.'),
    }),
  ),
  certificate: chain.describe('Its own certificate and the chain that it shows; leaf first.'),
  roots: z.array(z.string()).describe('Fingerprints of the roots that it verifies with.'),
  warming: z.array(z.string()).describe('Names of clusters and listeners that wait for something.'),
});

/** A connection that was tried from inside this cluster. */
export const probe = z.object({
  from: z.string().describe('The pod that connected, "namespace/name".'),
  target: z.enum(['eastWestGateway', 'apiServer']),
  cluster: z.string().describe('The cluster that the target belongs to.'),
  address: z.string(),
  port: z.number(),
  tcp: z.enum(['connected', 'refused', 'timeout', 'failed']),
  tcpMs: z.number().optional(),
  sni: z.string().optional().describe('Where TLS was tried.'),
  tls: z
    .enum(['completed', 'alert', 'reset', 'closed', 'timeout', 'notTried'])
    .describe('completed: certificates were shown, whatever was made of our having none.'),
  alert: z.string().optional().describe("OpenSSL's words for it."),
  chain: chain.describe('What was shown, leaf first.'),
  error: z.string().optional(),
  at: moment,
});

export const apiServer = z.object({
  url: z.string().describe('As the kubeconfig of the mesh file has it.'),
  version: z.string().describe('Such as v1.36.3.'),
  roundTripMs: z.number().describe('Shortest of the answers.'),
});
