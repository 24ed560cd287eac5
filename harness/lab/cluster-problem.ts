import { openClusterApi } from '../mesh/cluster-api.ts';
import type { TopologyCluster } from '../mesh/topology.ts';
import { timeouts } from '../timeouts.ts';
import { CommandFailed } from './command.ts';
import { inspect } from './docker.ts';
import { labDocker, names, nodesOf, type EquippedLab, type Lab } from './lab.ts';
import type { Authorities } from './pki.ts';

/** In the control plane node once all of its creation is done: a cut-off one may answer and yet lack its network. */
export const finishedMark = '/kind/meshproof-finished';

/** What kubectl prints in a node; undefined whatever the cause: a cluster that does not answer is rebuilt. */
async function kubectl(lab: Lab, node: string, ...args: string[]): Promise<string | undefined> {
  const command = ['kubectl', '--kubeconfig', '/etc/kubernetes/admin.conf', ...args];
  try {
    return await labDocker(lab, ['exec', node, ...command], { limitMs: timeouts.apiMs });
  } catch {
    lab.signal?.throwIfAborted();
    return undefined;
  }
}

async function isFinished(lab: Lab, node: string): Promise<boolean> {
  try {
    await labDocker(lab, ['exec', node, 'test', '-f', finishedMark]);
    return true;
  } catch (error) {
    if (error instanceof CommandFailed) return false;
    throw error;
  }
}

/** A node keeps the image that it was made from; the settings of Istio and the workloads are those of the image of now. */
async function imageProblem(lab: EquippedLab, nodes: readonly string[]): Promise<string | undefined> {
  for (const node of nodes) {
    const image = await inspect(lab.engine, 'container', node, '{{.Config.Image}}', { signal: lab.signal });
    if (image !== lab.images.node)
      return `node ${node} was made from image ${image}, and labs are made from ${lab.images.node} now`;
  }
  return undefined;
}

function kubeconfigProblem(lab: Lab, cluster: TopologyCluster): string | undefined {
  const file = names.kubeconfig(lab.name, cluster.name);
  try {
    openClusterApi(cluster.name, names.context(lab.name, cluster.name), file);
    return undefined;
  } catch {
    return `its kubeconfig, ${file}, is gone or cannot be used`;
  }
}

/**
 * Proxies trust the root that istiod had when they were started, and istiod does not take another one while it runs. So a
 * cluster whose root is not the one of the lab's folder, which was lost or made for another topology, has to be made anew.
 */
async function rootProblem(lab: Lab, node: string, { root }: Authorities): Promise<string | undefined> {
  const query = ['get', 'secret', 'cacerts', '-n', 'istio-system', '--ignore-not-found'];
  const encoded = await kubectl(lab, node, ...query, '-o', 'jsonpath={.data.root-cert\\.pem}');
  if (encoded === undefined) return 'its API server does not answer';
  const used = Buffer.from(encoded, 'base64').toString().trim();
  if (used === '' || used === root.certificate.trim()) return undefined;
  return `its root certificate is not the one that is kept in ${lab.folder}`;
}

/**
 * What is wrong with a cluster so that it has to be made anew, or undefined when it runs and can go on with what the lab's
 * folder and the images of now are.
 */
export async function clusterProblem(
  lab: EquippedLab,
  cluster: TopologyCluster,
  authorities: Authorities,
): Promise<string | undefined> {
  const nodes = await nodesOf(lab, cluster);
  if (nodes.length === 0) return 'it does not exist';
  const stopped = nodes.filter((node) => !node.running);
  if (stopped.length > 0) return `${stopped.map(({ name }) => name).join(', ')} is stopped`;
  if (nodes.length !== cluster.nodes) return `it has ${nodes.length} of ${cluster.nodes} nodes`;
  const containers = nodes.map(({ name }) => name);
  const changed = (await imageProblem(lab, containers)) ?? kubeconfigProblem(lab, cluster);
  if (changed !== undefined) return changed;
  const [controlPlane = ''] = containers;
  if (!(await isFinished(lab, controlPlane))) return 'its creation was cut off';
  if ((await kubectl(lab, controlPlane, 'get', '--raw', '/readyz')) === undefined)
    return 'its API server does not answer';
  return rootProblem(lab, controlPlane, authorities);
}
