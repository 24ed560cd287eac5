import { settleAll } from '../../base/settle-all.ts';
import type { Mesh } from '../../mesh/attach.ts';
import { chainsIn, removeChain } from '../iptables.ts';
import {
  inLab,
  isRunning,
  labOf,
  nodeContainers,
  shell,
  type LabAccess,
  type NodeContainer,
} from '../lab-containers.ts';
import { ownDisciplines, removeQueue } from '../link/queue-fault.ts';
import { restoreNodeNetwork } from '../node-network.ts';

/**
 * Heals the leftovers of faults in the containers of a lab: paused nodes, nodes without their device or routes,
 * chains of meshproof in the link and in the nodes, queues of the link. A container that does not run is left alone,
 * because a fault did not stop it.
 *
 * @returns the healed leftovers, a line each.
 */
export async function healContainers(mesh: Mesh): Promise<string[]> {
  const lab = labOf(mesh);
  // The containers do not depend on each other, so they are healed side by side.
  const healed = await settleAll([...mesh.clusters.map(({ name }) => healNodes(lab, name)), healLink(lab)]);
  return healed.flat();
}

async function healNodes(lab: LabAccess, cluster: string): Promise<string[]> {
  const nodes = await nodeContainers(lab, cluster);
  return (await settleAll(nodes.map((node) => healNode(lab, cluster, node)))).flat();
}

async function healNode(lab: LabAccess, cluster: string, { name, state }: NodeContainer): Promise<string[]> {
  const healed: string[] = [];
  if (state === 'paused') {
    await inLab(lab, ['unpause', name]);
    healed.push(`${cluster}: unpaused node ${name}`);
  }
  const runs = state === 'running' || (state === 'paused' && (await isRunning(lab, name)));
  if (!runs) return healed;
  const parts = await settleAll([restoreNodeNetwork(lab, name), removeChains(lab, name)]);
  return [...healed, ...parts.flat()];
}

async function healLink(lab: LabAccess): Promise<string[]> {
  if (!(await isRunning(lab, lab.link))) return [];
  return (await settleAll([removeQueues(lab), removeChains(lab, lab.link)])).flat();
}

async function removeChains(lab: LabAccess, container: string): Promise<string[]> {
  const chains = chainsIn(await shell(lab, container, 'iptables-save -t filter'));
  for (const { chain, hook } of chains) await shell(lab, container, removeChain(chain, hook));
  return chains.map(({ chain }) => `${container}: removed iptables chain ${chain}`);
}

async function removeQueues(lab: LabAccess): Promise<string[]> {
  const shown = await shell(lab, lab.link, 'tc qdisc show');
  const lines = [...shown.matchAll(/^qdisc (\S+) \S+ dev (\S+) root/gm)];
  const found = lines.filter(([, name]) => ownDisciplines.some((one) => one === name));
  for (const [, , device = ''] of found) await shell(lab, lab.link, removeQueue(device));
  return found.map(([, name, device]) => `${lab.link}: removed ${name} from ${device}`);
}
