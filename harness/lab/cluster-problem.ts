import { CommandFailed } from '../base/command.ts';
import { inspect } from '../base/docker.ts';
import { timeouts } from '../base/timeouts.ts';
import type { TopologyCluster } from '../config/topology.ts';
import { openClusterApi } from '../kube/cluster-api.ts';
import { labDocker, names, nodesOf, type EquippedLab, type Lab } from './lab.ts';
import type { Authorities } from './pki.ts';

/** In the control plane node once all of its creation is done: a cut-off one may answer and yet lack its network. */
export const finishedMark = '/kind/meshproof-finished';

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

/** Asked in the node, of its own API server: whether it was finished, whether it answers, and the root of its istiod, if it has one. */
const askRoot = [
  `test -f ${finishedMark} || exit 3`,
  "kubectl --kubeconfig /etc/kubernetes/admin.conf get secret cacerts -n istio-system --ignore-not-found -o 'jsonpath={.data.root-cert\\.pem}'",
].join('; ');

/**
 * Proxies trust the root that istiod had when they were started, and istiod does not take another one while it runs. So a
 * cluster whose root is not the one of the lab's folder, which was lost or made for another topology, has to be made anew.
 */
async function inNodeProblem(lab: Lab, node: string, { root }: Authorities): Promise<string | undefined> {
  let encoded: string;
  try {
    encoded = await labDocker(lab, ['exec', node, 'sh', '-c', askRoot], { limitMs: timeouts.apiMs });
  } catch (error) {
    lab.signal?.throwIfAborted();
    if (error instanceof CommandFailed && error.exitCode === 3) return 'its creation was cut off';
    return 'its API server does not answer'; // whatever the cause: one that does not answer is rebuilt
  }
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
  return inNodeProblem(lab, containers[0] ?? '', authorities);
}
