import { z } from 'zod';
import type { Mesh } from '../../mesh/attach.ts';
import { type Bounds, bounds } from '../bounds.ts';
import { type AnyFault, defineFault, type Disturbed } from '../fault.ts';
import { parameters } from '../parameters.ts';
import {
  awaitSuccessors,
  type DeploymentRef,
  endPods,
  healReplicas,
  killPods,
  podsOf,
  replicasNow,
} from '../scale.ts';
import { proveGone, proveServed } from '../endpoint-removal.ts';

/** The data to undo a fault of the pods of a Deployment. */
const undo = z.object({
  namespace: z.string(),
  name: z.string(),
  /** The wanted number of pods. */
  replicas: z.int(),
  pods: z.array(z.object({ name: z.string(), uid: z.string() })),
});

interface PodFault<P extends z.ZodObject> {
  id: string;
  title: string;
  disturbs: Disturbed;
  bounds: Bounds;
  parameters: P;
  /** The Deployment. */
  deployment(mesh: Mesh, parameters: z.output<P>): DeploymentRef;
  how: 'deleted' | 'killed' | 'scaled-to-zero';
  /**
   * The view of clients of the pods, if it is defined, in addition to the API server. Each function returns the end
   * of a sentence.
   */
  users?: {
    requireServed(mesh: Mesh, parameters: z.output<P>): Promise<void>;
    proveLost(mesh: Mesh, parameters: z.output<P>): Promise<string>;
    proveServed(mesh: Mesh, parameters: z.output<P>): Promise<string>;
  };
}

/** Deletes pods of a Deployment: with their grace period, without it, or without it and without successors. */
export const podFault = <P extends z.ZodObject<{ cluster: z.ZodString }>>(fault: PodFault<P>): AnyFault =>
  defineFault({
    ...{ id: fault.id, title: fault.title, disturbs: fault.disturbs, bounds: fault.bounds },
    ...{ parameters: fault.parameters, undo, needsLab: false, stage: 'rest' },
    clusters: (parameters) => [clusterOf(parameters)],
    prepare: async (mesh, parameters) => {
      const cluster = mesh.cluster(clusterOf(parameters));
      const deployment = fault.deployment(mesh, parameters);
      const pods = (await podsOf(cluster, deployment)).filter(({ ready }) => ready);
      if (pods.length === 0)
        throw new Error(
          `Deployment ${deployment.namespace}/${deployment.name} of cluster ${cluster.name} does not have a ready pod.`,
        );
      await fault.users?.requireServed(mesh, parameters);
      const { count } = parameters as { count?: number };
      const meant = pods.slice(0, count ?? pods.length).map(({ name, uid }) => ({ name, uid }));
      return { ...deployment, replicas: await replicasNow(cluster, deployment), pods: meant };
    },
    inject: async ({ mesh, parameters, undo: { namespace, name, pods } }) => {
      const cluster = mesh.cluster(clusterOf(parameters));
      const meant = pods.map((pod) => ({ ...pod, namespace }));
      if (fault.how === 'scaled-to-zero') await endPods(cluster, { namespace, name });
      else await killPods(cluster, meant, fault.how === 'deleted' ? {} : { gracePeriodSeconds: 0 });
    },
    prove: async ({ mesh, parameters, undo: { namespace, name, pods } }) => {
      const gone = await proveGone(mesh.cluster(clusterOf(parameters)), { namespace, name }, pods, {
        withinMs: fault.bounds.injectMs,
        successors: fault.how !== 'scaled-to-zero',
      });
      return `${gone}${(await fault.users?.proveLost(mesh, parameters)) ?? ''}`;
    },
    heal: async ({ mesh, parameters, undo: { namespace, name, replicas, pods } }) => {
      const cluster = mesh.cluster(clusterOf(parameters));
      if (fault.how === 'scaled-to-zero') await healReplicas(cluster, { namespace, name }, replicas);
      else await awaitSuccessors(cluster, { namespace, name }, pods);
    },
    proveHealed: async ({ mesh, parameters, undo: { namespace, name } }) => {
      const cluster = mesh.cluster(clusterOf(parameters));
      const served = await proveServed(cluster, { namespace, name }, fault.bounds.healMs);
      return `${served}${(await fault.users?.proveServed(mesh, parameters)) ?? ''}`;
    },
  });

const clusterOf = (parameters: object): string => (parameters as { cluster: string }).cluster;

const serviceParameters = { cluster: parameters.cluster, service: parameters.service };

/** The common part of faults of the pods of a service. */
const ofService = {
  disturbs: 'nothing',
  bounds: bounds.pods,
  deployment: ({ file }: Mesh, { service }: { service: string }) => ({
    namespace: file.namespace,
    name: service,
  }),
} as const;

/** Pods leave as in a rollout: they get a signal, and their endpoints are removed while they still answer. */
export const podsDeleted = podFault({
  id: 'pods-deleted',
  title: 'Pods of a service are deleted and have their grace period',
  ...ofService,
  parameters: z.object({ ...serviceParameters, count: parameters.count }),
  how: 'deleted',
});

/** Pods are gone without notice, as when a node dies. */
export const podsKilled = podFault({
  id: 'pods-killed',
  title: 'Pods of a service are killed without a grace period',
  ...ofService,
  parameters: z.object({ ...serviceParameters, count: parameters.count }),
  how: 'killed',
});

/** The pods are killed, and not replaced until healed. */
export const podsScaledToZero = podFault({
  id: 'pods-scaled-to-zero',
  title: 'A service has no pod left in a cluster',
  ...ofService,
  parameters: z.object(serviceParameters),
  how: 'scaled-to-zero',
});
