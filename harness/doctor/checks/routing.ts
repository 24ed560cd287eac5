import type { Check } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import { destinationRules, serviceOfHost } from '../destination-rules.ts';
import { differenceCheck } from '../differences.ts';
import { meshServices } from '../mesh-services.ts';
import { perCluster, perPrimary } from '../per-cluster.ts';
import { selects } from '../pod-index.ts';
import { tables, table, text, texts } from '../spec-reader.ts';
import { anyOf, fromReadable } from '../unread.ts';
import { firstFew } from '../format-values.ts';

const emptySubset: Check = {
  code: 'MP6301',
  title: 'A subset does not select a pod in any cluster',
  severity: 'warning',
  explanation:
    'The labels of a subset of a DestinationRule do not match a pod of the service in any cluster. Calls to the subset fail with 503.',
  remedy: 'kubectl --context <cluster> -n <namespace> get pods -l <selector of the Service> --show-labels',
  reference: 'https://istio.io/latest/docs/reference/config/networking/destination-rule/#Subset',
  needs: ['resources', 'services', 'pods'],
  isLeftover: true,
  run: perCluster(function* (cluster, view) {
    for (const rule of destinationRules(cluster)) {
      const key = serviceOfHost(rule.host);
      const services = view.everyCluster().flatMap((one) => {
        const service = key === undefined ? undefined : one.service(key);
        return service ? [one.podsOf(service)] : [];
      });
      const pods = services.flat();
      const empty = rule.subsets.filter((subset) => !pods.some((pod) => selects(subset.labels, pod.labels)));
      // If the service does not have pods at all, the subset is not the reason.
      if (pods.length === 0 || empty.length === 0) continue;
      yield {
        object: `DestinationRule ${keyOf(rule)}`,
        subject: keyOf(rule),
        evidence: [{ what: `pods with ${JSON.stringify(empty[0]?.labels)}`, seen: 0, expected: 1 }],
        cause: `The subsets ${firstFew(empty.map(({ name }) => name))} of ${keyOf(rule)} in ${cluster.name} do not select a pod in any cluster.`,
      };
    }
  }),
};

/** The destination hosts of a VirtualService, with short names completed. */
function destinationsOf(namespace: string, spec: Readonly<Record<string, unknown>>): string[] {
  const routes = ['http', 'tls', 'tcp']
    .flatMap((kind) => tables(spec[kind]))
    .flatMap((rule) => tables(rule['route']));
  const hosts = routes.flatMap((route) => text(table(route['destination'])['host']) ?? []);
  return [
    ...new Set(hosts.map((host) => (host.includes('.') ? host : `${host}.${namespace}.svc.cluster.local`))),
  ];
}

/** The hosts of ServiceEntries, which may have wildcards. */
const entriesOf = (cluster: ClusterView): string[] =>
  cluster.resources('ServiceEntry').flatMap(({ spec }) => texts(spec['hosts']));

const noDestination: Check = {
  code: 'MP6302',
  title: 'A VirtualService routes to a Service that does not exist',
  severity: 'warning',
  explanation:
    'A route names a host of the mesh that is not a Service or a ServiceEntry in any cluster. Calls on this route fail with 503.',
  remedy: 'kubectl --context <cluster> -n <namespace> edit virtualservice <name>   # destination.host',
  reference: 'https://istio.io/latest/docs/reference/config/networking/virtual-service/#Destination',
  needs: ['resources', 'services'],
  isLeftover: true,
  run: perCluster(function* (cluster, view) {
    for (const { namespace, name, spec } of cluster.resources('VirtualService')) {
      const nowhere = destinationsOf(namespace, spec).filter((host) => {
        const key = serviceOfHost(host);
        return (
          key !== undefined &&
          !anyOf(view.clusterNames, (one) => view.answered(one).service(key) !== undefined) &&
          !entriesOf(cluster).includes(host)
        );
      });
      if (nowhere.length > 0)
        yield {
          object: `VirtualService ${namespace}/${name}`,
          subject: `${namespace}/${name}`,
          evidence: [{ what: 'destinations that do not exist', seen: nowhere.length, expected: 0 }],
          cause: `VirtualService ${namespace}/${name} of ${cluster.name} routes to ${firstFew(nowhere)}, which does not exist in any cluster.`,
        };
    }
  }),
};

