import type { PodRecord, ShardRecord } from '../../snapshot/schema.ts';
import type { Check, Sighting } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import { clusterNamed, inAnyRange } from '../facts/networks.ts';
import { addressesOf } from '../facts/pod-addresses.ts';
import { firstFew } from '../format-values.ts';
import { keptFor } from '../kept.ts';
import type { MeshView } from '../mesh-view.ts';
import { isSettled } from '../recent-changes.ts';
import { fromReadable, separately } from '../unread.ts';

const reference = 'https://istio.io/latest/docs/ops/deployment/deployment-models/#single-network';

/** Judges every cluster with the clusters on its network: proxies call their pods directly, without a gateway. */
const perNeighbour = (
  judge: (callers: Callers, neighbour: ClusterView, view: MeshView) => Iterable<Sighting>,
): Check['run'] =>
  function* (view) {
    yield* separately(view.dataPlanes, function* (cluster) {
      const network = view.declaredNetwork(cluster.name);
      const neighbours = view.dataPlanes.filter(
        (one) => one !== cluster && view.declaredNetwork(one.name) === network,
      );
      if (neighbours.length === 0) return;
      const callers = callersIn(view, cluster);
      yield* separately(neighbours, function* (neighbour) {
        for (const sighting of judge(callers, neighbour, view))
          yield { cluster: cluster.name, peer: neighbour.name, ...sighting };
      });
    });
  };

/** The sidecars of a cluster, and the endpoints that istiod has for them. */
interface Callers {
  cluster: ClusterView;
  /** The pods of the cluster with an address of their own, by address. */
  own: ReadonlyMap<string, PodRecord>;
  /** By cluster: the endpoints that istiod read there, of hosts that the sidecars hold. */
  shards: ReadonlyMap<string, ShardRecord[]>;
  /** By host: the addresses in the cluster itself. */
  local: ReadonlyMap<string, ReadonlySet<string>>;
  /** By host: the endpoints in the sidecars of the cluster, by address. */
  held: ReadonlyMap<string, ReadonlyMap<string, HeldEndpoint>>;
}

/** An address of a service, in the sidecars of a cluster. */
interface HeldEndpoint {
  ejectedBy: number;
  heldBy: number;
}

function callersIn(view: MeshView, cluster: ClusterView): Callers {
  const readers = fromReadable([cluster], (one) => (one.hasIstiod ? [one] : []));
  const istiods = (readers.length > 0 ? readers : view.primaries).flatMap((one) => one.seen('istiods'));
  const held = heldBySidecars(cluster);
  const all = istiods.find((one) => one.shards !== undefined)?.shards ?? [];
  const shards = Map.groupBy(
    all.filter(({ host }) => held.has(host)),
    (one) => clusterNamed(view, one.cluster),
  );
  const local = new Map(
    shards.get(cluster.name)?.map(({ host, addresses }) => [host, new Set(addresses)] as const),
  );
  return { cluster, own: settledPods(view, cluster), shards, local, held };
}

/** The pods that have been ready for a minute, by address. Pods with hostNetwork have the address of their node. */
const settledPods = keptFor(
  (_view: MeshView, cluster: ClusterView) => cluster.whole('pods'),
  (view, cluster): ReadonlyMap<string, PodRecord> =>
    new Map(
      cluster
        .whole('pods')
        .filter((pod) => !pod.hostNetwork && isSettled(view, pod))
        .flatMap((pod) => addressesOf(pod).map((address) => [address, pod] as const)),
    ),
);

const heldBySidecars = keptFor((cluster: ClusterView) => cluster.seen('proxies'), findHeld);

function findHeld(cluster: ClusterView): ReadonlyMap<string, ReadonlyMap<string, HeldEndpoint>> {
  const held = new Map<string, Map<string, HeldEndpoint>>();
  for (const { type, upstreams } of cluster.seen('proxies'))
    for (const { host, endpoints } of type === 'sidecar' ? upstreams : [])
      for (const { address, ejected } of endpoints) {
        let ofHost = held.get(host);
        if (!ofHost) held.set(host, (ofHost = new Map<string, HeldEndpoint>()));
        const { heldBy = 0, ejectedBy = 0 } = ofHost.get(address) ?? {};
        ofHost.set(address, { heldBy: heldBy + 1, ejectedBy: ejectedBy + (ejected ? 1 : 0) });
      }
  return held;
}

/** An endpoint of a neighbour that sidecars call, by the address of its pod. */
interface Called {
  host: string;
  address: string;
}

/** The endpoints of a neighbour that the sidecars of a cluster hold, and that are not endpoints of the same service in the cluster. */
function calledIn({ shards, local, held }: Callers, neighbour: ClusterView): Called[] {
  return (shards.get(neighbour.name) ?? []).flatMap(({ host, addresses }) =>
    addresses
      .filter((address) => held.get(host)?.has(address) && !local.get(host)?.has(address))
      .map((address) => ({ host, address })),
  );
}

