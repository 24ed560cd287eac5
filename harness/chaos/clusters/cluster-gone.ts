import { z } from 'zod';
import { settleAll } from '../../base/settle-all.ts';
import { askApiServer, proveAtWork } from '../api-server.ts';
import { bounds } from '../bounds.ts';
import { defineFault } from '../fault.ts';
import {
  attachmentsOf,
  changeIn,
  connectFrom,
  labOf,
  nodeContainers,
  shell,
  undoIn,
  type LabAccess,
} from '../lab-containers.ts';
import { parameters } from '../parameters.ts';

const attached = z.object({
  node: z.string(),
  address: z.string(),
  device: z.string(),
  /** The routes through other hosts, as `ip route` accepts them. A device loses them when it goes down. */
  routes: z.array(z.string()),
});
type Attached = z.infer<typeof attached>;

/**
 * Sets the network devices of the nodes down: no address of the cluster answers, not even with a refusal, as after
 * the loss of a site. Two other methods were rejected. Nodes that are stopped and started take a minute, and so do
 * all pods. Nodes that are detached from their Docker network get a device with another name. This one heals in an
 * instant, by a command in a container that needs no network, and the pods keep running.
 */
export const clusterGone = defineFault({
  id: 'cluster-gone',
  title: 'A whole cluster is gone: its addresses do not answer',
  disturbs: 'cluster',
  needsLab: true,
  stage: 'cluster',
  bounds: bounds.cluster,
  parameters: z.object({ cluster: parameters.cluster }),
  undo: z.object({ nodes: z.array(attached) }),
  clusters: ({ cluster }) => [cluster],
  prepare: async (mesh, { cluster }) => {
    const { answered, words } = await askApiServer(mesh.cluster(cluster));
    if (!answered)
      throw new Error(`The API server of ${cluster} is ${words} before the fault, which proves nothing.`);
    const lab = labOf(mesh);
    const nodes = await nodeContainers(lab, cluster);
    return { nodes: await Promise.all(nodes.map(({ name }) => attachedOf(lab, name))) };
  },
  inject: async ({ mesh, id, undo: { nodes } }) => {
    const lab = labOf(mesh);
    await settleAll(nodes.map(({ node, device }) => changeIn(lab, node, id, `ip link set ${device} down`)));
  },
  prove: async ({ mesh, parameters: { cluster }, undo: { nodes } }) => {
    const lab = labOf(mesh);
    const address = nodes[0]?.address ?? '';
    const { answered, words } = await askApiServer(mesh.cluster(cluster));
    const fromLink = await connectFrom(lab, lab.link, address, 6443);
    const seen = `asked from here its API server is ${words}, from the link ${address}:6443 is ${fromLink.how} after ${fromLink.afterMs} ms`;
    if (answered || fromLink.how === 'answered')
      throw new Error(`Cluster ${cluster} still answers: ${seen}.`);
    return `${nodes.map(({ node, device }) => `${device} of ${node}`).join(', ')} is down; ${seen}`;
  },
  heal: async ({ mesh, id, undo: { nodes } }) => {
    const lab = labOf(mesh);
    const bringBack = ({ node, device, routes }: Attached) => {
      const replace = routes.map((route) => `ip route replace ${route}`);
      return undoIn(lab, node, id, [`ip link set ${device} up`, ...replace].join('; '));
    };
    await settleAll(nodes.map(bringBack));
  },
  proveHealed: ({ mesh, parameters: { cluster } }) =>
    proveAtWork(mesh, mesh.cluster(cluster), bounds.cluster.healMs),
});

/** The device of a node on the network of the lab, with the routes through it. */
async function attachedOf(lab: LabAccess, node: string): Promise<Attached> {
  const [place] = await attachmentsOf(lab, node);
  const printed = await shell(lab, node, 'ip -json -4 address show scope global');
  const devices = JSON.parse(printed) as { ifname: string; addr_info: { local: string }[] }[];
  const device = devices.find(({ addr_info }) =>
    addr_info.some(({ local }) => local === place?.address),
  )?.ifname;
  if (!place || device === undefined)
    throw new Error(
      `Node ${node} does not have a device with an address on a Docker network before the fault.`,
    );
  const routes = await shell(lab, node, `ip -4 route show | grep 'dev ${device}' | grep ' via ' || true`);
  return {
    ...{ node, device, address: place.address },
    routes: routes.split('\n').flatMap((route) => (route.trim() === '' ? [] : [route.trim()])),
  };
}
