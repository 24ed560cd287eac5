import { inLab, attachmentsOf, shell, type LabAccess } from './lab-containers.ts';

/**
 * Restores the network of a node from Docker and the link: its device, its default route, and its routes to the other
 * networks through the link. A node loses them when its device goes down, and when it is restarted.
 *
 * @returns the restored parts, a line each.
 */
export async function restoreNodeNetwork(lab: LabAccess, node: string): Promise<string[]> {
  const [place] = await attachmentsOf(lab, node);
  if (!place) return [];
  const [device, present, routes] = await Promise.all([
    deviceWith(lab, node, place.address),
    shell(lab, node, 'ip -4 route show'),
    routesFrom(lab, node, place.network),
  ]);
  if (device === undefined) return [];
  const restored: string[] = [];
  if (!device.up) {
    await shell(lab, node, `ip link set ${device.name} up`);
    restored.push(`${node}: set ${device.name} up`);
  }
  // The routes of a device that was down are gone with it, so the routes that were read before are still right.
  for (const route of routes) {
    if (present.includes(route)) continue;
    await shell(lab, node, `ip route replace ${route}`);
    restored.push(`${node}: restored the route ${route}`);
  }
  return restored;
}

async function deviceWith(
  lab: LabAccess,
  node: string,
  address: string,
): Promise<{ name: string; up: boolean } | undefined> {
  const printed = await shell(lab, node, 'ip -json -4 address show scope global');
  const devices = JSON.parse(printed) as {
    ifname: string;
    flags: string[];
    addr_info: { local: string }[];
  }[];
  const found = devices.find(({ addr_info }) => addr_info.some(({ local }) => local === address));
  return found && { name: found.ifname, up: found.flags.includes('UP') };
}

/** The routes of a node except those of its kernel, as `ip route show` prints them. */
async function routesFrom(lab: LabAccess, node: string, network: string): Promise<string[]> {
  const format = `{{(index .NetworkSettings.Networks "${network}").Gateway}}`;
  const [gateway, link] = await Promise.all([
    inLab(lab, ['inspect', '--format', format, node]),
    attachmentsOf(lab, lab.link),
  ]);
  const via = link.find((one) => one.network === network)?.address;
  const others = link.filter((one) => one.network !== network);
  const subnets = await Promise.all(others.map((one) => subnetOf(lab, one.network)));
  const routes = via === undefined ? [] : subnets.map((subnet) => `${subnet} via ${via}`);
  return gateway === '' ? routes : [`default via ${gateway}`, ...routes];
}

const subnetOf = (lab: LabAccess, network: string): Promise<string> =>
  inLab(lab, ['network', 'inspect', '--format', '{{(index .IPAM.Config 0).Subnet}}', network]);
