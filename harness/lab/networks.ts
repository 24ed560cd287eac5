import { docker, inspect } from '../base/docker.ts';
import { overlap as overlapOf, subnetOf as parse } from '../config/subnet.ts';
import { labDocker, labLabel, names, type Lab } from './lab.ts';
import { labelsOf, refuseForeign } from './owner.ts';

/** The subnets for networks with `subnet: auto`: `10.77.0.0/16` in /24 pieces. */
const pool = Array.from({ length: 256 }, (_, index) => `10.77.${index}.0/24`);

const overlap = (a: string, b: string): boolean => overlapOf(parse(a), parse(b));

async function subnetsInUse(lab: Lab): Promise<{ network: string; subnet: string }[]> {
  const ids = (await labDocker(lab, ['network', 'ls', '-q'])).split('\n').filter((id) => id !== '');
  const format = '{{.Name}}{{range .IPAM.Config}} {{.Subnet}}{{end}}';
  const printed = await labDocker(lab, ['network', 'inspect', '--format', format, ...ids]);
  return printed.split('\n').flatMap((line) => {
    const [network = '', ...subnets] = line.split(' ');
    return subnets.filter((subnet) => /^[\d.]+\/\d+$/.test(subnet)).map((subnet) => ({ network, subnet }));
  });
}

async function create(lab: Lab, name: string, subnet: string): Promise<void> {
  const labels = Object.entries(labelsOf(lab)).flatMap(([key, value]) => ['--label', `${key}=${value}`]);
  await labDocker(lab, ['network', 'create', ...labels, '--subnet', subnet, name]);
}

async function ensureNetwork(lab: Lab, network: Lab['topology']['networks'][number]): Promise<string> {
  const name = names.network(lab.name, network.name);
  const owner = await inspect(lab.engine, 'network', name, `{{index .Labels "${labLabel}"}}`, {
    signal: lab.signal,
  });
  if (owner === lab.name) return 'already there';
  if (owner !== undefined) {
    throw new Error(
      `Network ${network.name} cannot be created: meshproof did not create the existing Docker network ${name}. Remove it (docker network rm ${name}) or choose another --name.`,
    );
  }
  const used = await subnetsInUse(lab);
  if (network.subnet !== 'auto') {
    const taken = used.find(({ subnet }) => overlap(subnet, network.subnet));
    if (taken) {
      throw new Error(
        `Network ${network.name} cannot be created: its subnet ${network.subnet} overlaps ${taken.subnet} of Docker network ${taken.network}. ` +
          'Choose another subnet in the topology, or `auto`.',
      );
    }
    await create(lab, name, network.subnet);
    return network.subnet;
  }
  for (const subnet of pool.filter((free) => !used.some((taken) => overlap(taken.subnet, free)))) {
    try {
      await create(lab, name, subnet);
      return subnet;
    } catch (error) {
      // Another lab or a route of the host may use the subnet: Docker decides, and the next subnet may be free.
      if (!/overlaps|Pool/.test(String(error))) throw error;
    }
  }
  throw new Error(
    `Docker network ${name} cannot be created: 10.77.0.0/16 has no free subnet. Set its subnet in the topology.`,
  );
}

/**
 * Creates the lab's Docker networks, or finds them. Returns their subnets, for progress.
 *
 * @throws ForeignLab if another checkout has created a lab of that name, perhaps while the images were built.
 */
export async function ensureNetworks(lab: Lab): Promise<string> {
  await refuseForeign(lab);
  const subnets = [];
  // One after another: each network takes a free subnet.
  for (const network of lab.topology.networks) subnets.push(await ensureNetwork(lab, network));
  return subnets.join(', ');
}

/** The subnet of one of the lab's networks. */
export async function subnetOf(lab: Lab, network: string): Promise<string> {
  const format = '{{(index .IPAM.Config 0).Subnet}}';
  return docker(lab.engine, ['network', 'inspect', '--format', format, names.network(lab.name, network)], {
    signal: lab.signal,
  });
}
