import { CommandFailed } from '../base/command.ts';
import { inspect } from '../base/docker.ts';
import { timeouts } from '../base/timeouts.ts';
import type { TopologyCluster } from '../config/topology.ts';
import { openClusterApi } from '../kube/cluster-api.ts';
import { labDocker, names, nodesOf, type EquippedLab, type Lab } from './lab.ts';
import type { Authorities } from './pki.ts';

/** A file in the control plane node, written at the end of its creation. An interrupted node may answer but lack its network. */
export const finishedMark = '/kind/meshproof-finished';

/** A node keeps its image, but the settings of Istio and of the workloads follow the current image. */
async function imageProblem(lab: EquippedLab, nodes: readonly string[]): Promise<string | undefined> {
  for (const node of nodes) {
    const image = await inspect(lab.engine, 'container', node, '{{.Config.Image}}', { signal: lab.signal });
    if (image !== lab.images.node)
      return `node ${node} has image ${image}, but the current image is ${lab.images.node}`;
  }
  return undefined;
}

function kubeconfigProblem(lab: Lab, cluster: TopologyCluster): string | undefined {
  const file = names.kubeconfig(lab.name, cluster.name);
  try {
    openClusterApi(cluster.name, names.context(lab.name, cluster.name), file);
    return undefined;
  } catch {
    return `its kubeconfig ${file} is missing or invalid`;
  }
}

/** A script for the node: whether its creation was finished, whether its API server answers, and the root of its istiod. */
const askRoot = [
  `test -f ${finishedMark} || exit 3`,
  "kubectl --kubeconfig /etc/kubernetes/admin.conf get secret cacerts -n istio-system --ignore-not-found -o 'jsonpath={.data.root-cert\\.pem}'",
].join('; ');

/**
 * Proxies trust the root that istiod had at their start, and a running istiod does not load another root. So a cluster must be
 * rebuilt if its root is not the one in the lab's folder, which was lost or belongs to another topology.
 */
async function inNodeProblem(lab: Lab, node: string, { root }: Authorities): Promise<string | undefined> {
  let encoded: string;
  try {
    encoded = await labDocker(lab, ['exec', node, 'sh', '-c', askRoot], { limitMs: timeouts.apiMs });
  } catch (error) {
    lab.signal?.throwIfAborted();
    if (error instanceof CommandFailed && error.exitCode === 3) return 'its creation was interrupted';
    return 'its API server does not answer'; // for any cause: a rebuild repairs it
  }
  const used = Buffer.from(encoded, 'base64').toString().trim();
  if (used === '' || used === root.certificate.trim()) return undefined;
  return `its root certificate is not the one in ${lab.folder}`;
}

/**
 * The reason why a cluster must be rebuilt, or undefined if it runs and matches the lab's folder and the current images.
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
