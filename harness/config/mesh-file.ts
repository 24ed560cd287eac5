import { z } from 'zod';
import { dnsLabel } from './names.ts';

const role = z.enum(['primary', 'remote', 'external']);

const cluster = z.strictObject({
  name: z.string().min(1).describe("Istio's clusterName."),
  kubeconfig: z
    .string()
    .optional()
    .describe('Path of the kubeconfig, relative to this file; absent: $KUBECONFIG or ~/.kube/config.'),
  context: z.string().min(1).describe('Context in that kubeconfig.'),
  role: role.default('primary'),
  network: z.string().min(1).describe("Istio's name of the network."),
  region: z.string().min(1),
  zone: z
    .string()
    .min(1)
    .describe(
      "The zone that meshproof's pods run in where nodes are in several (topology.kubernetes.io/zone).",
    ),
  ingress: z
    .url('must be a URL such as http://172.30.0.2')
    .optional()
    .describe('Base URL of the ingress gateway, where the cluster has one.'),
  eastWestGateway: z
    .strictObject({
      address: z.string().min(1).describe('The address that the other clusters reach it at.'),
      port: z.int().default(15443),
      namespace: z.string().default('istio-system'),
      deployment: z.string().default('istio-eastwestgateway'),
    })
    .optional(),
});

/** The shape of a mesh file: how to reach a running mesh. Written by `meshproof up`, or by hand. */
export const meshFileSchema = z.strictObject({
  apiVersion: z.literal('meshproof.dev/v1'),
  kind: z.literal('Mesh'),
  meshId: z.string().min(1),
  trustDomain: z.string().min(1).default('cluster.local'),
  rootNamespace: z.string().min(1).default('istio-system'),
  lab: z
    .strictObject({
      name: dnsLabel,
      topology: z.string().min(1).describe('Path of the topology it was made from, relative to this file.'),
      engine: z.string().min(1).describe('Docker endpoint, such as unix:///var/run/docker.sock.'),
      link: z.string().min(1).describe('Name of the wide-area link container.'),
      images: z.enum(['registry', 'packages']),
    })
    .optional()
    .describe('Present only for a lab that meshproof made itself: such a mesh may be disrupted.'),
  namespace: z.string().min(1).default('meshproof').describe("The namespace of meshproof's own workloads."),
  clusters: z.array(cluster).min(1),
  services: z
    .array(z.strictObject({ name: z.string().min(1), pods: z.record(z.string(), z.int().min(0)) }))
    .min(1)
    .describe('The services that the suites call, and how many pods each has in which cluster.'),
});

const partialCluster = cluster.extend({
  name: cluster.shape.name.optional(),
  role: role.optional(),
  network: cluster.shape.network.optional(),
  region: cluster.shape.region.optional(),
  zone: cluster.shape.zone.optional(),
});

/**
 * A mesh file as `doctor` and `gather` accept it: it states at least how to reach the clusters. They read the fields that it lacks from the
 * clusters.
 */
export const partialMeshSchema = meshFileSchema.extend({
  meshId: meshFileSchema.shape.meshId.optional(),
  trustDomain: z.string().min(1).optional(),
  rootNamespace: z.string().min(1).optional(),
  clusters: z.array(partialCluster).min(1),
  services: meshFileSchema.shape.services.optional(),
});

/** How to reach a running mesh. */
export type MeshFile = z.infer<typeof meshFileSchema>;
export type MeshFileCluster = MeshFile['clusters'][number];
/** How to reach a mesh, with the fields that its file has. */
export type PartialMesh = z.infer<typeof partialMeshSchema>;
export type PartialCluster = PartialMesh['clusters'][number];
