import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { timeouts } from '../../base/timeouts.ts';
import { whileWaiting } from '../../base/waiting.ts';
import { askApiServer, proveAnswering } from '../api-server.ts';
import { bounds, longestWatchPauseMs } from '../bounds.ts';
import { defineFault } from '../fault.ts';
import { addChain, chainOf, chainText, removeChain } from '../iptables.ts';
import { changeIn, connectFrom, controlPlaneOf, labOf, nodeAddress, undoIn } from '../lab-containers.ts';
import { parameters } from '../parameters.ts';

const port = 6443;

/**
 * Blocks the API server for all clients outside its node: other clusters, this machine, and pods, istiod among them.
 * A rule in the node blocks it, because such a rule is removed in an instant and without the API server. Loopback is
 * spared: otherwise the liveness probe of the kubelet fails, and the kubelet restarts the API server again and again.
 */
export const apiServerDown = defineFault({
  id: 'api-server-down',
  title: 'The API server of a cluster does not answer outside its node',
  disturbs: 'control-plane',
  needsLab: true,
  stage: 'api-server',
  bounds: bounds.apiServer,
  parameters: z.object({
    cluster: parameters.cluster,
    how: z
      .enum(['refused', 'silent'])
      .default('refused')
      .describe('refused: as without its process. silent: as without its machine.'),
  }),
  undo: z.object({ node: z.string(), lostAtMs: z.number().optional() }), // older entries have no time
  clusters: ({ cluster }) => [cluster],
  prepare: async (mesh, { cluster }) => {
    const { answered, words } = await askApiServer(mesh.cluster(cluster));
    if (!answered)
      throw new Error(`The API server of ${cluster} is ${words} before the fault, which proves nothing.`);
    return { node: await controlPlaneOf(labOf(mesh), cluster), lostAtMs: Date.now() };
  },
  inject: async ({ mesh, id, parameters: { how }, undo: { node } }) => {
    const matches = [{ notIn: 'lo', to: port }];
    const text = chainText(chainOf(id), 'INPUT', matches, { kind: how === 'silent' ? 'drop' : 'reset' });
    await changeIn(labOf(mesh), node, id, addChain(text));
  },
  prove: async ({ mesh, parameters: { cluster } }) => {
    const lab = labOf(mesh);
    const { answered, words } = await askApiServer(mesh.cluster(cluster));
    const fromLink = await connectFrom(lab, lab.link, await nodeAddress(lab, cluster), port);
    const seen = `asked from here it is ${words}, from the link ${fromLink.how} after ${fromLink.afterMs} ms`;
    if (answered || fromLink.how === 'answered')
      throw new Error(`The API server of ${cluster} still answers: ${seen}.`);
    return `the API server of ${cluster} answered before; ${seen}`;
  },
  heal: async ({ mesh, id, undo: { node } }) => {
    await undoIn(labOf(mesh), node, id, removeChain(chainOf(id), 'INPUT'));
  },
  proveHealed: async ({ mesh, parameters: { cluster }, undo: { lostAtMs = 0 } }) => {
    const answering = await proveAnswering(mesh.cluster(cluster), bounds.apiServer.healMs - timeouts.watchMs);
    const pauseMs = longestWatchPauseMs(Date.now() - lostAtMs);
    await whileWaiting(() => delay(pauseMs));
    return `${answering}; its clients had to watch it again in the ${(pauseMs / 1000).toFixed(0)} s since`;
  },
});