const sameAddresses: Check = {
  code: 'MP3113',
  title: 'Pods of two clusters on one network have the same addresses',
  severity: 'error',
  explanation:
    'Clusters on one network call pods of each other directly, so an address must belong to one pod. A call to the address of a pod in the other cluster stays in the cluster of the caller and reaches another pod there, or nothing. Clusters that one tool created with its default ranges are not on one network.',
  remedy:
    '# Either give one cluster another pod range, or set up separate networks with an east-west gateway in each cluster:\nkubectl --context <cluster> label namespace <system namespace> topology.istio.io/network=<a network of its own>',
  reference,
  needs: ['pods', 'nodes', 'istiods', 'proxies', 'installs'],
  explains: { pair: ['MP3114'] },
  run: perNeighbour(function* (callers, neighbour, view) {
    const called = calledIn(callers, neighbour);
    if (called.length === 0) return;
    const { cluster, own } = callers;
    const theirs = settledPods(view, neighbour);
    const strangers = called.flatMap(({ host, address }) => {
      const [mine, their] = [own.get(address), theirs.get(address)];
      // The same name and address: one cluster that was read as two.
      return mine && (!their || keyOf(mine) !== keyOf(their)) ? [{ host, address, found: keyOf(mine) }] : [];
    });
    const ranges = strangers.length > 0 ? () => false : usedRanges(cluster, own);
    // A range overlaps as a whole, so a few addresses show it.
    const inRange = called.slice(0, mostInRanges).filter(({ address }) => ranges(address));
    const wrong = strangers.length > 0 ? strangers : inRange.map((one) => ({ ...one, found: 'a pod range' }));
    const first = wrong[0];
    if (!first) return;
    const hosts = [...new Set(wrong.map(({ host }) => host))];
    yield {
      object: `Service ${first.host}`,
      evidence: [
        {
          what: `endpoints in ${neighbour.name} whose address is in ${cluster.name} too`,
          seen: wrong.length,
          expected: 0,
        },
        {
          what: `${first.address} in ${cluster.name}`,
          seen: first.found,
          expected: `a pod of ${first.host}`,
        },
        { what: `services that callers in ${cluster.name} do not reach`, seen: firstFew(hosts) },
      ],
      cause: `${cluster.name} and ${neighbour.name} are on one network, but their pod addresses overlap: calls from ${cluster.name} to ${firstFew(hosts)} do not reach ${neighbour.name}.`,
      remedy: sameAddresses.remedy.replace('<system namespace>', cluster.systemNamespace),
    };
  }),
};

const mostInRanges = 200;

/** Whether an address is in a range of a node from which a pod of the node has its address. Throws NotRead. */
function usedRanges(cluster: ClusterView, own: ReadonlyMap<string, PodRecord>): (address: string) => boolean {
  const addresses = Map.groupBy(own.keys(), (address) => own.get(address)?.node ?? '');
  const used = cluster
    .whole('nodes')
    .flatMap(({ name, podCidrs = [] }) =>
      podCidrs.filter((range) => addresses.get(name)?.some(inAnyRange([range]))),
    );
  return inAnyRange(used);
}

const unreachable: Check = {
  code: 'MP3114',
  title: 'Proxies cannot use the pods of another cluster on their network',
  severity: 'error',
  explanation:
    'The clusters are on one network, so proxies call pods of the other cluster directly. Outlier detection ejected these pods in the cluster of the caller, but not in their own cluster. Usually a route or a firewall rule between the pod ranges is missing.',
  remedy:
    'kubectl --context <cluster> -n <namespace> exec deploy/<a client> -c istio-proxy -- bash -c "exec 3<>/dev/tcp/<address>/<port> && echo open"',
  reference,
  needs: ['pods', 'istiods', 'proxies', 'installs'],
  run: perNeighbour(function* (callers, neighbour, view) {
    const { cluster, own, held } = callers;
    const called = calledIn(callers, neighbour).filter(({ address }) => !own.has(address));
    const ejected = called.filter(({ host, address }) => (held.get(host)?.get(address)?.ejectedBy ?? 0) > 0);
    const first = ejected[0];
    if (!first) return;
    const theirs = settledPods(view, neighbour);
    const seenThere = heldBySidecars(neighbour);
    const healthyThere = ejected.filter(({ host, address }) => {
      const there = seenThere.get(host)?.get(address);
      return theirs.has(address) && there !== undefined && there.ejectedBy === 0;
    });
    // Ejected pods in the cluster of the caller, or in their own cluster, have a fault that does not come from the network.
    const ownEjected = [...own.keys()].some((address) =>
      [...held.values()].some((of) => (of.get(address)?.ejectedBy ?? 0) > 0),
    );
    if (ownEjected || healthyThere.length < ejected.length) return;
    const ofHost = Map.groupBy(called, ({ host }) => host);
    const lost = [...ofHost].filter(([host, all]) =>
      all.every(({ address }) => {
        const one = held.get(host)?.get(address);
        return one !== undefined && one.ejectedBy === one.heldBy;
      }),
    );
    yield {
      severity: lost.length > 0 ? 'error' : 'warning',
      object: `Service ${first.host}`,
      evidence: [
        {
          what: `endpoints in ${neighbour.name} that ${cluster.name} ejected`,
          seen: ejected.length,
          expected: 0,
        },
        { what: `the same endpoints that ${neighbour.name} ejected`, seen: 0 },
      ],
      cause: `Proxies of ${cluster.name} ejected ${ejected.length} endpoints of ${firstFew([...new Set(ejected.map(({ host }) => host))])} in ${neighbour.name}, which are healthy for callers there.`,
      remedy: unreachable.remedy.replace('<address>', first.address),
    };
  }),
};

export const flatNetworkChecks = [sameAddresses, unreachable];
