import type { Check, Sighting } from './check.ts';
import type { ClusterView } from './cluster-view.ts';
import { callerClusters } from './facts/cross-network-callers.ts';
import { networkGateways, readersWithout } from './facts/network-gateways.ts';
import type { Severity } from './finding.ts';
import { firstFew } from './format-values.ts';
import type { GatewayService } from './gateways.ts';
import type { MeshView } from './mesh-view.ts';
import { perDataPlane } from './per-cluster.ts';

/** The findings in other clusters about a gateway that cannot be called. */
export const cannotBeCalled = { target: ['MP3501', 'MP3401', 'MP3402'] };
/** The findings in other clusters about a gateway that only istiod does not know. */
export const networkUnknown = { target: ['MP3501'] };
/** The findings about a gateway that does not pass calls on. */
export const closed = { 'target and subject': ['MP3502', 'MP3402', 'MP3401'] };

export const gatewayNeeds = ['services', 'resources', 'istiods', 'pods', 'installs'] as const;

/** A cluster whose gateways are judged. */
export interface JudgedGateways {
  cluster: ClusterView;
  view: MeshView;
  network: string;
  gateways: readonly GatewayService[];
  /** Names of the primaries whose istiods do not get a gateway of the network: their proxies cannot call the cluster. */
  without: string[];
  /** Error if sidecars of other networks call services of the cluster, or else warning. */
  severity: Severity;
}

/** Judges every cluster of a mesh of several networks with its gateways. */
export const perGateways = (judge: (asked: JudgedGateways) => Iterable<Sighting>): Check['run'] =>
  perDataPlane(function* (cluster, view) {
    const network = view.declaredNetwork(cluster.name);
    if (!view.multiNetwork || network === undefined) return;
    const gateways = networkGateways(view, cluster);
    const without = readersWithout(view, cluster, network).map(({ name }) => name);
    const severity = callerClusters(view, cluster).length > 0 ? 'error' : 'warning';
    yield* judge({ cluster, view, network, gateways, without, severity });
  });

export const evidenceOf = ({ network, without }: JudgedGateways): Sighting['evidence'][number] => ({
  what: `clusters whose istiod does not get a gateway of ${network}`,
  seen: firstFew(without) || 'none',
  expected: 'none',
});

/** Such as "so west cannot call east", or that another gateway serves the network. */
export const effectOf = ({ cluster, network, without }: JudgedGateways): string =>
  without.length > 0
    ? `so ${firstFew(without)} cannot call ${cluster.name} through it`
    : `but other gateways serve ${network}`;

/** Reports each gateway that istiod does not use. A gateway beside others that serve the network is worth an info. */
export const perUnused = (
  isUnused: (gateway: GatewayService, asked: JudgedGateways) => boolean,
  describe: (
    gateway: GatewayService,
    cluster: ClusterView,
  ) => Pick<Sighting, 'evidence' | 'cause' | 'remedy'>,
): Check['run'] =>
  perGateways(function* (asked) {
    for (const gateway of asked.gateways) {
      if (gateway.network !== asked.network || !isUnused(gateway, asked)) continue;
      const { evidence, cause, ...rest } = describe(gateway, asked.cluster);
      yield {
        severity: asked.without.length > 0 ? asked.severity : 'info',
        object: `Service ${gateway.key}`,
        subject: gateway.key,
        evidence: [...evidence, evidenceOf(asked)],
        cause: `${cause}, ${effectOf(asked)}.`,
        ...rest,
      };
    }
  });
