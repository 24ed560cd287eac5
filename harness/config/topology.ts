import { z } from 'zod';
import { dnsLabel } from './names.ts';

const keyType = z.enum(['ecdsa-p256', 'ecdsa-p384', 'rsa-2048', 'rsa-4096']);

const certificate = z.strictObject({
  key: keyType.describe('Key type of the certificate authority.'),
  validDays: z.int().min(1).max(36500).describe('Lifetime in days.'),
});

const subnetMessage = 'must be an IPv4 subnet such as 172.30.0.0/24, or auto';

const network = z.strictObject({
  name: dnsLabel.describe("Istio's name of the network, as in the label topology.istio.io/network."),
  subnet: z
    .union([z.literal('auto'), z.cidrv4(subnetMessage)], subnetMessage)
    .default('auto')
    .describe('The IPv4 subnet of the Docker network; auto takes a free one.'),
});

const cluster = z.strictObject({
  name: dnsLabel.describe("Istio's clusterName, and part of the names of everything made for it."),
  role: z
    .enum(['primary', 'remote', 'external'])
    .default('primary')
    .describe(
      'primary: has its own istiod. remote: is served by the primary named in controlPlane. external: runs a control plane only.',
    ),
  controlPlane: dnsLabel.optional().describe('For a remote cluster: the cluster whose istiod serves it.'),
  network: dnsLabel.describe('The network its pods are in.'),
  region: dnsLabel.describe('topology.kubernetes.io/region of its nodes.'),
  zone: dnsLabel.describe('topology.kubernetes.io/zone of its nodes.'),
  nodes: z.int().min(1).max(10).default(1).describe('How many nodes.'),
  ingress: z.boolean().default(false).describe('Whether it has an ingress gateway of its own.'),
});

const workload = z.strictObject({
  service: dnsLabel.describe('The Kubernetes Service; it exists in every cluster.'),
  pods: z
    .record(dnsLabel, z.int().min(0).max(20))
    .describe('How many pods in which cluster. A cluster that is not named has the Service and no pod.'),
});

/** The shape of a topology file. Cross-checks between fields are in {@link parseTopology}. */
export const topologySchema = z.strictObject({
  apiVersion: z.literal('meshproof.dev/v1'),
  kind: z.literal('Topology'),
  meshId: dnsLabel.describe("Istio's meshID."),
  trust: z
    .strictObject({
      domain: z.string().min(1).default('cluster.local').describe('Trust domain of the workload identities.'),
      root: certificate.describe('The one root certificate authority of the mesh.'),
      intermediate: certificate.describe('The certificate authority of each cluster, signed by the root.'),
    })
    .describe('The certificate authorities.'),
  networks: z.array(network).min(1),
  link: z
    .strictObject({
      forwards: z
        .array(z.strictObject({ port: z.int().min(1).max(65535), purpose: z.enum(['data', 'discovery']) }))
        .min(1)
        .describe(
          'TCP ports that the wide-area link forwards between the networks; it drops everything else.',
        ),
    })
    .describe('The wide-area link, the only path between the networks.'),
  clusters: z.array(cluster).min(1),
  istio: z
    .strictObject({
      values: z
        .record(z.string(), z.unknown())
        .default({})
        .describe("Merged into the IstioOperator's spec of every cluster."),
    })
    .prefault({})
    .describe('Istio settings.'),
  workloads: z.array(workload).min(1).describe('The services that the suites call.'),
});

/** The declared shape of a mesh. */
export type Topology = z.infer<typeof topologySchema>;
export type TopologyCluster = Topology['clusters'][number];
