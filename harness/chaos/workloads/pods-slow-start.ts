import { z } from 'zod';
import { waitUntil } from '../../base/wait-until.ts';
import type { Pod } from '../../mesh/attach.ts';
import { bounds } from '../bounds.ts';
import { defineFault } from '../fault.ts';
import { parameters } from '../parameters.ts';
import { endPods, healReplicas, podsOf, replicasNow, scale } from '../scale.ts';
import { proveServed, servedPods } from '../endpoint-removal.ts';
import { readinessOf, setReadiness } from '../template.ts';

/**
 * All pods are killed at once, and their successors run long before they are ready, as with a cache that has to be
 * filled.
 */
export const podsSlowStart = defineFault({
  id: 'pods-slow-start',
  title: 'The pods of a service are killed, and their successors become ready late',
  disturbs: 'nothing',
  needsLab: false,
  stage: 'rest',
  bounds: bounds.rollout,
  parameters: z.object({
    cluster: parameters.cluster,
    service: parameters.service,
    readyAfterSeconds: z.coerce
      .number()
      .int()
      .min(1)
      .max(3600)
      .default(600)
      .describe('Seconds from the start of a pod to its first readiness probe.'),
  }),
  undo: z.object({
    replicas: z.int(),
    readiness: z.object({ container: z.string(), initialDelaySeconds: z.int().nullable() }),
  }),
  clusters: ({ cluster }) => [cluster],
  prepare: async (mesh, { cluster, service }) => {
    const [at, deployment] = [mesh.cluster(cluster), { namespace: mesh.file.namespace, name: service }];
    const replicas = await replicasNow(at, deployment);
    if (replicas === 0) throw new Error(`Service ${service} of cluster ${cluster} does not have a pod.`);
    return { replicas, readiness: await readinessOf(at, deployment) };
  },
  inject: async ({ mesh, parameters: { cluster, service, readyAfterSeconds }, undo }) => {
    const [at, deployment] = [mesh.cluster(cluster), { namespace: mesh.file.namespace, name: service }];
    // First without pods of the old template: a rollout would keep them until the new ones are ready.
    await endPods(at, deployment);
    const late = { container: undo.readiness.container, initialDelaySeconds: readyAfterSeconds };
    await setReadiness(at, deployment, late, undo.readiness);
    await scale(at, deployment, undo.replicas);
  },
  prove: async ({ mesh, parameters: { cluster, service }, undo: { replicas } }) => {
    const [at, deployment] = [mesh.cluster(cluster), { namespace: mesh.file.namespace, name: service }];
    let pods: Pod[] = [];
    const areSlow = async () => {
      pods = await podsOf(at, deployment);
      const served = await servedPods(at, deployment.namespace);
      return (
        pods.length === replicas && pods.every((pod) => runs(pod) && !pod.ready && !served.has(pod.name))
      );
    };
    await waitUntil(areSlow, `${replicas} pods of ${service} to run unready`, bounds.rollout.injectMs);
    const names = pods.map(({ name }) => name).join(', ');
    return `${service} in ${cluster}: ${names} run, are not ready, and no EndpointSlice routes to them`;
  },
  heal: async ({ mesh, parameters: { cluster, service }, undo }) => {
    const [at, deployment] = [mesh.cluster(cluster), { namespace: mesh.file.namespace, name: service }];
    await setReadiness(at, deployment, undo.readiness, null);
    await healReplicas(at, deployment, undo.replicas);
  },
  proveHealed: ({ mesh, parameters: { cluster, service } }) => {
    const deployment = { namespace: mesh.file.namespace, name: service };
    return proveServed(mesh.cluster(cluster), deployment, bounds.rollout.healMs);
  },
});

const runs = ({ object }: Pod): boolean =>
  object.status?.containerStatuses?.some(({ state }) => state?.running !== undefined) ?? false;
