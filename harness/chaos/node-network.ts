import { inLab, attachmentsOf, shell, type LabAccess } from './lab-containers.ts';

/**
 * Gives a node its place on the lab's network back, by what Docker and the link tell of it: its device up, its way out, and
 * its ways to the other networks through the link. A node loses them when its device goes down and when it is restarted.
 *
 * @returns what was missing, a line each.
 */
export async function restoreNodeNetwork(lab: LabAccess, node: string): Promise<string[]> {
  const [place] = await attachmentsOf(lab, node);
  if (!place) return [];
  const [device, present, ways] = await Promise.all([
    deviceWith(lab, node, place.address),
    shell(lab, node, 'ip -4 route show'),
    waysFrom(lab, node, place.network),
  ]);
  if (device === undefined) return [];
  const restored: string[] = [];
  if (!device.up) {
    await shell(lab, node, `ip link set ${device.name} up`);
    restored.push(`${node}: set ${device.name} up`);
  }
  // The routes of a device that was down are gone with it, so what was read before it is up is still so.
  for (const route of ways) {
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

/** The routes of a node that are not the kernel's own, as `ip route show` prints them. */
async function waysFrom(lab: LabAccess, node: string, network: string): Promise<string[]> {
  const format = `{{(index .NetworkSettings.Networks "${network}").Gateway}}`;
  const [gateway, link] = await Promise.all([
    inLab(lab, ['inspect', '--format', format, node]),
    attachmentsOf(lab, lab.link),
  ]);
  const via = link.find((one) => one.network === network)?.address;
  const others = link.filter((one) => one.network !== network);
  const subnets = await Promise.all(others.map((one) => subnetOf(lab, one.network)));
  const ways = via === undefined ? [] : subnets.map((subnet) => `${subnet} via ${via}`);
  return gateway === '' ? ways : [`default via ${gateway}`, ...ways];
}

const subnetOf = (lab: LabAccess, network: string): Promise<string> =>
  inLab(lab, ['network', 'inspect', '--format', '{{(index .IPAM.Config 0).Subnet}}', network]);
