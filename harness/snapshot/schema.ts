import { z } from 'zod';
import { certificate, missing, moment } from './shape-basics.ts';
import {
  authority,
  install,
  meshSettings,
  readerAccess,
  remoteSecret,
  rootConfigMap,
} from './shape-istio.ts';
import {
  namespace,
  node,
  pod,
  resource,
  service,
  serviceAccount,
  webhook,
  workload,
} from './shape-kubernetes.ts';
import { apiServer, clock, istiod, outlierDetection, probe, proxy } from './shape-observed.ts';

/** The version of the format; another one is refused. Fields may be added within it. */
export const snapshotVersion = 'meshproof.dev/snapshot/v1';

const undeclared = z
  .array(z.string())
  .optional()
  .describe(
    'Fields that no mesh file states: their values were read from the clusters, or are empty. Absent: every field is declared.',
  );

const declaredCluster = z.object({
  name: z.string().describe("Istio's clusterName."),
  context: z.string().optional().describe('Its context in the kubeconfig, for remedies.'),
  role: z.enum(['primary', 'remote', 'external']),
  network: z.string(),
  region: z.string(),
  zone: z.string(),
  ingress: z.string().optional().describe('Base URL of the ingress gateway.'),
  eastWestGateway: z
    .object({ address: z.string(), port: z.number(), namespace: z.string(), deployment: z.string() })
    .optional()
    .describe('As the other clusters reach it.'),
  undeclared,
});

const declared = z.object({
  meshId: z.string(),
  trustDomain: z.string(),
  rootNamespace: z.string(),
  namespace: z.string().describe("Of meshproof's workloads."),
  isLab: z.boolean().describe('The mesh is a lab that meshproof created.'),
  clusters: z.array(declaredCluster),
  services: z
    .array(z.object({ name: z.string(), pods: z.record(z.string(), z.number()) }))
    .describe('The services of meshproof, with the number of pods in each cluster.'),
  undeclared,
});

const cluster = z.object({
  name: z.string().describe('As in `declared`.'),
  reachable: z.boolean().describe('Its API server answered. If not, all lists are empty.'),
  unreachable: z.string().optional().describe('The reason: the attempt and the answer.'),
  missing: z
    .array(missing)
    .describe('The parts that could not be read or were cut; all other parts are complete.'),
  apiServer: apiServer.optional(),
  clocks: z.array(clock),
  installs: z.array(install).describe('One a revision of the control plane.'),
  namespaces: z.array(namespace),
  services: z.array(service),
  pods: z.array(pod),
  workloads: z.array(workload).describe('Deployments, StatefulSets and DaemonSets.'),
  nodes: z.array(node),
  serviceAccounts: z.array(serviceAccount),
  resourceKinds: z
    .array(z.string())
    .describe('Kinds of `resources` that the API server knows. Any other kind is not installed.'),
  resources: z
    .array(resource)
    .describe("Istio's, the Gateway API's, the Multi-Cluster Services API's, and NetworkPolicies."),
  authorities: z.array(authority).describe('Secrets with certificate authorities.'),
  roots: z.array(rootConfigMap).describe('One a namespace.'),
  webhooks: z.array(webhook).describe('Those that inject sidecars.'),
  remoteSecrets: z
    .array(remoteSecret)
    .describe(
      'One a secret and cluster in it: those labelled, and those only named like one, in any namespace.',
    ),
  readerAccess: z.array(readerAccess),
  istiods: z.array(istiod).describe('Every replica of istiod that is ready.'),
  proxies: z.array(proxy).describe('Every gateway, and some sidecars of each service.'),
  probes: z.array(probe).describe('Connections that were tried from inside this cluster.'),
});

/** How much of a large mesh is kept; `missing` has the parts that were left out, with the reason "limit". */
const limits = z.object({
  proxiesPerService: z.number().describe('Sidecars that are read of each service in each cluster.'),
  proxiesPerCluster: z.number().describe('Proxies that are read of each cluster, gateways first.'),
  upstreamsPerProxy: z.number(),
  shardsPerIstiod: z.number(),
  sourceMs: z.number().describe('The timeout of each part of a cluster that answers.'),
});

/**
 * A mesh as it was observed at one moment: all that the doctor judges. It does not hold a secret: this schema chooses every
 * field, `keptFields` those of resources, and every text passes through `redacted`. Unknown fields are dropped when it is read.
 */
export const snapshotSchema = z.object({
  apiVersion: z.literal(snapshotVersion),
  kind: z.literal('Snapshot'),
  takenAt: moment.describe('When reading began, by the clock of the machine that took it. ISO 8601, UTC.'),
  tookMs: z.number().describe('The duration of the reading.'),
  meshproof: z.string().describe('Version of meshproof that took it.'),
  limits,
  declared: declared.describe('The mesh file.'),
  certificates: z
    .array(certificate)
    .describe('Every certificate that was seen, once; others refer to it by fingerprint.'),
  clusters: z.array(cluster).describe('In the order of `declared.clusters`.'),
});

/** A mesh as it was observed. */
export type Snapshot = z.infer<typeof snapshotSchema>;
export type Declared = z.infer<typeof declared>;
export type DeclaredCluster = z.infer<typeof declaredCluster>;
export type ClusterSnapshot = z.infer<typeof cluster>;
export type Limits = z.infer<typeof limits>;
export type Certificate = z.infer<typeof certificate>;
export type Missing = z.infer<typeof missing>;
export type Source = Missing['what'];
export type Clock = z.infer<typeof clock>;
export type Install = z.infer<typeof install>;
export type MeshSettings = z.infer<typeof meshSettings>;
export type NamespaceRecord = z.infer<typeof namespace>;
export type ServiceRecord = z.infer<typeof service>;
export type PodRecord = z.infer<typeof pod>;
export type WorkloadRecord = z.infer<typeof workload>;
export type NodeRecord = z.infer<typeof node>;
export type ResourceRecord = z.infer<typeof resource>;
export type WebhookRecord = z.infer<typeof webhook>;
export type Authority = z.infer<typeof authority>;
export type RemoteSecret = z.infer<typeof remoteSecret>;
export type ReaderAccessRecord = z.infer<typeof readerAccess>;
export type IstiodRecord = z.infer<typeof istiod>;
export type ShardRecord = NonNullable<IstiodRecord['shards']>[number];
export type ProxyRecord = z.infer<typeof proxy>;
export type UpstreamRecord = ProxyRecord['upstreams'][number];
export type OutlierDetection = z.infer<typeof outlierDetection>;
export type ProbeRecord = z.infer<typeof probe>;

/** The JSON schema (draft 2020-12) of a snapshot file. */
export function snapshotJsonSchema(): object {
  return { title: 'meshproof snapshot', ...z.toJSONSchema(snapshotSchema, { io: 'input' }) };
}
