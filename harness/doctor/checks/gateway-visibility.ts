import type { Check } from '../check.ts';
import type { ClusterView } from '../cluster-view.ts';
import { callersOf, callingClusters } from '../facts/callers.ts';
import { areApart } from '../facts/networks.ts';
import { defaultExports, isExportedTo, scopeOf } from '../facts/service-scope.ts';
import { firstFew } from '../format-values.ts';
import { callsThrough, eastWestGateways } from '../gateways.ts';
import { servicesMeshedIn, type MeshService } from '../mesh-services.ts';
import type { MeshView } from '../mesh-view.ts';
import { separately } from '../unread.ts';

const hiddenFromGateway: Check = {
  code: 'MP3610',
  title: 'exportTo hides a Service from the east-west gateway of its cluster',
  severity: 'error',
  explanation:
    'A gateway routes only to Services that are exported to its own namespace. If exportTo leaves that namespace out, the gateway closes calls from other networks, while proxies there have it as an endpoint. Calls fail, all or in part.',
  remedy:
    'kubectl --context <cluster> -n <namespace> annotate service <name> --overwrite networking.istio.io/exportTo=.,<namespace of the gateway>',
  reference: 'https://istio.io/latest/docs/reference/config/annotations/#NetworkingExportTo',
  needs: ['services', 'pods', 'namespaces', 'resources', 'installs', 'istiods', 'proxies'],
  explains: { 'target and subject': ['MP3402'] },
  run: function* (view) {
    if (!view.multiNetwork) return;
    yield* separately(callingClusters(view), function* ({ cluster, plane }) {
      const namespaces = [
        ...new Set(eastWestGateways(cluster).flatMap(({ pods }) => pods.map((pod) => pod.namespace))),
      ];
      if (namespaces.length === 0) return;
      const byDefault = defaultExports(plane);
      const hidden = servicesMeshedIn(view, cluster).filter(({ in: all }) => {
        const governing = all.find((one) => one.cluster === plane) ?? all[0];
        return (
          governing !== undefined &&
          !namespaces.some((one) => isExportedTo(plane, governing.service, one, byDefault))
        );
      });
      yield* separately(hidden, function* (service) {
        const callers = callersElsewhere(view, cluster, service);
        const [first] = callers;
        if (!first || isRouted(cluster, namespaces, service)) return;
        yield {
          cluster: cluster.name,
          peer: first.cluster.name,
          object: `Service ${service.key}`,
          subject: service.key,
          covers: [callsThrough('*', service.key)],
          evidence: [
            { what: 'namespaces of the gateway to which it is exported', seen: 0, expected: 1 },
            { what: `callers in ${first.cluster.name}`, seen: firstFew(first.pods) },
          ],
          cause: `exportTo hides ${service.key} of ${cluster.name} from the gateway in ${firstFew(namespaces)}, so calls from ${firstFew(callers.map((one) => one.cluster.name))} to its pods there fail.`,
          remedy: `kubectl --context <cluster> -n <namespace> annotate service <name> --overwrite networking.istio.io/exportTo=.,${namespaces.join(',')}`,
        };
      });
    });
  },
};

/** The clusters on other networks with callers of a service, and the names of their pods. Throws NotRead. */
const callersElsewhere = (
  view: MeshView,
  target: ClusterView,
  service: MeshService,
): { cluster: ClusterView; pods: string[] }[] =>
  callingClusters(view).flatMap(({ cluster, plane }) => {
    if (!areApart(view, cluster, target) || cluster.service(service.key) === undefined) return [];
    if (scopeOf(view, plane)(service.fqdn, target.name) !== undefined) return [];
    const pods = callersOf(view, cluster, service).map(({ name }) => name);
    return pods.length > 0 ? [{ cluster, pods }] : [];
  });

/** Whether a gateway of a cluster has a route to a service, whatever the annotation says. */
const isRouted = (cluster: ClusterView, namespaces: readonly string[], { fqdn }: MeshService): boolean =>
  cluster
    .seen('proxies')
    .some(
      ({ type, namespace, upstreams }) =>
        type === 'gateway' &&
        namespaces.includes(namespace) &&
        upstreams.some(({ name, host }) => name.startsWith('outbound_.') && host === fqdn),
    );

export const gatewayVisibilityChecks = [hiddenFromGateway];
