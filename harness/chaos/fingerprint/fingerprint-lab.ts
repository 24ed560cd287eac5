import type { Mesh } from '../../mesh/attach.ts';
import { attachmentsOf, labOf, nodeContainers, shell, type LabAccess } from '../lab-containers.ts';

/** The traits of a lab: the rules and queues of the link, and the state, networks, routes and rules of each node. */
export async function labTraits(mesh: Mesh): Promise<Record<string, string>> {
  const lab = labOf(mesh);
  const nodes = mesh.clusters.map(async ({ name: cluster }) => {
    const traits = (await nodeContainers(lab, cluster)).map(({ name, state }) =>
      nodeTraits(lab, name, state),
    );
    return Object.assign({}, ...(await Promise.all(traits))) as Record<string, string>;
  });
  return Object.assign({}, await linkTraits(lab), ...(await Promise.all(nodes))) as Record<string, string>;
}

async function linkTraits(lab: LabAccess): Promise<Record<string, string>> {
  const rules = await shell(lab, lab.link, "iptables-save -t filter | grep -v '^#'");
  const queues = await shell(lab, lab.link, 'tc qdisc show');
  return {
    'link, rules': withoutCounters(rules),
    'link, queues': queues.replaceAll(/ refcnt \d+/g, '').trim(),
  };
}

const withoutCounters = (saved: string): string =>
  saved
    .replaceAll(/ \[\d+:\d+\]/g, '')
    .split('\n')
    .join('; ');

async function nodeTraits(lab: LabAccess, name: string, state: string): Promise<Record<string, string>> {
  if (state !== 'running') return { [`node ${name}, state`]: state };
  // Routes of pods come and go. Routes through other hosts reach other networks.
  const routes = await shell(lab, name, 'ip -4 route show | grep via | sort');
  // kube-proxy names the namespace of meshproof in its rules, so only rules with a chain of meshproof count, and the
  // state of the devices.
  const rules = "iptables-save -t filter | grep -E '(:| )meshproof-' | sort || true";
  const devices = "ip -o link show | grep -oE '^[0-9]+: eth[^<]+<[^>]*>' | sed 's/^[0-9]*: //' || true";
  const chains = await shell(lab, name, `${rules}; ${devices}`);
  const places = await attachmentsOf(lab, name);
  return {
    [`node ${name}, state`]: state,
    [`node ${name}, networks`]: places.map(({ network, address }) => `${network} ${address}`).join(', '),
    [`node ${name}, routes`]: routes.split('\n').join('; '),
    [`node ${name}, rules and devices`]: chains.split('\n').join('; '),
  };
}
