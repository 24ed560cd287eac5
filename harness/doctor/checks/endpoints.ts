import type { IstiodRecord, PodRecord, ServiceRecord } from '../../snapshot/schema.ts';
import type { Check, Sighting } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import { isHeld, podHasAddress } from '../facts/pod-addresses.ts';
import { clusterSetDomain } from '../dns-domain.ts';
import type { MeshView } from '../mesh-view.ts';
import { perCluster, perPrimary } from '../per-cluster.ts';
import { isChanging, isSettled } from '../recent-changes.ts';
import { isStarting } from '../facts/settling.ts';
import { restartIstiod } from '../remedies.ts';
import { hiddenNamespaces } from '../selectors.ts';
import { fromReadable, separately } from '../unread.ts';
import { firstFew } from '../format-values.ts';

const reference = 'https://istio.io/latest/docs/ops/diagnostic-tools/multicluster/#step-by-step-diagnosis';

type Held = ReadonlyMap<string, readonly string[]>;

/** The addresses that one istiod holds, by cluster and `namespace/service`. Not cached: a large mesh has many. */
function heldBy({ shards = [] }: IstiodRecord): (cluster: string) => Held {
  const held = new Map<string, Map<string, readonly string[]>>();
  for (const { host, namespace, cluster, provider, addresses } of shards) {
    if (provider !== 'Kubernetes' || host.endsWith(clusterSetDomain)) continue;
    let own = held.get(cluster);
    if (!own) held.set(cluster, (own = new Map<string, readonly string[]>()));
    own.set(`${namespace}/${host.split('.', 1)[0]}`, addresses);
  }
  return (cluster) => held.get(cluster) ?? new Map<string, string[]>();
}

/** A service for which an istiod lacks endpoints. */
interface Short {
  key: string;
  lacking: number;
  of: number;
}

/**
 * The services of a cluster for which an istiod lacks endpoints, and the number of services that were compared. If a limit cut the
 * endpoints of the istiod, a service without any endpoints is not compared.
 */
function shortOf(
  view: MeshView,
  cluster: ClusterView,
  known: Held,
  isCut: boolean,
  hidden: ReadonlySet<string>,
): { short: Short[]; services: number } {
  const short: Short[] = [];
  let services = 0;
  for (const key of (isCut ? known : cluster.services).keys()) {
    const service = cluster.services.get(key);
    const pods = service && !hidden.has(service.namespace) ? settledPods(view, cluster, service) : [];
    const lacking = lackingOf(pods, known.get(key) ?? []);
    // Pods are listed before istiods are read, so a pod may have ended in between.
    if (!service || pods.length === 0 || (lacking > 0 && isChanging(view, cluster, service))) continue;
    services++;
    if (lacking > 0) short.push({ key, lacking, of: pods.length });
  }
  return { short, services };
}

/** The number of pods that are not among the held addresses. */
function lackingOf(pods: readonly PodRecord[], held: readonly string[]): number {
  const index = held.length > 8 ? new Set(held) : undefined;
  return pods.filter((pod) => !isHeld(pod, held, index)).length;
}

/** The pods with a sidecar that every istiod should know by now. */
function settledPods(view: MeshView, cluster: ClusterView, service: ServiceRecord): PodRecord[] {
  // istiod does not have endpoints for a Service without ports.
  if (service.ports.length === 0) return [];
  return cluster.podsOf(service).filter((pod) => pod.sidecar && isSettled(view, pod));
}

const absent: Check = {
  code: 'MP2204',
  title: 'An istiod lacks endpoints of a cluster',
  severity: 'error',
  explanation:
    'Pods that have been ready for a minute are missing in the endpoints of istiod, so its proxies do not call them. Usually istiod does not read the cluster, or discovery selectors hide the namespace. If istiod started in the last minute, the finding is an info: it may still read the cluster.',
  remedy:
    'istioctl --context <cluster> proxy-config endpoints <client pod>.<its namespace> | grep <service>\nkubectl --context <cluster> -n istio-system logs deploy/istiod | grep -i <peer>',
  reference,
  needs: ['istiods', 'services', 'pods', 'workloads', 'installs', 'namespaces'],
  run: perPrimary(function* (reader, view) {
    for (const istiod of reader.seen('istiods').filter(({ shards }) => shards)) {
      const [held, isCut] = [heldBy(istiod), reader.isCut(istiod)];
      yield* separately(view.clusters, function* (read) {
        read.whole('installs'); // without them, pods of another mesh cannot be left out
        // Another check reports the namespaces of other clusters that selectors hide.
        const hidden = read === reader ? noNamespaces : hiddenNamespaces(reader, read);
        const { short, services } = shortOf(view, read, held(read.name), isCut, hidden);
        if (short.length > 0)
          yield {
            ...lacksEndpoints(reader, read, istiod, short, services),
            ...(isStarting(view, reader, istiod) ? { severity: 'info' } : {}),
          };
      });
    }
  }),
};

const noNamespaces: ReadonlySet<string> = new Set();

function lacksEndpoints(
  reader: ClusterView,
  read: ClusterView,
  istiod: IstiodRecord,
  short: readonly Short[],
  services: number,
): Sighting {
  return {
    cluster: reader.name,
    ...(read === reader ? {} : { peer: read.name }),
    object: `Pod ${istiod.namespace}/${istiod.pod}`,
    subject: [...new Set(short.map(({ key }) => key.split('/', 1)[0] ?? ''))],
    evidence: [
      {
        what: `services of ${read.name} with all endpoints`,
        seen: services - short.length,
        expected: services,
      },
      ...short
        .slice(0, 3)
        .map(({ key, lacking, of }) => ({ what: `endpoints of ${key}`, seen: of - lacking, expected: of })),
    ],
    cause: `istiod ${istiod.pod} of ${reader.name} lacks endpoints of ${short.length} services of ${read.name}: ${firstFew(short.map(({ key }) => key))}.`,
  };
}

