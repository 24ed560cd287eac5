import { isIP } from 'node:net';
import type { MeshFile } from '../config/mesh-file.ts';
import type { Endpoint } from './proxy.ts';

/** The endpoints that a client proxy of one cluster should have for one service. */
export interface ExpectedEndpoints {
  /** Pods that it reaches directly: those in its own network. */
  direct: number;
  /** One for each cluster on another network with pods: its east-west gateway, weighing as many as its pods. */
  gateways: { cluster: string; address: string; port: number; pods: number }[];
}

/**
 * What istiod should tell a proxy in `cluster` about `service`: endpoints of its own network as they are, those of
 * another network as that network's gateway, weighing as many as it stands for
 * (https://istio.io/latest/docs/ops/deployment/deployment-models/#multiple-networks).
 *
 * @throws Error when the mesh file has no such cluster or service, or pods behind a network without a gateway.
 */
export function expectedEndpoints(file: MeshFile, cluster: string, service: string): ExpectedEndpoints {
  const own = file.clusters.find((one) => one.name === cluster);
  const pods = file.services.find((one) => one.name === service)?.pods;
  if (!own || !pods)
    throw new Error(`The mesh file has no ${own ? `service ${service}` : `cluster ${cluster}`}.`);
  const expected: ExpectedEndpoints = { direct: 0, gateways: [] };
  for (const other of file.clusters) {
    const count = pods[other.name] ?? 0;
    if (count === 0) continue;
    if (other.network === own.network) {
      expected.direct += count;
      continue;
    }
    if (!other.eastWestGateway)
      throw new Error(
        `The mesh file gives no eastWestGateway for ${other.name}, which has pods of ${service}.`,
      );
    const { address, port } = other.eastWestGateway;
    expected.gateways.push({ cluster: other.name, address, port, pods: count });
  }
  return expected;
}

/**
 * In words, how the endpoints of a proxy differ from the expected endpoints; undefined if they do not. Weights are
 * compared as ratios, because istiod multiplies all by a common factor if a network has several gateways. A gateway that
 * the mesh file knows by a host name is found by its port. Several such gateways on one port are compared together.
 */
export function missingEndpoints(expected: ExpectedEndpoints, seen: readonly Endpoint[]): string | undefined {
  const left = new Set(seen);
  const behind = groupsOf(expected.gateways).map((gateways) => {
    const mine = [...left].filter((one) =>
      gateways.some(
        ({ address, port }) => one.port === port && (isIP(address) === 0 || one.address === address),
      ),
    );
    for (const one of mine) left.delete(one);
    const pods = gateways.reduce((sum, one) => sum + one.pods, 0);
    const weight = mine.reduce((sum, one) => sum + one.weight, 0);
    return { pods, weight, isMissing: new Set(mine.map(({ address }) => address)).size < gateways.length };
  });
  const direct = [...left];
  const same =
    direct.length === expected.direct &&
    !behind.some(({ isMissing }) => isMissing) &&
    !seen.some((one) => !one.healthy) &&
    weightsAgree(expected.direct, direct, behind);
  return same ? undefined : `expected ${wordExpected(expected)}; its proxy has ${wordSeen(seen)}`;
}

type Gateways = ExpectedEndpoints['gateways'];

/** Each gateway with an address by itself, then the gateways with a host name by their port. */
function groupsOf(gateways: Gateways): Gateways[] {
  const byAddress = gateways.filter(({ address }) => isIP(address) !== 0);
  const byName = gateways.filter(({ address }) => isIP(address) === 0);
  return [...byAddress.map((one) => [one]), ...Map.groupBy(byName, ({ port }) => port).values()];
}

function weightsAgree(
  pods: number,
  direct: readonly Endpoint[],
  gateways: readonly { pods: number; weight: number }[],
): boolean {
  const weightOfDirect = direct.reduce((sum, one) => sum + one.weight, 0);
  const shares = [{ pods, weight: weightOfDirect }, ...gateways].filter((one) => one.pods > 0);
  const first = shares[0];
  return !first || shares.every((one) => one.weight * first.pods === first.weight * one.pods);
}

function wordExpected(expected: ExpectedEndpoints): string {
  const gateways = expected.gateways.map(
    (one) => `${one.address}:${one.port} weighing ${one.pods} (${one.cluster})`,
  );
  return [`${expected.direct} pods`, ...gateways].join(' + ');
}

function wordSeen(seen: readonly Endpoint[]): string {
  const words = seen.map((one) => {
    const state = one.ejected ? ' ejected' : one.healthy ? '' : ' unhealthy';
    return `${one.address}:${one.port} weighing ${one.weight}${state}`;
  });
  return words.join(', ') || 'none';
}
