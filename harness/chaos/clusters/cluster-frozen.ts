import { z } from 'zod';
import { askApiServer, proveAtWork } from '../api-server.ts';
import { bounds } from '../bounds.ts';
import { defineFault } from '../fault.ts';
import { inLab, labOf, nodeContainers } from '../lab-containers.ts';
import { parameters } from '../parameters.ts';

/** Pauses all processes of the cluster. Its kernels still accept TCP connections, but nothing answers. */
export const clusterFrozen = defineFault({
  id: 'cluster-frozen',
  title: 'A whole cluster is frozen: its kernels accept connections, and nothing answers',
  disturbs: 'cluster',
  needsLab: true,
  stage: 'cluster',
  bounds: bounds.cluster,
  parameters: z.object({ cluster: parameters.cluster }),
  undo: z.object({ nodes: z.array(z.string()) }),
  clusters: ({ cluster }) => [cluster],
  prepare: async (mesh, { cluster }) => {
    const nodes = await nodeContainers(labOf(mesh), cluster);
    const other = nodes.find(({ state }) => state !== 'running');
    if (other)
      throw new Error(`Node ${other.name} is ${other.state} before the fault, which proves nothing.`);
    return { nodes: nodes.map(({ name }) => name) };
  },
  inject: async ({ mesh, undo: { nodes } }) => {
    await inLab(labOf(mesh), ['pause', ...nodes]);
  },
  prove: async ({ mesh, parameters: { cluster } }) => {
    const nodes = await nodeContainers(labOf(mesh), cluster);
    const running = nodes.filter(({ state }) => state !== 'paused');
    if (running.length > 0) throw new Error(`Node ${running[0]?.name} is ${running[0]?.state}, not paused.`);
    const { answered, words } = await askApiServer(mesh.cluster(cluster));
    if (answered) throw new Error(`The API server of ${cluster} ${words}, though its node is paused.`);
    return `Docker has ${nodes.map(({ name }) => name).join(', ')} paused; the API server of ${cluster} is ${words}`;
  },
  heal: async ({ mesh, parameters: { cluster } }) => {
    const lab = labOf(mesh);
    const frozen = (await nodeContainers(lab, cluster)).filter(({ state }) => state === 'paused');
    for (const { name } of frozen) await inLab(lab, ['unpause', name]);
  },
  proveHealed: ({ mesh, parameters: { cluster } }) =>
    proveAtWork(mesh, mesh.cluster(cluster), bounds.cluster.healMs),
});
