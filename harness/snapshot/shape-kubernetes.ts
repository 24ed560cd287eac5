import { z } from 'zod';
import { labelSelector, locality, moment, stringMap } from './shape-basics.ts';

export const namespace = z.object({
  name: z.string(),
  labels: stringMap.describe('All of them: topology.istio.io/network, istio-injection, istio.io/rev, …'),
  annotations: stringMap.optional().describe("Istio's own only; absent in snapshots of earlier versions."),
  terminating: z.boolean(),
});

export const service = z.object({
  namespace: z.string(),
  name: z.string(),
  type: z.string().describe('ClusterIP, NodePort, LoadBalancer or ExternalName.'),
  headless: z.boolean(),
  ports: z.array(
    z.object({
      name: z.string().describe('Empty where it has none.'),
      port: z.number(),
      protocol: z.string().describe('TCP, UDP or SCTP.'),
      appProtocol: z.string().optional(),
      targetPort: z.union([z.number(), z.string()]).describe("A number, or the name of a container's port."),
      nodePort: z.number().optional(),
    }),
  ),
  selector: stringMap.describe('Empty where it has none.'),
  labels: stringMap,
  annotations: stringMap.describe("Istio's and Kubernetes' own only; others are not kept."),
  external: z
    .array(z.string())
    .describe('Addresses from outside: status.loadBalancer.ingress (ip or hostname), then externalIPs.'),
  externalName: z.string().optional(),
  ipFamilies: z
    .array(z.string())
    .optional()
    .describe('IPv4 or IPv6, as in the specification; absent in snapshots of earlier versions.'),
  trafficDistribution: z.string().optional(),
  internalTrafficPolicy: z.string().optional(),
  externalTrafficPolicy: z.string().optional(),
  publishNotReadyAddresses: z.boolean(),
});

const podProxy = z.object({
  image: z.string(),
  native: z.boolean().describe('Runs as an init container that stays (native sidecar).'),
  type: z.enum(['sidecar', 'gateway']),
  clusterId: z.string().optional().describe('ISTIO_META_CLUSTER_ID.'),
  network: z.string().optional().describe('ISTIO_META_NETWORK.'),
  requestedNetworkView: z.string().optional().describe('ISTIO_META_REQUESTED_NETWORK_VIEW.'),
  meshId: z.string().optional().describe('ISTIO_META_MESH_ID.'),
  trustDomain: z.string().optional().describe('TRUST_DOMAIN.'),
  discoveryAddress: z.string().optional().describe('From PROXY_CONFIG, if the pod has it.'),
  caAddress: z.string().optional().describe('CA_ADDR.'),
  dnsCapture: z.boolean().optional().describe('ISTIO_META_DNS_CAPTURE; absent: the setting of the mesh.'),
});

export const pod = z.object({
  namespace: z.string(),
  name: z.string(),
  labels: stringMap,
  annotations: stringMap.describe("Istio's own only; others are not kept."),
  node: z.string().describe('Empty while not scheduled.'),
  phase: z.string(),
  ready: z.boolean(),
  ip: z.string().describe('Empty while it has none.'),
  ips: z
    .array(z.string())
    .optional()
    .describe('All its addresses, of both IP families; absent in snapshots of earlier versions.'),
  hostNetwork: z.boolean(),
  serviceAccount: z.string(),
  owner: z.string().optional().describe('Kind/name of its controller, such as ReplicaSet/catalog-5d4.'),
  createdAt: moment,
  deletingSince: moment.optional(),
  containers: z.array(
    z.object({
      name: z.string(),
      image: z.string(),
      init: z.boolean().describe('An init container, a native sidecar among them.'),
      ready: z.boolean(),
      restarts: z.number(),
      waiting: z.string().optional().describe('Reason, such as ImagePullBackOff or CrashLoopBackOff.'),
      lastEnd: z.string().optional().describe('Reason of its last end, such as OOMKilled or Error.'),
      ports: z.array(z.object({ name: z.string(), port: z.number(), protocol: z.string() })),
    }),
  ),
  sidecar: z.boolean().describe('Has an Istio proxy as a sidecar.'),
  proxy: podProxy.optional().describe('Its Istio proxy, as sidecar or as gateway.'),
});

export const workload = z.object({
  kind: z.string().describe('Deployment, StatefulSet or DaemonSet.'),
  namespace: z.string(),
  name: z.string(),
  labels: stringMap,
  selector: stringMap.describe('matchLabels.'),
  templateLabels: stringMap,
  templateAnnotations: stringMap.describe("Istio's own only; others are not kept."),
  wanted: z.number().describe('Pods asked for.'),
  current: z.number().describe('Pods there are.'),
  ready: z.number(),
  updated: z.number().describe('Pods of the newest template: below `wanted`, a rollout is under way.'),
  observed: z.boolean().describe('The controller has seen the newest specification.'),
});

export const node = z.object({
  name: z.string(),
  ...locality.shape,
  ready: z.boolean(),
  unschedulable: z.boolean(),
  kubelet: z.string().describe('Version, such as v1.36.3.'),
  addresses: z.array(z.string()).describe('Internal and external addresses.'),
  podCidrs: z
    .array(z.string())
    .optional()
    .describe('Ranges that Kubernetes gave to its pods; a network plug-in may use others.'),
});

export const serviceAccount = z.object({ namespace: z.string(), name: z.string() });

/** A custom resource of Istio, the Gateway API or the Multi-Cluster Services API, or a NetworkPolicy. */
export const resource = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  namespace: z.string(),
  name: z.string(),
  labels: stringMap,
  annotations: stringMap.optional().describe("Istio's own only, such as istio.io/dry-run."),
  generation: z.number().optional(),
  createdAt: moment,
  spec: z
    .record(z.string(), z.unknown())
    .describe(
      'The fields that a check reads, as applied. Other fields are "hash:<16 hex digits>", the same for the same value within a snapshot; fields that no check knows are one hash, `other`.',
    ),
  status: z
    .array(z.object({ type: z.string(), status: z.string(), reason: z.string() }))
    .describe('Conditions.'),
});

export const webhook = z.object({
  configuration: z.string().describe('Name of the MutatingWebhookConfiguration.'),
  name: z.string().describe('Name of the webhook in it.'),
  revision: z.string().describe('Label istio.io/rev; empty where it has none.'),
  tag: z.string().describe('Label istio.io/tag; empty where it has none.'),
  namespaceSelector: labelSelector,
  objectSelector: labelSelector,
  failurePolicy: z.string(),
  target: z.string().describe('URL, or "namespace/service:port/path".'),
  service: z
    .object({ namespace: z.string(), name: z.string(), port: z.number() })
    .optional()
    .describe('Where it is called by Service.'),
  caBundle: z.array(z.string()).describe('Fingerprints of the certificates that it is verified with.'),
});
