import { z } from 'zod';

export const clusterz = z
  .array(z.object({ id: z.string(), secretName: z.string().default(''), syncStatus: z.string().default('') }))
  .nullable();

export const networkz = z
  .array(
    z.object({
      Network: z.string().default(''),
      Cluster: z.string().default(''),
      Addr: z.string().default(''),
      Port: z.number().default(0),
    }),
  )
  .nullable();

export const endpoint = z.object({
  Addresses: z.array(z.string()).nullish(),
  Address: z.string().optional(), // before Istio 1.25
  ServicePortName: z.string().default(''),
  Network: z.string().default(''),
  Locality: z.object({ Label: z.string().default('') }).prefault({}),
  TLSMode: z.string().default(''),
  HealthStatus: z.number().default(1),
});

export const endpointShardz = z.record(
  z.string(),
  z.record(z.string(), z.object({ Shards: z.record(z.string(), z.array(endpoint).nullable()).nullish() })),
);

const status = z.object({
  sent: z.string().default(''),
  acked: z.string().default(''),
  sentTime: z.string().optional(),
  lastError: z.string().default(''),
});

export const syncz = z
  .array(
    z.object({
      proxy: z.string().default(''),
      cluster_id: z.string().default(''),
      istio_version: z.string().default(''),
      resources: z.record(z.string(), status).optional(),
    }),
  )
  .nullable();

export const configz = z.array(
  z.looseObject({
    apiVersion: z.string(),
    kind: z.string(),
    metadata: z.looseObject({
      name: z.string(),
      namespace: z.string().default(''),
      resourceVersion: z.string().default(''),
    }),
  }),
);

/** An object of Istio's own kinds as an istiod has read it. */
export type HeldConfig = z.infer<typeof configz>[number];

/** What an istiod holds of the endpoints of services. */
export type EndpointShards = z.infer<typeof endpointShardz>;

/** A cluster as an istiod knows it. */
export type RemoteCluster = NonNullable<z.infer<typeof clusterz>>[number];
