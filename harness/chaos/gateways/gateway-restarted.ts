import { z } from 'zod';
import { bounds } from '../bounds.ts';
import { defineFault } from '../fault.ts';
import { parameters } from '../parameters.ts';
import { awaitPods, podsOf } from '../scale.ts';
import { proveGone, proveServed } from '../endpoint-removal.ts';
import { restart } from '../template.ts';
import { gatewayOf } from './gateway-port.ts';

/** A rollout, as in an upgrade. Healing removes the mark from the template, which is a second rollout. */
export const gatewayRestarted = defineFault({
  id: 'gateway-restarted',
  title: 'An east-west gateway is restarted, one pod after the other',
  disturbs: 'gateway',
  needsLab: false,
  stage: 'rest',
  bounds: bounds.rollout,
  parameters: z.object({ cluster: parameters.cluster }),
  undo: z.object({ pods: z.array(z.object({ name: z.string(), uid: z.string() })) }),
  clusters: ({ cluster }) => [cluster],
  prepare: async (mesh, { cluster }) => {
    const pods = await podsOf(mesh.cluster(cluster), gatewayOf(mesh, cluster));
    return { pods: pods.map(({ name, uid }) => ({ name, uid })) };
  },
  inject: ({ mesh, id, parameters: { cluster } }) =>
    restart(mesh.cluster(cluster), gatewayOf(mesh, cluster), id),
  prove: ({ mesh, parameters: { cluster }, undo: { pods } }) =>
    proveGone(mesh.cluster(cluster), gatewayOf(mesh, cluster), pods, {
      withinMs: bounds.rollout.injectMs,
      successors: true,
    }),
  heal: async ({ mesh, parameters: { cluster } }) => {
    await restart(mesh.cluster(cluster), gatewayOf(mesh, cluster), null);
    await awaitPods(mesh.cluster(cluster), gatewayOf(mesh, cluster));
  },
  proveHealed: ({ mesh, parameters: { cluster } }) =>
    proveServed(mesh.cluster(cluster), gatewayOf(mesh, cluster), bounds.rollout.healMs),
});
