import { quoted, type FieldPath, type Problem } from './invalid-file.ts';
import { nearest } from './nearest.ts';
import { cidrOf, overlap, subnetOf } from './subnet.ts';
import type { Topology } from './topology.ts';

/** Pod and service ranges of every cluster of a lab: a network's subnet must be apart from them. */
export const clusterRanges = { pods: '10.244.0.0/16', services: '10.96.0.0/16' } as const;

/** 14 addresses: a node, a link and Docker's gateway need three, and a cluster may have ten nodes. */
const longestPrefix = 28;

/** The problems between the fields of a topology, each of which is well-formed by itself. */
export function checkTopology(topology: Topology): Problem[] {
  return [
    ...namesTwice(topology.clusters, ['clusters'], 'name'),
    ...namesTwice(topology.networks, ['networks'], 'name'),
    ...namesTwice(topology.workloads, ['workloads'], 'service'),
    ...checkTrust(topology),
    ...checkClusters(topology),
    ...checkSubnets(topology),
    ...checkLink(topology),
    ...checkWorkloads(topology),
  ];
}

/** Items of a list that have the same name as an earlier item. Items without the field are skipped. */
export function namesTwice<K extends string>(
  items: readonly { readonly [key in K]?: string | undefined }[],
  path: FieldPath,
  field: K,
): Problem[] {
  const seen = new Map<string, number>();
  return items.flatMap((item, i) => {
    const name = item[field];
    if (name === undefined) return [];
    const first = seen.get(name);
    if (first === undefined) {
      seen.set(name, i);
      return [];
    }
    const message = `${quoted(name)} is used twice; give each its own`;
    return [{ path: [...path, i, field], first: [...path, first, field], message }];
  });
}

/** That a name is unknown, and the name that was meant or the first known names. */
export function unknownName(name: string, what: string, known: readonly string[]): () => string {
  return () => {
    const meant = nearest(name, known);
    const some = [...new Set(known)].slice(0, 20);
    const hint =
      meant === undefined ? `known are ${some.map(quoted).join(', ')}` : `did you mean ${quoted(meant)}?`;
    return `${what} ${quoted(name)} does not exist; ${hint}`;
  };
}

function checkTrust({ trust: { root, intermediate } }: Topology): Problem[] {
  if (intermediate.validDays < root.validDays) return [];
  const message =
    `${intermediate.validDays} days outlive the root's ${root.validDays}, which is signed first: ` +
    `give it fewer days than trust.root.validDays`;
  return [{ path: ['trust', 'intermediate', 'validDays'], message }];
}

function checkClusters({ clusters, networks }: Topology): Problem[] {
  const networkNames = networks.map(({ name }) => name);
  const problems = clusters.flatMap((cluster, i): Problem[] => {
    const at = (field: string) => ['clusters', i, field];
    const found: Problem[] = [];
    if (!networkNames.includes(cluster.network)) {
      found.push({ path: at('network'), message: unknownName(cluster.network, 'network', networkNames) });
    }
    if (cluster.role === 'external' && cluster.ingress) {
      found.push({
        path: at('ingress'),
        message: 'an external control plane runs no gateway: remove it or change the role',
      });
    }
    if (cluster.role === 'remote' && cluster.controlPlane === undefined) {
      const message = 'is missing: a remote cluster names the cluster whose istiod serves it';
      found.push({ path: at('controlPlane'), message });
    }
    if (cluster.role !== 'remote' && cluster.controlPlane !== undefined) {
      const message = `only a remote cluster has one, and this one is ${cluster.role}: remove it or set \`role: remote\``;
      found.push({ path: at('controlPlane'), message, atName: true });
    }
    if (cluster.role === 'remote' && cluster.controlPlane !== undefined) {
      found.push(...checkControlPlane(cluster.controlPlane, clusters, at('controlPlane')));
    }
    return found;
  });
  if (!clusters.some(({ ingress }) => ingress)) {
    problems.push({
      path: ['clusters'],
      message: 'none has an ingress gateway, so nothing could call in: set `ingress: true` on one',
    });
  }
  return problems;
}

