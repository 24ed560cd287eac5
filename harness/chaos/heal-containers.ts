import type { Mesh } from '../mesh/attach.ts';
import { chainsIn, removeChain } from './iptables.ts';
import { inLab, isRunning, labOf, nodeContainers, shell, type LabAccess } from './lab.ts';
import { restoreNodeNetwork } from './node-network.ts';
import { ourDisciplines, removeQueue } from './link/queue-fault.ts';

/**
 * Takes away what faults have left in a lab's containers, by what can be seen of it: nodes that are paused, or have lost their
 * device or routes, chains of ours in the link and in the nodes, queues of the link. Containers that do not run are let be: it was not a fault that stopped them.
 *
 * @returns what was healed, a line each.
 */
export async function healContainers(mesh: Mesh): Promise<string[]> {
  const lab = labOf(mesh);
  const healed: string[] = [];
  const running: string[] = [];
  for (const cluster of mesh.clusters) {
    for (const { name, state } of await nodeContainers(lab, cluster.name)) {
      if (state === 'paused') {
        await inLab(lab, ['unpause', name]);
        healed.push(`${cluster.name}: let node ${name} go on`);
      }
      if (!(await isRunning(lab, name))) continue;
      running.push(name);
      healed.push(...(await restoreNodeNetwork(lab, name)));
    }
  }
  if (await isRunning(lab, lab.link)) {
    running.push(lab.link);
    healed.push(...(await removeQueues(lab)));
  }
  for (const container of running) healed.push(...(await removeChains(lab, container)));
  return healed;
}

async function removeChains(lab: LabAccess, container: string): Promise<string[]> {
  const chains = chainsIn(await shell(lab, container, 'iptables-save -t filter'));
  for (const { chain, hook } of chains) await shell(lab, container, removeChain(chain, hook));
  return chains.map(({ chain }) => `${container}: removed iptables chain ${chain}`);
}

async function removeQueues(lab: LabAccess): Promise<string[]> {
  const shown = await shell(lab, lab.link, 'tc qdisc show');
  const lines = [...shown.matchAll(/^qdisc (\S+) \S+ dev (\S+) root/gm)];
  const ours = lines.filter(([, name]) => ourDisciplines.some((one) => one === name));
  for (const [, , device = ''] of ours) await shell(lab, lab.link, removeQueue(device));
  return ours.map(([, name, device]) => `${lab.link}: removed ${name} from ${device}`);
}