const stale: Check = {
  code: 'MP2203',
  title: 'An istiod holds endpoints that do not exist any more',
  severity: 'error',
  explanation:
    'istiod holds addresses of another cluster that the pods and the istiod of that cluster do not have. It does not get updates from that cluster. Its connection to the API server is cut, or its credential is not valid any more. Its proxies balance load over pods that do not exist.',
  remedy: `kubectl --context <cluster> -n istio-system logs deploy/istiod | grep -i -E "watch|reflector|unauthorized"\n${restartIstiod}`,
  reference: 'https://github.com/istio/istio/issues/60082',
  needs: ['istiods', 'pods', 'services', 'workloads', 'installs'],
  run: function* (view) {
    const living = fromReadable(view.clusters, (cluster) => {
      const exists = existsIn(cluster);
      return exists ? [{ cluster, exists }] : [];
    });
    yield* separately(view.primaries, function* (reader) {
      for (const istiod of reader.seen('istiods')) {
        const held = heldBy(istiod);
        yield* separately(living, function* ({ cluster, exists }) {
          if (cluster === reader) return;
          const gone = [...held(cluster.name)].flatMap(([key, addresses]) => {
            const stale = addresses.filter((one) => !exists(key, one));
            // The endpoints of a Service without a selector are written by hand and do not need a pod.
            if (stale.length === 0) return [];
            const service = cluster.service(key);
            const selecting = Object.keys(service?.selector ?? {}).length > 0;
            if (service && !selecting) return [];
            // Pods and istiods are read at different times, so they may differ while pods change.
            return service && isChanging(view, cluster, service) ? [] : [{ key, stale }];
          });
          if (gone.length > 0) yield holdsStale(reader, cluster.name, istiod, gone);
        });
      }
    });
  },
};

/**
 * Whether an address of a service exists in a cluster: a pod has it, or the istiod of the cluster holds it. If a limit cut the endpoints
 * of that istiod, an unknown address counts as existing. Undefined without an istiod. Throws NotRead.
 */
function existsIn(cluster: ClusterView): ((key: string, address: string) => boolean) | undefined {
  const own = cluster.istiods.find(({ shards }) => shards) ?? cluster.istiods[0];
  if (!own) return undefined;
  cluster.page(own, 'shards');
  const [known, isCut] = [heldBy(own)(cluster.name), cluster.isCut(own)];
  const isOfPod = podHasAddress(cluster.whole('pods'));
  return (key, address) => isOfPod(address) || (known.get(key)?.includes(address) ?? isCut);
}

function holdsStale(
  reader: ClusterView,
  read: string,
  istiod: IstiodRecord,
  gone: readonly { key: string; stale: readonly string[] }[],
): Sighting {
  return {
    cluster: reader.name,
    peer: read,
    object: `Pod ${istiod.namespace}/${istiod.pod}`,
    evidence: [
      { what: 'services with endpoints that do not exist', seen: gone.length, expected: 0 },
      ...gone
        .slice(0, 3)
        .map(({ key, stale }) => ({ what: `addresses of ${key} without a pod`, seen: firstFew(stale) })),
    ],
    cause: `istiod ${istiod.pod} of ${reader.name} still holds endpoints of ${firstFew(gone.map(({ key }) => key))} in ${read} that do not exist any more.`,
  };
}

const unhealthyEverywhere: Check = {
  code: 'MP2209',
  title: 'All pods of a service are unready in one cluster',
  severity: 'warning',
  explanation:
    'A service has pods in the cluster, but they are all unready. Only other clusters can serve its callers, so its failover is already in use.',
  remedy:
    'kubectl --context <cluster> -n <namespace> get pods -o wide\nkubectl --context <cluster> -n <namespace> describe pod <pod>',
  reference:
    'https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/',
  needs: ['services', 'pods'],
  run: perCluster(function* (cluster, view) {
    for (const service of cluster.seen('services')) {
      const all = cluster.podsOf(service);
      if (all.some((pod) => pod.ready && isLasting(pod))) continue;
      const pods = all.filter(isLasting);
      // New pods may still become ready.
      if (pods.some((pod) => !(view.now - Date.parse(pod.createdAt) > 120_000))) continue;
      if (!pods.some(({ sidecar }) => sidecar)) continue;
      const waiting = pods.flatMap(({ containers }) => containers.flatMap((one) => one.waiting ?? []));
      yield {
        object: `Service ${keyOf(service)}`,
        subject: keyOf(service),
        evidence: [
          { what: 'pods that are ready', seen: 0, expected: pods.length },
          ...(waiting[0] === undefined ? [] : [{ what: 'a container waits', seen: waiting[0] }]),
        ],
        cause: `0 of the ${pods.length} pods of ${keyOf(service)} in ${cluster.name} are ready.`,
      };
    }
  }),
};

/** A pod that neither ended nor is being deleted. */
const isLasting = ({ phase, deletingSince }: PodRecord): boolean =>
  phase !== 'Succeeded' && deletingSince === undefined;

export const endpointChecks = [absent, stale, unhealthyEverywhere];
