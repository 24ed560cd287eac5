import { z } from 'zod';
import type { Mesh } from '../../mesh/attach.ts';
import type { Match } from '../iptables.ts';
import {
  attachmentsOf,
  controlPlaneOf,
  labOf,
  nodeAddress,
  shell,
  type LabAccess,
} from '../lab-containers.ts';
import { InvalidParameters } from '../parameters.ts';

/** The parameters of faults that drop some of the traffic of the link. */
export const directionParameters = {
  ports: z
    .enum(['data', 'discovery', 'both'])
    .default('both')
    .describe('data: 15443, to the east-west gateways; discovery: 6443, to the API servers.'),
  from: z
    .string()
    .optional()
    .describe('Only traffic that this cluster sends or opens; default: every cluster.'),
  to: z.string().optional().describe('Only traffic towards this cluster; default: every cluster.'),
  oneWay: z
    .enum(['connections', 'packets'])
    .default('connections')
    .describe(
      'With from or to: connections that are opened in that direction, or packets in that direction of all connections.',
    ),
};

export type DirectionParameters = z.output<z.ZodObject<typeof directionParameters>>;

/** A direction of the traffic of the link, from the network of one cluster to that of another. */
export interface Direction {
  from: string;
  to: string;
  /** The interfaces of the link at both ends. */
  in: string;
  out: string;
}

/** The traffic of a link fault. */
export interface Passage {
  ways: Direction[];
  ports: number[];
  oneWay: 'connections' | 'packets';
}

/** The schema of a {@link Passage} in the journal. */
export const passageSchema = z.object({
  ways: z.array(z.object({ from: z.string(), to: z.string(), in: z.string(), out: z.string() })),
  ports: z.array(z.int()),
  oneWay: z.enum(['connections', 'packets']),
});

/**
 * The traffic that parameters select. Throws InvalidParameters if it is empty, and an error if the link does not run.
 */
export async function passageOf(mesh: Mesh, parameters: DirectionParameters): Promise<Passage> {
  const lab = labOf(mesh);
  const ports = lab.forwards
    .filter(({ purpose }) => parameters.ports === 'both' || purpose === parameters.ports)
    .map(({ port }) => port);
  const interfaces = await interfacesOf(lab);
  const side = async (cluster: string) => {
    const address = await nodeAddress(lab, cluster);
    const found = interfaces.find(({ covers }) => covers(address));
    if (found) return found.name;
    throw new Error(
      `The link ${lab.link} does not have an interface in the network of cluster ${cluster} (${address}).`,
    );
  };
  const { from, to, oneWay } = parameters;
  const names = mesh.clusters.map(({ name }) => name);
  const pairs = names.flatMap((one) => names.filter((other) => other !== one).map((other) => [one, other]));
  const wanted = pairs.filter(
    ([one, other]) => (from === undefined || one === from) && (to === undefined || other === to),
  );
  if (wanted.length === 0 || ports.length === 0)
    throw new InvalidParameters(
      `The link does not carry ${parameters.ports} traffic from ${from ?? 'any'} to ${to ?? 'any'}.`,
    );
  const ways = wanted.map(async ([one = '', other = '']) => ({
    ...{ from: one, to: other, in: await side(one), out: await side(other) },
  }));
  return { ways: await Promise.all(ways), ports, oneWay };
}

/**
 * The packets of a passage. With `connections`, those of the client and the answers to them; with `packets`, all in
 * that direction, of clients and of servers.
 */
export function matchesOf({ ways, ports, oneWay }: Passage): Match[] {
  const each = ways.flatMap((direction) => ports.map((port) => ({ direction, port })));
  const matches = each.flatMap(({ direction, port }): Match[] => [
    { in: direction.in, out: direction.out, to: port },
    oneWay === 'packets'
      ? { in: direction.in, out: direction.out, from: port }
      : { in: direction.out, out: direction.in, from: port },
  ]);
  return [...new Map(matches.map((match) => [JSON.stringify(match), match])).values()];
}

/** `west→east 15443+6443`, for messages. */
export function passageText({ ways, ports, oneWay }: Passage): string {
  const two = ways.some((direction) =>
    ways.some(({ from, to }) => from === direction.to && to === direction.from),
  );
  const where = two
    ? [...new Set(ways.map(({ from }) => from))].join('↔')
    : ways.map(({ from, to }) => `${from}→${to}`).join(', ');
  return `${where} ${ports.join('+')}${!two && oneWay === 'packets' ? ', packets in that direction' : ''}`;
}

interface Interface {
  name: string;
  covers: (address: string) => boolean;
}

async function interfacesOf(lab: LabAccess): Promise<Interface[]> {
  const printed = await shell(lab, lab.link, 'ip -json -4 address show scope global');
  const links = JSON.parse(printed) as {
    ifname: string;
    addr_info: { local: string; prefixlen: number }[];
  }[];
  return links.flatMap(({ ifname, addr_info }) =>
    addr_info.map(({ local, prefixlen }) => ({
      name: ifname,
      covers: (address: string) => networkOf(address, prefixlen) === networkOf(local, prefixlen),
    })),
  );
}

const networkOf = (address: string, bits: number): number =>
  Math.floor(
    address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0) / 2 ** (32 - bits), // without the part of the host
  );

/** The ends of a connection in a direction. */
export async function endsOf(
  lab: LabAccess,
  direction: Direction,
): Promise<{ container: string; address: string }> {
  const container = await controlPlaneOf(lab, direction.from);
  const target = await controlPlaneOf(lab, direction.to);
  const address = (await attachmentsOf(lab, target))[0]?.address ?? '';
  return { container, address };
}
