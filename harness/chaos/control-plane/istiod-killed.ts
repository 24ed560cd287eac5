import { z } from 'zod';
import { settleAll } from '../../base/settle-all.ts';
import { bounds } from '../bounds.ts';
import { defineFault } from '../fault.ts';
import { parameters } from '../parameters.ts';
import { awaitSuccessors, killPods, podsOf } from '../scale.ts';
import { proveGone } from '../endpoint-removal.ts';
import { awaitConnected, istiods } from './istiod-down.ts';

const deployment = z.object({
  namespace: z.string(),
  name: z.string(),
  pods: z.array(z.object({ name: z.string(), uid: z.string() })),
});

/** Every istiod of a cluster starts again, as after the loss of its node. Healing only waits. */
export const istiodKilled = defineFault({
  id: 'istiod-killed',
  title: 'The istiods of a cluster are killed; others follow',
  disturbs: 'control-plane',
  needsLab: false,
  stage: 'rest',
  bounds: bounds.istiod,
  parameters: z.object({ cluster: parameters.cluster }),
  undo: z.object({ deployments: z.array(deployment) }),
  clusters: ({ cluster }) => [cluster],
  prepare: async (mesh, { cluster: name }) => {
    const cluster = mesh.cluster(name);
    const found = await Promise.all(
      (await istiods(mesh, cluster)).map(async (one) => ({ ...one, pods: await podsOf(cluster, one) })),
    );
    if (!found.some(({ pods }) => pods.some(({ ready }) => ready)))
      throw new Error(
        `Cluster ${name}: namespace ${mesh.file.rootNamespace} has no ready pod of istiod (label app=istiod) to kill.`,
      );
    return {
      deployments: found
        .filter(({ pods }) => pods.length > 0)
        .map((one) => ({
          namespace: one.namespace,
          name: one.name,
          pods: one.pods.map((pod) => ({ name: pod.name, uid: pod.uid })),
        })),
    };
  },
  inject: ({ mesh, parameters: { cluster }, undo: { deployments } }) =>
    settleAll(
      deployments.map(({ namespace, pods }) =>
        killPods(
          mesh.cluster(cluster),
          pods.map(({ name }) => ({ namespace, name })),
        ),
      ),
    ).then(() => undefined),
  prove: async ({ mesh, parameters: { cluster }, undo: { deployments } }) => {
    const within = { withinMs: bounds.istiod.injectMs, successors: true };
    const evidence = await Promise.all(
      deployments.map((one) => proveGone(mesh.cluster(cluster), one, one.pods, within)),
    );
    return evidence.join('; ');
  },
  heal: ({ mesh, parameters: { cluster }, undo: { deployments } }) =>
    settleAll(deployments.map((one) => awaitSuccessors(mesh.cluster(cluster), one, one.pods))).then(
      () => undefined,
    ),
  proveHealed: async ({ mesh, parameters: { cluster } }) => {
    const proxies = await awaitConnected(mesh, mesh.cluster(cluster), bounds.istiod.healMs);
    return `${cluster}: istiod lists all ${proxies} client proxies as connected (syncz)`;
  },
});
