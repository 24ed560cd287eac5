import type { PodRecord, ServiceRecord } from '../../snapshot/schema.ts';
import type { Check, Sighting } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import { domainOf } from '../dns-domain.ts';
import { callersOf, callingClusters, capturesDns } from '../facts/callers.ts';
import { scopeOf } from '../facts/service-scope.ts';
import { firstFew } from '../format-values.ts';
import type { MeshView } from '../mesh-view.ts';
import { separately } from '../unread.ts';

const headlessElsewhere: Check = {
  code: 'MP6211',
  title: 'A headless Service does not have pods in the cluster of its callers',
  severity: 'error',
  explanation:
    'The name of a headless Service resolves to the pods of the same cluster, and with DNS capture to pods of the same network. Pods on another network are behind a gateway, which does not have an address for each pod. If only those exist, callers do not get an address. If another Service gives the same pods, the finding is an info.',
  remedy:
    'kubectl --context <peer> -n <namespace> get service <name> -o yaml   # create a Service with a cluster IP for the same pods in <cluster> and <peer>',
  reference:
    'https://istio.io/latest/docs/ops/configuration/traffic-management/traffic-routing/#headless-services',
  needs: ['services', 'pods', 'namespaces', 'resources', 'installs', 'istiods'],
  run: function* (view) {
    const domain = domainOf(view);
    yield* separately(callingClusters(view), function* ({ cluster, plane }) {
      const headless = cluster.seen('services').filter((one) => isOfCallers(plane, one));
      const scope = headless.length > 0 ? scopeOf(view, plane) : () => undefined;
      yield* separately(headless, function* (service) {
        if (cluster.podsOf(service).length > 0) return;
        const fqdn = `${service.name}.${service.namespace}.svc.${domain}`;
        const callers = callersOf(view, cluster, {
          namespace: service.namespace,
          fqdn,
          in: [{ cluster, service }],
        });
        const holders = holdersOf(view, cluster, service).filter(
          (one) => scope(fqdn, one.name) === undefined,
        );
        const resolving = callers.every((pod) => capturesDns(plane, pod)) ? cluster : undefined;
        const isReached = holders.some((one) => resolving && isSameNetwork(view, one, resolving));
        const [first] = holders;
        if (first && callers.length > 0 && !isReached) yield sightingOf(cluster, first, service, callers);
      });
    });
  },
};

/** Whether a Service is headless, with a selector, and not part of the control plane. */
const isOfCallers = (plane: ClusterView, { headless, selector, namespace }: ServiceRecord): boolean =>
  headless &&
  Object.keys(selector).length > 0 &&
  namespace !== 'kube-system' &&
  namespace !== plane.systemNamespace;

/** The other clusters with ready pods of a Service. Throws NotRead. */
const holdersOf = (view: MeshView, cluster: ClusterView, service: ServiceRecord): ClusterView[] =>
  view.everyCluster().filter((one) => {
    const same = one === cluster ? undefined : one.service(keyOf(service));
    return same !== undefined && one.podsOf(same).some(({ ready }) => ready);
  });

const isSameNetwork = (view: MeshView, a: ClusterView, b: ClusterView): boolean =>
  view.declaredNetwork(a.name) === view.declaredNetwork(b.name);

/** The Services with an address that give the same pods, and that callers know. Throws NotRead. */
function substitutesOf(cluster: ClusterView, holder: ClusterView, service: ServiceRecord): string[] {
  const same = holder.service(keyOf(service));
  const pods = new Set(same ? holder.podsOf(same) : []);
  return holder
    .seen('services')
    .filter((one) => one.namespace === service.namespace && !one.headless && one.type !== 'ExternalName')
    .filter((one) => holder.podsOf(one).some((pod) => pods.has(pod)))
    .map(keyOf)
    .filter((key) => cluster.service(key)?.headless === false);
}

function sightingOf(
  cluster: ClusterView,
  holder: ClusterView,
  service: ServiceRecord,
  callers: readonly PodRecord[],
): Sighting {
  const key = keyOf(service);
  const substitutes = substitutesOf(cluster, holder, service);
  return {
    ...(substitutes.length > 0 ? { severity: 'info' } : {}),
    cluster: cluster.name,
    peer: holder.name,
    object: `Service ${key}`,
    subject: key,
    evidence: [
      { what: `pods of ${key} in ${cluster.name}`, seen: 0, expected: 1 },
      { what: 'callers', seen: firstFew(callers.map(({ name }) => name)) },
      {
        what: 'Services with an address for the same pods',
        seen: firstFew(substitutes) || 'none',
      },
    ],
    cause: `Callers in ${cluster.name} do not get an address for the headless Service ${key}, because its pods are only in ${holder.name}.`,
  };
}

export const headlessServiceChecks = [headlessElsewhere];