function checkControlPlane(name: string, clusters: Topology['clusters'], path: FieldPath): Problem[] {
  const serving = clusters.filter(({ role }) => role !== 'remote').map((cluster) => cluster.name);
  const named = clusters.find((cluster) => cluster.name === name);
  if (named === undefined) return [{ path, message: unknownName(name, 'cluster', serving) }];
  if (named.role !== 'remote') return [];
  const advice =
    serving.length > 0
      ? `name ${serving.slice(0, 20).map(quoted).join(' or ')}`
      : 'make one cluster a primary';
  return [{ path, message: `${quoted(name)} is a remote cluster and has no istiod of its own; ${advice}` }];
}

function checkSubnets({ networks }: Topology): Problem[] {
  const taken = Object.entries(clusterRanges).map(([what, cidr]) => ({
    subnet: subnetOf(cidr),
    name: `the ${what} of every cluster (${cidr})`,
    path: undefined as FieldPath | undefined,
  }));
  return networks.flatMap(({ name, subnet: cidr }, i): Problem[] => {
    if (cidr === 'auto') return [];
    const path = ['networks', i, 'subnet'];
    const subnet = subnetOf(cidr);
    const found: Problem[] = [];
    if (subnet.hostBitsSet)
      found.push({
        path,
        message: `${quoted(cidr)} is an address in a subnet; the subnet is ${cidrOf(subnet)}`,
      });
    if (subnet.bits > longestPrefix) {
      found.push({
        path,
        message: `${quoted(cidr)} has too few addresses for nodes and link: /${longestPrefix} is the smallest`,
      });
    }
    const other = taken.find((one) => overlap(one.subnet, subnet));
    if (other) {
      found.push({
        path,
        message: `${quoted(cidr)} overlaps ${other.name}: choose another, or auto`,
        ...(other.path && { first: other.path }),
      });
    }
    taken.push({ subnet, name: `network ${quoted(name)} (${cidr})`, path });
    return found;
  });
}

function checkLink({ link, clusters }: Topology): Problem[] {
  const seen = new Map<number, number>();
  const problems = link.forwards.flatMap(({ port }, i): Problem[] => {
    const first = seen.get(port);
    seen.set(port, first ?? i);
    if (first === undefined) return [];
    return [
      {
        path: ['link', 'forwards', i, 'port'],
        first: ['link', 'forwards', first, 'port'],
        message: `${port} is forwarded twice; keep one`,
      },
    ];
  });
  if (new Set(clusters.map(({ network }) => network)).size < 2) return problems;
  for (const [purpose, port, use] of [
    ['data', 15443, 'no request could cross to another network'],
    ['discovery', 6443, 'no istiod could read the endpoints of another network'],
  ] as const) {
    if (link.forwards.some((forward) => forward.purpose === purpose)) continue;
    const message = `no port is for ${purpose}, so ${use}: add \`{ port: ${port}, purpose: ${purpose} }\``;
    problems.push({ path: ['link', 'forwards'], atName: true, message });
  }
  return problems;
}

function checkWorkloads({ workloads, clusters }: Topology): Problem[] {
  const names = clusters.map(({ name }) => name);
  return workloads.flatMap(({ pods }, i): Problem[] => {
    return Object.entries(pods).flatMap(([name, wanted]): Problem[] => {
      const path = ['workloads', i, 'pods', name];
      const cluster = clusters.find((one) => one.name === name);
      if (!cluster) return [{ path, atName: true, message: unknownName(name, 'cluster', names) }];
      if (cluster.role !== 'external' || wanted === 0) return [];
      return [
        { path, message: `${quoted(name)} runs a control plane only: move these pods to another cluster` },
      ];
    });
  });
}