const routesDiffer = differenceCheck(
  'VirtualService',
  {
    code: 'MP6303',
    title: 'A VirtualService is not the same in all clusters',
    explanation:
      'Each istiod uses the VirtualServices of its own cluster. If one for calls inside the mesh is missing or different, callers in that cluster get other routes, retries and timeouts.',
    reference: 'https://istio.io/latest/docs/ops/deployment/deployment-models/#control-plane-models',
  },
  // A VirtualService for ingress gateways only belongs to the cluster of the gateways.
  ({ spec }) => {
    const gateways = texts(spec['gateways']);
    return gateways.length === 0 || gateways.includes('mesh');
  },
);

const sidecarsDiffer = differenceCheck('Sidecar', {
  code: 'MP6304',
  title: 'A Sidecar is not the same in all clusters',
  explanation:
    'A Sidecar resource limits the services that a workload knows. If it is missing or different in one cluster, the same workload reaches other services there.',
  reference: 'https://istio.io/latest/docs/reference/config/networking/sidecar/',
});

const serviceEntriesDiffer = differenceCheck('ServiceEntry', {
  code: 'MP6306',
  title: 'A ServiceEntry is not the same in all clusters',
  explanation:
    'A ServiceEntry adds hosts outside the mesh to the services that workloads know. If it is missing or different in one cluster, the same workload reaches other hosts there.',
  reference: 'https://istio.io/latest/docs/reference/config/networking/service-entry/',
});

const keptLocal: Check = {
  code: 'MP6305',
  title: 'Calls to a service with pods in several clusters stay in one cluster',
  severity: 'warning',
  explanation:
    'serviceSettings with clusterLocal keep calls to a service inside the cluster of the caller. If only some clusters set it, callers in the others still use all pods. If all set it, a cluster cannot serve the callers of another.',
  remedy: 'kubectl --context <cluster> -n <namespace> edit configmap <name>   # serviceSettings',
  reference:
    'https://istio.io/latest/docs/ops/configuration/traffic-management/multicluster/#keeping-traffic-in-cluster',
  needs: ['installs', 'services', 'pods'],
  run: perPrimary(function* (cluster, view) {
    const hosts = cluster.settings?.clusterLocalHosts ?? [];
    if (hosts.length === 0) return;
    const local = meshServices(view).filter(
      ({ fqdn, meshed, namespace }) =>
        namespace !== 'kube-system' &&
        meshed.length > 1 &&
        hosts.some((host) => host === fqdn || (host.startsWith('*.') && fqdn.endsWith(host.slice(1)))),
    );
    if (local.length === 0) return;
    const others = fromReadable(view.primaries, (one) =>
      one !== cluster && local.some(({ fqdn }) => !(one.settings?.clusterLocalHosts ?? []).includes(fqdn))
        ? [one]
        : [],
    );
    yield {
      severity: others.length > 0 ? 'warning' : 'info',
      object: `ConfigMap ${cluster.systemNamespace}/istio`,
      evidence: [
        { what: 'services that are kept inside', seen: firstFew(local.map(({ key }) => key)) },
        { what: 'clusters that do not keep them', seen: others.length, expected: 0 },
      ],
      cause: `${cluster.name} keeps calls to ${firstFew(local.map(({ key }) => key))} inside the cluster, although other clusters have pods of it.`,
    };
  }),
};

export const routingChecks = [
  emptySubset,
  noDestination,
  routesDiffer,
  sidecarsDiffer,
  serviceEntriesDiffer,
  keptLocal,
];
